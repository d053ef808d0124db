import Foundation
import PluginAPI

/// Runs a program to its end, with a time limit, no input, and what it writes captured.
public enum ChildProcess {
  public enum Ending: Hashable, Sendable {
    case exited(Int32)
    case crashed(signal: Int32)
    /// It and all it had started were killed.
    case timedOut
  }

  public struct Result: Sendable {
    public var ending: Ending
    /// The last bytes of what it wrote; invalid UTF-8 is replaced.
    public var standardOutput: String
    public var standardError: String

    /// What it said last of all, on one line and without control characters: the line of a Swift trap, else the last three
    /// lines that are not empty.
    public var lastWords: String {
      let lines = standardError.split(whereSeparator: \.isNewline).map { line in
        String(String.UnicodeScalarView(line.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }).prefix(300))
      }.filter { !$0.isEmpty }
      if let trap = lines.last(where: { $0.contains("Fatal error") }) { return trap }
      return lines.suffix(3).joined(separator: " / ")
    }
  }

  /// - Parameters:
  ///   - program: A path; `PATH` is not searched.
  ///   - outputLimit: The most bytes kept of each stream, from its end.
  /// - Throws: ``BasinError`` `.internalError` where the program cannot be started.
  public static func run(
    _ program: String, _ arguments: [String], timeout: Duration, outputLimit: Int = 64 << 10
  ) throws -> Result {
    var output = try CapturedStream(limit: outputLimit)
    defer { output.close() }
    var errors = try CapturedStream(limit: outputLimit)
    defer { errors.close() }
    let child = try spawn(program, arguments, output: output.writeEnd, errors: errors.writeEnd)
    output.closeWriteEnd()
    errors.closeWriteEnd()

    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    var hasEnded = false
    while !hasEnded, clock.now < deadline {
      CapturedStream.wait(for: output, errors, milliseconds: 10)
      output.readAvailable()
      errors.readAvailable()
      hasEnded = Self.hasEnded(child)
    }
    // The child is not reaped yet, so its group's number cannot belong to anyone else. What it started goes with it.
    kill(-child, SIGKILL)
    kill(child, SIGKILL)
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    output.drain()
    errors.drain()
    return Result(
      ending: hasEnded ? ending(status) : .timedOut, standardOutput: output.text, standardError: errors.text)
  }

  private static func hasEnded(_ child: pid_t) -> Bool {
    var information = siginfo_t()
    guard waitid(P_PID, id_t(child), &information, WEXITED | WNOHANG | WNOWAIT) == 0 else { return errno != EINTR }
    return information.si_signo == SIGCHLD
  }

  private static func ending(_ status: Int32) -> Ending {
    let signal = status & 0x7F
    return signal == 0 ? .exited((status >> 8) & 0xFF) : .crashed(signal: signal)
  }

  private static func spawn(
    _ program: String, _ arguments: [String], output: Int32, errors: Int32
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that it can be killed with all it starts; no signal is ignored or blocked as it may be
    // here.
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    var strings: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    // A crash shall end as a signal, at once: the runtime's backtrace takes seconds and buries what was said before.
    let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for variable in variables { free(variable) } }
    var child: pid_t = 0
    let failure = posix_spawn(&child, program, &actions, &attributes, &strings, &variables)
    guard failure == 0 else {
      throw BasinError(
        .internalError, "cannot be started: \(String(cString: strerror(failure)))", file: program)
    }
    return child
  }
}

/// A pipe's two ends and the last bytes that came out of it.
private struct CapturedStream {
  let readEnd: Int32
  private(set) var writeEnd: Int32
  private let limit: Int
  private var bytes: [UInt8] = []
  private var hasEnded = false

  init(limit: Int) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw BasinError.internalError("no pipe could be made: \(String(cString: strerror(errno)))")
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
    self.limit = limit
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func closeWriteEnd() {
    if writeEnd >= 0 { Glibc.close(writeEnd) }
    writeEnd = -1
  }

  mutating func close() {
    closeWriteEnd()
    Glibc.close(readEnd)
  }

  /// Takes what is there; a writer that never stops is read for at most `limit` bytes a call.
  mutating func readAvailable() { read(atMost: limit) }

  /// Takes what a writer that is gone has left: no more than a pipe holds, for another process may have its end too.
  mutating func drain() { read(atMost: 1 << 20) }

  private mutating func read(atMost most: Int) {
    var buffer = [UInt8](repeating: 0, count: 8192)
    var total = 0
    while !hasEnded, total < most {
      let count = Glibc.read(readEnd, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count == 0 { hasEnded = true }
      guard count > 0 else { return }
      total += count
      bytes += buffer[..<count]
      if bytes.count > limit { bytes.removeFirst(bytes.count - limit) }
    }
  }

  /// Returns when one of them has something to read, or after that time.
  static func wait(for first: Self, _ second: Self, milliseconds: Int32) {
    // poll() passes over negative descriptors, so that an ended stream does not wake it at once, again and again.
    var descriptors = [first, second].map {
      pollfd(fd: $0.hasEnded ? -1 : $0.readEnd, events: Int16(POLLIN), revents: 0)
    }
    poll(&descriptors, nfds_t(descriptors.count), milliseconds)
  }
}
