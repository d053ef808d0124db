import CyclicSWA
import Foundation
import PluginAPI
import Testing

@Suite struct CyclicSWATests {
  private func options(_ settings: [String: String]) throws -> CyclicSWA.AveragingOptions {
    try CyclicSWA.AveragingOptions(settings: settings, of: "averaging cyclic-swa")
  }

  private func events(_ settings: [String: String], epochs: Int, stepsPerEpoch: Int = 1) throws -> [AveragingEvent] {
    try CyclicSWA(options(settings)).events(in: RunLength(epochs: epochs, stepsPerEpoch: stepsPerEpoch))
  }

  private func steps(_ events: [AveragingEvent], _ kind: AveragingEvent.Kind) -> [Int] {
    events.filter { $0.kind == kind }.map(\.step)
  }

  @Test("four cycles of a quarter: the last quarter of each is sampled, the last cycle's average is kept aside")
  func usual() throws {
    let events = try events([:], epochs: 40, stepsPerEpoch: 10)
    #expect(steps(events, .restart) == [100, 200, 300])
    // A quarter of 100 steps, counted back from the end in epochs of 10: after 75 steps.
    #expect(steps(events, .sample) == [80, 90, 100, 180, 190, 200, 280, 290, 300, 380, 390, 400])
    #expect(events.prefix(4).map(\.kind) == [.sample, .sample, .sample, .restart])
  }

  @Test("cycles grow by the multiplier from the end of the warm-up; the run's end cuts the last")
  func growing() throws {
    let events = try events(
      ["cycle": "10st", "multiplier": "2", "share": "0", "warmup": "4st"], epochs: 50)
    #expect(steps(events, .restart) == [14, 34])
    #expect(steps(events, .sample) == [14, 34, 50])
  }

  @Test("each end is rounded by itself, as in the schedule cosine-restarts")
  func rounding() throws {
    let events = try events(["cycle": "0.3dur", "share": "0"], epochs: 11)
    #expect(steps(events, .restart) == [3, 7, 10])
    #expect(steps(events, .sample) == [3, 7, 10, 11])
  }

  @Test("cycles that end by the start are left alone")
  func start() throws {
    let events = try events(["start": "0.5dur", "share": "0.1", "every": "1st"], epochs: 80)
    #expect(steps(events, .restart) == [60])
    #expect(steps(events, .sample) == [59, 60, 79, 80])
  }

  @Test("for any options events rise, samples come before the restart of their step, and no restart is at the end")
  func properties() throws {
    let random = Random(seed: 5)
    for index in 0..<300 {
      let draw = random[index].uniform(8)
      let run = RunLength(epochs: 1 + Int(draw[0] * 30), stepsPerEpoch: 1 + Int(draw[1] * 12))
      let settings = [
        "cycle": "\(0.05 + 0.9 * Double(draw[2]))dur", "multiplier": "\(1 + 2 * Double(draw[3]))", "share": "\(draw[4])",
        "every": draw[5] < 0.5 ? "1ep" : "\(1 + Int(draw[5] * 6))st", "warmup": "\(Int(draw[6] * Float(run.steps) * 0.9))st",
      ]
      guard let events = try? CyclicSWA(options(settings)).events(in: run) else { continue }
      #expect(!events.isEmpty && events.last == AveragingEvent(step: run.steps, kind: .sample), "\(settings)")
      for (a, b) in zip(events, events.dropFirst()) {
        #expect(a.step < b.step || (a.step == b.step && a.kind == .sample && b.kind == .restart), "\(settings)")
        if b.kind == .restart { #expect(a == AveragingEvent(step: b.step, kind: .sample), "\(settings)") }
      }
      #expect(events.allSatisfy { 1...run.steps ~= $0.step && ($0.kind == .sample || $0.step < run.steps) }, "\(settings)")
    }
  }

  @Test(
    "plans that cannot work are refused",
    arguments: [["cycle": "50ep"], ["cycle": "0.2st"], ["every": "0.1st"], ["start": "1dur"], ["warmup": "1dur"]])
  func refusals(settings: [String: String]) throws {
    let error = #expect(throws: BasinError.self) { try events(settings, epochs: 20) }
    #expect(error?.kind == .usage && error?.advice != nil)
  }

  // MARK: The average

  private func averager(_ tensors: [Tensor]) throws -> any Averager {
    for tensor in tensors { try tensor.setRequiresGradient(true) }
    let named = tensors.enumerated().map { NamedTensor(path: "w\($0)", role: .parameter, tensor: $1) }
      + [NamedTensor(path: "mean", role: .statistic, tensor: try Tensor.ones([2]))]
    return try CyclicSWA(options([:])).makeAverager(named, in: RunLength(epochs: 4, stepsPerEpoch: 1))
  }

  @Test("it is the mean of the samples since the last reset", arguments: [DType.float32, .float64, .bfloat16])
  func mean(type: DType) throws {
    let weight = try Tensor.zeros([3], type), averager = try averager([weight])
    #expect(try averager.average() == nil)
    for round in [[1.0, 2, 6], [4, 8]] {
      averager.reset()
      for value in round {
        try weight.fill(value)
        try averager.sample()
      }
      let average = try #require(try averager.average())
      #expect(average.count == 1 && averager.samples == round.count)
      let values: [Double] = try average[0].to(.float64).values()
      let expected = round.reduce(0, +) / Double(round.count)
      #expect(values.allSatisfy { abs($0 - expected) < 1e-6 } && average[0].dtype == type)
    }
  }

  @Test("a restored average goes on to the bit; one of another model is refused")
  func state() throws {
    let weight = try Tensor.zeros([5])
    let first = try averager([weight]), second = try averager([weight])
    for step in 0..<3 {
      try weight.fillNormal(deviation: 1, Random(seed: UInt64(step)))
      try first.sample()
    }
    try second.restore(first.state)
    try weight.fillNormal(deviation: 1, Random(seed: 9))
    try first.sample()
    try second.sample()
    #expect(try #require(try first.average())[0].bytes() == #require(try second.average())[0].bytes())
    #expect(throws: BasinError.self) { try averager([Tensor.zeros([4])]).restore(first.state) }
    #expect(throws: BasinError.self) { try averager([weight]).restore(OptimizerState(counters: ["step": 1])) }
  }

  @Test("nothing to average is refused")
  func frozen() throws {
    let frozen = [NamedTensor(path: "w", role: .parameter, tensor: try Tensor.ones([2]))]
    #expect(throws: BasinError.self) {
      try CyclicSWA(options([:])).makeAverager(frozen, in: RunLength(epochs: 4, stepsPerEpoch: 1))
    }
  }
}
