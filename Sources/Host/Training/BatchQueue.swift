import Foundation
import PluginAPI

/// Threads that make batches ahead of the steps: `--data-threads`.
public enum DataThreads: Hashable, Sendable, LosslessStringConvertible {
  /// None, until steps are seen to wait.
  case automatic
  /// 0: batches are made between the steps.
  case count(Int)

  public init?(_ description: String) {
    if description == "auto" {
      self = .automatic
    } else if let count = Int(description), (0...64).contains(count) {
      self = .count(count)
    } else {
      return nil
    }
  }

  public var description: String {
    switch self {
    case .automatic: "auto"
    case .count(let count): "\(count)"
    }
  }
}

/// The batches of a step, and the part of the step's examples that each has.
typealias StepBatches = [(batch: PreparedBatch, share: Double)]

/// The batches of a run's steps: made when they are asked for, or ahead while a step runs.
///
/// What a batch holds depends on its step alone, so that it does not matter to a run who makes it and when.
final class BatchQueue {
  /// What is worth a thread of its own: a wait of more than this part of a step, and of more than a thread's waking.
  private static let bearablePart = 0.01, bearableSeconds = 0.000_5
  /// Steps that are watched, after the first, which warms up.
  private static let watchedSteps = 3

  private let make: (Int) throws -> StepBatches
  private let steps: Int
  private var threads: DataThreads
  /// Of the thread that is taken where steps are seen to wait; 0: none is.
  private let automaticThreads: Int
  private var worker: BatchWorker?
  private var seen = (steps: 0, waiting: 0.0, working: 0.0)

  /// - Parameters:
  ///   - steps: how many steps the run has.
  ///   - threads: asked for.
  ///   - make: the batches of a step; called from one thread at a time.
  init(steps: Int, threads: DataThreads, automaticThreads: Int, make: @escaping (Int) throws -> StepBatches) {
    self.steps = steps
    self.threads = threads
    self.automaticThreads = automaticThreads
    self.make = make
  }

  deinit { worker?.stop() }

  /// The batches of a step; those of the steps behind it are made meanwhile, where a thread does so.
  func batches(_ step: Int) throws -> StepBatches {
    guard case .count(let count) = threads, count > 0 else { return try make(step) }
    if worker?.next != step {
      worker?.stop()
      worker = BatchWorker(from: step, to: steps, threads: count, make: make)
    }
    return try worker?.take() ?? make(step)
  }

  /// Tells how long a step waited for its batches, and how long it took besides.
  func note(waiting: Double, working: Double) {
    guard threads == .automatic else { return }
    if seen.steps > 0 {
      seen.waiting += waiting
      seen.working += working
    }
    seen.steps += 1
    guard seen.steps > Self.watchedSteps else { return }
    let isLong = seen.waiting > Self.bearablePart * seen.working
      && seen.waiting > Self.bearableSeconds * Double(seen.steps - 1)
    threads = .count(isLong ? automaticThreads : 0)
  }
}

/// A thread that makes the batches of one step after another, and stays at most two steps ahead.
private final class BatchWorker: @unchecked Sendable {
  private static let capacity = 2

  private let condition = NSCondition()
  private let make: (Int) throws -> StepBatches
  // Under the condition.
  private var ready: [Result<StepBatches, any Error>] = []
  private var isStopped = false, hasEnded = false

  /// The step that is taken next; of the taking thread alone.
  private(set) var next: Int

  init(from first: Int, to end: Int, threads: Int, make: @escaping (Int) throws -> StepBatches) {
    next = first
    self.make = make
    let thread = Thread { [self] in
      fill(first..<end, threads)
      condition.withLock {
        hasEnded = true
        condition.broadcast()
      }
    }
    thread.name = "batches"
    thread.stackSize = 8 << 20
    thread.start()
  }

  private func fill(_ range: Range<Int>, _ threads: Int) {
    for step in range {
      let result = Result {
        if step == range.lowerBound { try LibTorch.setThreadsOfThisThread(threads) }
        return try make(step)
      }
      condition.lock()
      defer { condition.unlock() }
      ready.append(result)
      condition.broadcast()
      if case .failure = result { return }
      while ready.count >= Self.capacity, !isStopped { condition.wait() }
      if isStopped { return }
    }
  }

  /// The batches of step `next`.
  ///
  /// - Throws: what making them threw.
  func take() throws -> StepBatches? {
    let result: Result<StepBatches, any Error>? = condition.withLock {
      while ready.isEmpty, !hasEnded { condition.wait() }
      guard !ready.isEmpty else { return nil }
      condition.broadcast()
      return ready.removeFirst()
    }
    next += 1
    return try result?.get()
  }

  /// Ends the thread, and waits for its end.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
      while !hasEnded { condition.wait() }
    }
  }
}
