import Foundation
import PluginAPI

/// Runs a program to its end, with a time limit, no input, and what it writes captured. It does not outlive this one where it is Basin itself
/// (`Lifeline`).
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
  ///   - environment: Added to this process's.
  ///   - heard: Given what it writes to its standard output, as soon as that is there.
  /// - Throws: ``BasinError`` `.internalError` where the program cannot be started; ``Interrupted`` after Ctrl-C, which ends it, in commands
  ///   that have asked for `Interruption`.
  public static func run(
    _ program: String, _ arguments: [String], timeout: Duration, outputLimit: Int = 64 << 10, environment: [String: String] = [:],
    heard: (([UInt8]) -> Void)? = nil
  ) throws -> Result {
    var output = try CapturedStream(limit: outputLimit, heard: heard)
    defer { output.close() }
    var errors = try CapturedStream(limit: outputLimit)
    defer { errors.close() }
    let lifeline = Lifeline.pipe()
    defer { withExtendedLifetime(lifeline) {} }
    // A crash shall end as a signal, at once: the runtime's backtrace takes seconds and buries what was said before.
    let own = ["SWIFT_BACKTRACE": "enable=no", Lifeline.variable: "1"]
    let child = try ProcessGroup(
      program, arguments, environment: own.merging(environment) { $1 }, input: .reading("/dev/null"),
      output: .descriptor(output.writeEnd), errors: .descriptor(errors.writeEnd), lifeline: lifeline.fileHandleForReading.fileDescriptor)
    output.closeWriteEnd()
    errors.closeWriteEnd()

    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    var hasEnded = false
    while !hasEnded, clock.now < deadline {
      CapturedStream.wait(for: output, errors, milliseconds: 10)
      output.readAvailable()
      errors.readAvailable()
      hasEnded = child.hasEnded
      try child.endIfInterrupted()
    }
    // What it started goes with it.
    let (ending, _) = child.end()
    output.drain()
    errors.drain()
    return Result(
      ending: hasEnded ? Ending(ending) : .timedOut, standardOutput: output.text, standardError: errors.text)
  }
}

extension ChildProcess.Ending {
  init(_ ending: ProcessGroup.Ending) {
    switch ending {
    case .exited(let status): self = .exited(status)
    case .signalled(let signal): self = .crashed(signal: signal)
    }
  }
}

/// A pipe's two ends and the last bytes that came out of it.
private struct CapturedStream {
  let readEnd: Int32
  private(set) var writeEnd: Int32
  private let limit: Int
  private let heard: (([UInt8]) -> Void)?
  private var bytes: [UInt8] = []
  private var hasEnded = false

  init(limit: Int, heard: (([UInt8]) -> Void)? = nil) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw BasinError.internalError("no pipe could be made: \(String(cString: strerror(errno)))")
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
    self.limit = limit
    self.heard = heard
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
      heard?(Array(buffer[..<count]))
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
