import Foundation

/// Keeps a process from outliving the program that started it, however that ends: that holds the other end of a pipe. A signal at a
/// parent's death would do the same on Linux alone, and counts the thread that started the process, not the program.
enum Lifeline {
  /// Where a child of `ChildProcess` has its end: not its standard input, which a module may read.
  static let descriptor: Int32 = 3
  /// Tells such a child that it has one.
  static let variable = "BASIN_LIFELINE"

  /// The pipe: no program that is started has more of it than it is given, or it would hold the other end itself.
  static func pipe() -> Pipe {
    let pipe = Pipe()
    for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] { _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC) }
    return pipe
  }

  /// Where memory runs out the system shall end this process rather than the benchmark.
  static func offerToTheSystem() {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/oom_score_adj") else { return }
    try? file.write(contentsOf: Data("500".utf8))
    try? file.close()
  }

  /// Asks a run of `basin bench` to end, as SIGTERM does (a checkpoint is written), when its standard input ends.
  static func watch() {
    Thread.detachNewThread {
      waitForTheEnd(of: STDIN_FILENO)
      kill(getpid(), SIGTERM)
    }
  }

  /// Kills this process with all it started when the program ends that started it by `ChildProcess`; nothing elsewhere.
  static func endWithParent() {
    // Who leads no group is in one that is not for it to kill.
    guard getenv(variable) != nil, getpgrp() == getpid() else { return }
    unsetenv(variable)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    Thread.detachNewThread {
      waitForTheEnd(of: descriptor)
      kill(0, SIGKILL)
    }
  }

  private static func waitForTheEnd(of descriptor: Int32) {
    var byte: UInt8 = 0
    while true {
      let count = read(descriptor, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
    }
  }
}
