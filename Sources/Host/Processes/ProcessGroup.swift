import Foundation
import PluginAPI

/// A process that leads a group of its own, so that it can be killed with all it starts.
///
/// It is not reaped before ``end()``: until then the number of its group cannot belong to anyone else.
struct ProcessGroup {
  enum Ending: Hashable, Sendable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// What a standard stream of the process is.
  enum Stream {
    case descriptor(Int32)
    case reading(String)
    /// Made anew where it is not there, emptied where it is.
    case writing(String)
  }

  let leader: pid_t

  /// - Parameters:
  ///   - program: A path; `PATH` is not searched.
  ///   - environment: Added to this process's.
  ///   - lifeline: What the process has as its descriptor 3 (see `Lifeline`).
  /// - Throws: `BasinError` `.internalError` where the program cannot be started.
  init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], input: Stream, output: Stream, errors: Stream,
    lifeline: Int32? = nil
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in zip(Int32(0)..., [input, output, errors]) {
      switch stream {
      case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, number)
      case .reading(let path): posix_spawn_file_actions_addopen(&actions, number, path, O_RDONLY, 0)
      case .writing(let path): posix_spawn_file_actions_addopen(&actions, number, path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      }
    }
    if let lifeline { posix_spawn_file_actions_adddup2(&actions, lifeline, Lifeline.descriptor) }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // No signal is ignored or blocked as it may be here.
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
    let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var variables: [UnsafeMutablePointer<CChar>?] = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for variable in variables { free(variable) } }
    var child: pid_t = 0
    let failure = posix_spawn(&child, program, &actions, &attributes, &strings, &variables)
    guard failure == 0 else {
      throw BasinError(.internalError, "cannot be started: \(String(cString: strerror(failure)))", file: program)
    }
    leader = child
  }

  var hasEnded: Bool {
    var information = siginfo_t()
    guard waitid(P_PID, id_t(leader), &information, WEXITED | WNOHANG | WNOWAIT) == 0 else { return errno != EINTR }
    return information.si_signo == SIGCHLD
  }

  func kill() { Glibc.kill(-leader, SIGKILL) }

  /// Ends it where this program was asked to end, of which its own group has kept it from hearing: asked as by Ctrl-C, killed five seconds later.
  ///
  /// - Throws: ``Interrupted`` then.
  func endIfInterrupted() throws {
    guard Interruption.isRequested else { return }
    Glibc.kill(-leader, SIGINT)
    let late = Clock.now() + 5
    while !hasEnded, Clock.now() < late { usleep(3000) }
    _ = end()
    throw Interrupted(checkpoint: nil)
  }

  /// Waits for its end.
  ///
  /// - Throws: ``Interrupted`` after Ctrl-C, which ends it.
  func finish() throws -> Ending {
    while !hasEnded {
      try endIfInterrupted()
      usleep(3000)
    }
    return end().ending
  }

  /// Kills whatever of the group is left, and tells how its leader ended and the most memory it had.
  func end() -> (ending: Ending, peakMemoryBytes: Int) {
    kill()
    var status: Int32 = 0
    var usage = rusage()
    while wait4(leader, &status, 0, &usage) < 0 && errno == EINTR {}
    let signal = status & 0x7F
    return (signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal), Int(usage.ru_maxrss) * 1024)
  }
}
