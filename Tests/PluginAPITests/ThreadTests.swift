import Foundation
import PluginAPI
import Synchronization
import Testing

/// One after the other: the number of threads is the process's.
@Suite(.serialized) struct ThreadTests {
  /// The results of `body` with one, two and three threads.
  private func withThreads<R>(_ body: () throws -> R) throws -> [R] {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    return try [1, 2, 3].map { count in
      try LibTorch.setThreads(count)
      return try body()
    }
  }

  @Test func parallelForCoversARangeOnce() throws {
    let cases: [(Range<Int>, Int)] = [
      (0..<0, 1), (0..<1, 1), (3..<1000, 1), (3..<1000, 7), (0..<17, 5000), (5..<5, 3), (0..<9, 0),
    ]
    for (range, grain) in cases {
      let visits = try withThreads {
        var visits = [Int32](repeating: 0, count: 1000)
        try visits.withUnsafeMutableBufferPointer { buffer in
          let memory = buffer
          try LibTorch.parallelFor(range, grain: grain) { part in for index in part { memory[index] += 1 } }
          try LibTorch.parallelFor(guided: range, grain: grain) { part in for index in part { memory[index] += 16 } }
        }
        return visits
      }
      let expected = (0..<1000).map { Int32(range.contains($0) ? 17 : 0) }
      for result in visits { #expect(result == expected, "\(range), grain \(grain)") }
    }
  }

  @Test func partsOfAGuidedRangeAreWholeGrainsAndBecomeShorter() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    try LibTorch.setThreads(2)
    let parts = Mutex<[Range<Int>]>([])
    try LibTorch.parallelFor(guided: 0..<1745, grain: 24) { part in parts.withLock { $0.append(part) } }
    let inOrder = parts.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
    #expect(inOrder.allSatisfy { $0.count % 24 == 0 || $0.upperBound == 1745 })
    #expect(inOrder.first?.count == 432 && inOrder.count > 10)
    #expect(zip(inOrder, inOrder.dropFirst()).allSatisfy { $0.count >= $1.count })
  }

  @Test func randomNumbersDoNotDependOnThreads() throws {
    let random = Random(seed: 4)["threads"]
    let results = try withThreads {
      let drawn = try Tensor.empty([100_003])
      try drawn.fillUniform(-1, 2, random)
      return try drawn.bytes() + drawn.droppedOut(0.4, random).bytes()
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func lossesDoNotDependOnThreads() throws {
    let logits = try TestNumbers.tensor([40, 9_000], seed: 1)
    let targets = try Tensor(TestNumbers.doubles(40, seed: 2).map { Int64(($0 + 1) * 4_499) })
    let results = try withThreads {
      let leaf = try logits.clone()
      try leaf.setRequiresGradient(true)
      let loss = try crossEntropy(leaf, targets)
      try loss.backward()
      return try loss.bytes() + #require(try leaf.gradient()).bytes()
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func aThreadMayHaveItsOwnNumber() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    try LibTorch.setThreads(2)
    final class Seen: @unchecked Sendable { var numbers: [Int] = [] }
    let seen = Seen(), done = DispatchSemaphore(value: 0)
    let thread = Thread {
      defer { done.signal() }
      seen.numbers.append((try? LibTorch.threads()) ?? 0)
      try? LibTorch.setThreadsOfThisThread(1)
      seen.numbers.append((try? LibTorch.threads()) ?? 0)
    }
    thread.start()
    done.wait()
    #expect(seen.numbers == [2, 1])
    #expect(try LibTorch.threads() == 2)
  }

  @Test func impossibleThreadCountsAreErrors() {
    #expect(throws: TensorError.self) { try LibTorch.setThreads(0) }
    #expect(throws: TensorError.self) { try LibTorch.setThreads(-3) }
  }

  @Test func versionIsThatOfTheEngine() throws {
    #expect(try LibTorch.version().split(separator: ".").count >= 3)
    #expect(try LibTorch.isAvailable(.cpu))
  }
}
