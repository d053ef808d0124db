import Optim
import PluginAPI
import TestClock
import Testing

private func makePolicy(_ name: String, _ settings: [String: String] = [:]) throws -> any AveragingPolicy {
  var registry = Registry(module: "optim", domain: "")
  registerBuiltIns(in: &registry)
  return try #require(registry.averagings.first { $0.name == name }).make(settings)
}

private func steps(_ name: String, _ settings: [String: String], _ run: RunLength) throws -> [Int] {
  let events = try makePolicy(name, settings).events(in: run)
  #expect(events.allSatisfy { $0.kind == .sample })
  return events.map(\.step)
}

private let run = RunLength(epochs: 10, stepsPerEpoch: 10)

@Suite struct AveragingPolicyTests {
  @Test func samplesFallWhereTheOptionsSay() throws {
    #expect(try steps("ema", [:], run) == Array(1...100))
    #expect(try steps("ema", ["start": "0.5dur", "every": "7st"], run) == [56, 63, 70, 77, 84, 91, 98])
    #expect(try steps("lawa", [:], run) == (1...10).map { 10 * $0 })
    #expect(try steps("lawa", ["start": "30st", "every": "2ep"], run) == [40, 60, 80, 100])
    #expect(try steps("swag", [:], run) == [80, 90, 100])
    #expect(try steps("suffix", [:], run) == Array(76...100))
    #expect(try steps("suffix", ["fraction": "1"], run) == Array(1...100))
    #expect(try steps("suffix", ["fraction": "0.5", "every": "1ep"], run) == [60, 70, 80, 90, 100])
    #expect(try steps("suffix", ["fraction": "0.01"], run) == [100])
  }

  @Test func theFirstOptionIsTheOneAnObserverSets() throws {
    var registry = Registry(module: "optim", domain: "")
    registerBuiltIns(in: &registry)
    let first = ["swa": "start", "ema": "decay", "lawa": "count", "swag": "rank", "suffix": "fraction", "pswa": "start"]
    for (name, option) in first {
      #expect(registry.averagings.first { $0.name == name }?.options.first?.name == option)
    }
  }

  @Test(arguments: [
    ("ema", ["start": "10ep"], "start"), ("ema", ["every": "0.4st"], "every"), ("ema", ["every": "11ep"], "longer"),
    ("ema", ["halfLife": "11ep"], "half-life"), ("ema", ["halfLife": "0.1st"], "half-life"),
    ("ema", ["start": "9.5ep", "every": "3ep"], "no sample"), ("lawa", ["start": "1dur"], "start"),
    ("lawa", ["every": "0ep"], "every"), ("lawa", ["every": "1e300ep"], "longer"), ("swag", ["start": "1e9st"], "start"),
    ("swag", ["every": "2dur"], "longer"), ("swag", ["start": "0.95dur", "every": "8ep"], "no sample"),
    ("suffix", ["fraction": "0"], "no sample"), ("suffix", ["fraction": "0.001"], "no sample"),
    ("suffix", ["every": "0st"], "every"), ("suffix", ["fraction": "0.05", "every": "4ep"], "no sample"),
  ])
  func impossiblePlansAreUsageErrors(name: String, settings: [String: String], word: String) throws {
    let policy = try makePolicy(name, settings)
    do {
      _ = try policy.events(in: run)
      Issue.record("\(name) took \(settings)")
    } catch let error as BasinError {
      #expect(error.kind == .usage && error.advice?.contains("averaging.") == true)
      #expect(error.message.contains(word) && error.message.contains(name), "\(error)")
    }
  }

  @Test func impossibleOptionsAreUsageErrors() throws {
    for (name, settings) in [
      ("swag", ["rank": "1"]), ("swag", ["rank": "-1"]), ("swag", ["draws": "0"]), ("lawa", ["count": "0"]),
      ("ema", ["decay": "1"]), ("ema", ["warmup": "yes"]), ("suffix", ["fraction": "1.1"]), ("suffix", ["power": "-1"]),
    ] {
      #expect(throws: BasinError.self, "\(name) \(settings)") { try makePolicy(name, settings) }
    }
    for name in ["ema", "lawa", "swag", "suffix"] {
      #expect(throws: BasinError.self) { try makePolicy(name).events(in: RunLength(epochs: 0, stepsPerEpoch: 5)) }
    }
  }

  @Test func aFrozenModelIsNotAveraged() throws {
    let model = try TestWeights([noise([3], 1), noise([2], 2)])
    for name in ["swa", "pswa", "ema", "lawa", "swag", "suffix"] {
      let policy = try makePolicy(name)
      for weight in model.weights { try weight.setRequiresGradient(true) }
      _ = try policy.makeAverager(model.tensors(), in: run)
      try model.weights[0].setRequiresGradient(false)
      _ = try policy.makeAverager(model.tensors(), in: run)
      try model.weights[1].setRequiresGradient(false)
      for parameters in [model.tensors(), [], try BatchNorm(2).tensors().filter { $0.role != .parameter }] {
        do {
          _ = try policy.makeAverager(parameters, in: run)
          Issue.record("\(name) averages nothing")
        } catch let error as BasinError {
          #expect(error.kind == .usage && error.message.contains("frozen") && error.message.contains(name))
          #expect(error.advice?.isEmpty == false)
        }
      }
    }
    _ = try makePolicy("none").makeAverager(model.tensors(), in: run)
  }

  @Test func policiesMakeTheirAveragers() throws {
    let model = try TestWeights([noise([3], 1)])
    let swag = try makePolicy("swag", ["draws": "7"]).makeAverager(model.tensors(), in: run)
    #expect((swag as? any SamplingAverager)?.draws == 7)
    func last(_ name: String, _ settings: [String: String]) throws -> Float {
      let averager = try makePolicy(name, settings).makeAverager(model.tensors(), in: run)
      for value in [0, 0, 0, 1.0] {
        try model.weights[0].fill(value)
        try averager.sample()
      }
      return try #require(presentAverage(averager)[0].values(Float.self).first)
    }
    #expect(try abs(last("ema", ["decay": "0.9", "warmup": "false"]) - 0.1) < 1e-6)
    // min(0.9, (1 + 3) / (10 + 3)) of the average is kept.
    #expect(try abs(last("ema", ["decay": "0.9"]) - 9 / 13) < 1e-6)
    #expect(try abs(last("ema", ["decay": "0.2"]) - 0.8) < 1e-6)
    // Half of the average is kept after a half-life, whatever the interval.
    #expect(try abs(last("ema", ["halfLife": "2ep", "every": "2ep", "warmup": "false"]) - 0.5) < 1e-6)
    #expect(try abs(last("ema", ["halfLife": "0.2dur", "every": "1ep", "warmup": "false"]) - 0.292_893_2) < 1e-6)
    #expect(try abs(last("lawa", ["count": "2"]) - 0.5) < 1e-6)
    #expect(try abs(last("suffix", [:]) - 0.25) < 1e-6)
    #expect(try abs(last("suffix", ["power": "3"]) - 4 / 7) < 1e-6)
  }

  @Test func aSampleInEveryStepOfALongRunIsOneArray() throws {
    let long = RunLength(epochs: 100, stepsPerEpoch: 20_000)
    let events = try makePolicy("ema").events(in: long)
    #expect(events.count == 2_000_000 && events.first?.step == 1 && events.last?.step == 2_000_000)
    #expect(MemoryLayout<AveragingEvent>.stride <= 16)
    // Generous: it takes about 10 ms.
    let seconds = try processorSeconds { _ = try makePolicy("suffix", ["fraction": "1"]).events(in: long) }
    #expect(seconds < 2)
  }
}
