import Foundation

/// Signs of life of a run for the benchmark that started it: a small file that both have in memory, so that a beat costs a few
/// nanoseconds and no system call.
enum Heartbeat {
  /// What the file says.
  struct Reading: Equatable, Sendable {
    /// Rises whenever the run gets on: a step, a batch evaluated, a batch for statistics.
    var beats: UInt64 = 0
    /// Steps done, and those of the whole run; 0 before the data are there.
    var step: UInt64 = 0, steps: UInt64 = 0

    /// nil where there is no such file yet.
    init?(file: String) {
      guard let data = FileManager.default.contents(atPath: file), data.count >= Heartbeat.size else { return nil }
      func word(_ index: Int) -> UInt64 {
        data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)) }
      }
      (beats, step, steps) = (word(0), word(1), word(2))
    }
  }

  fileprivate static let size = 24
  // Set once, before the run begins; afterwards only the thread that trains writes.
  nonisolated(unsafe) private static var words: UnsafeMutablePointer<UInt64>?

  /// Beats go to this file from now on. Where it cannot be made the run goes on without.
  static func begin(_ file: String) {
    let descriptor = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    guard ftruncate(descriptor, off_t(size)) == 0,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { return }
    words = memory.bindMemory(to: UInt64.self, capacity: size / 8)
  }

  static func beat() {
    guard let words else { return }
    words[0] = (words[0] &+ 1).littleEndian
  }

  static func beat(step: Int, of steps: Int) {
    guard let words else { return }
    words[0] = (words[0] &+ 1).littleEndian
    words[1] = UInt64(step).littleEndian
    words[2] = UInt64(steps).littleEndian
  }
}
