import Foundation

/// Keeps a run from outliving the program that started it, however that ends: `basin bench` holds the other end of the
/// run's standard input. A signal at a parent's death would do the same on Linux alone, and counts the thread that
/// started the process, not the program.
enum Lifeline {
  /// Where memory runs out the system shall end this process rather than the benchmark.
  static func offerToTheSystem() {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/oom_score_adj") else { return }
    try? file.write(contentsOf: Data("500".utf8))
    try? file.close()
  }

  /// Asks this process to end, as SIGTERM does (a checkpoint is written), when its standard input ends.
  static func watch() {
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
      }
      kill(getpid(), SIGTERM)
    }
  }
}
