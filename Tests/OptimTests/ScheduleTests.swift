import Optim
import PluginAPI
import Testing

private struct ScheduleFixture: Decodable {
  struct Curve: Decodable { var values: [Double] }
  var lr: Double
  var progress: [Double]
  var schedules: [String: Curve]
}

private let presets: [(fixture: String, name: String, settings: [String: String])] = [
  ("constant", "constant", [:]),
  ("backbone", "backbone", [:]),
  ("backbone", "piecewise", [:]),
  ("backbone-chc-images", "backbone-chc", [:]),
  ("backbone-chc-graphs", "backbone-chc", ["tail": "0.5"]),
  ("backbone-chc-graphs", "piecewise", ["start": "0.375", "end": "0.675", "tail": "0.5"]),
  ("pswa-images", "pswa", ["tail": "0.2"]),
  ("pswa-graphs", "pswa", ["tail": "0.5"]),
  ("cosine", "cosine", [:]),
  ("cosine-floor", "cosine", ["floor": "0.1"]),
  ("warmup-constant", "constant", ["warmup": "0.1dur"]),
  ("warmup-linear", "linear", ["warmup": "0.06dur"]),
  ("warmup-cosine", "cosine", ["warmup": "0.1dur"]),
  ("cyclic-8", "cyclic", ["cycle": "0.125dur"]),
  ("cyclic-8", "cyclic", ["cycle": "10ep"]),
]

@Suite struct ScheduleTests {
  @Test(arguments: presets.indices)
  func curvesMatchTheFixture(_ index: Int) throws {
    let preset = presets[index]
    let fixture = try Fixture.json("schedules", as: ScheduleFixture.self)
    let expected = try #require(fixture.schedules[preset.fixture]).values
    let schedule = try makeSchedule(preset.name, preset.settings)
    // 800 steps: every hundredth of the run and every eighth is a step.
    let run = RunLength(epochs: 80, stepsPerEpoch: 10)
    for i in 0...100 {
      let factor = schedule.factor(at: Progress(step: 8 * i, run: run))
      #expect(abs(factor * fixture.lr - expected[i]) < 1e-12, "\(preset.fixture) at \(i) %")
    }
  }

  @Test func warmUpIsTheSameInEveryUnit() throws {
    let run = RunLength(epochs: 20, stepsPerEpoch: 5)
    let curves = try ["2ep", "10st", "0.1dur"].map { factors(try makeSchedule("pswa", ["warmup": $0]), run) }
    #expect(curves[0] == curves[1] && curves[1] == curves[2])
    #expect(curves[0][0] == 0 && curves[0][5] == 0.5 && curves[0][10] == 1)
  }

  @Test func aConstantRateIsThePartSaidAndItsWarmUpClimbsToIt() throws {
    let run = RunLength(epochs: 10, stepsPerEpoch: 2)
    #expect(factors(try makeSchedule("constant", ["factor": "0.25"]), run) == Array(repeating: 0.25, count: 20))
    let warmed = factors(try makeSchedule("constant", ["factor": "0.5", "warmup": "4st"]), run)
    #expect(warmed == [0, 0.125, 0.25, 0.375] + Array(repeating: 0.5, count: 16))
  }

  @Test func cyclicTailsFollowTheEpochs() throws {
    let run = RunLength(epochs: 40, stepsPerEpoch: 4)
    let cycle = [1, 0.775, 0.55, 0.325]
    let pswa = factors(try makeSchedule("pswa", ["tail": "0.1", "cyclic": "true"]), run)
    #expect(pswa[..<40].allSatisfy { $0 == 1 })
    for epoch in 10..<40 {
      for (a, b) in zip(pswa[(4 * epoch)..<(4 * epoch + 4)], cycle) { #expect(abs(a - b) < 1e-12) }
    }
    let high = factors(try makeSchedule("backbone-chc", ["tail": "0.1", "cyclic": "true"]), run)
    let plain = factors(try makeSchedule("backbone-chc", ["tail": "0.1"]), run)
    #expect(high[..<108] == plain[..<108])
    #expect(abs(high[107] - 0.1) < 0.02)
    for epoch in 27..<40 {
      for (a, b) in zip(high[(4 * epoch)..<(4 * epoch + 4)], cycle) { #expect(abs(a - b) < 1e-12) }
    }
  }

  @Test func theBackboneTakesNoTailOfARecipe() throws {
    var registry = Registry(module: "optim", domain: "")
    registerBuiltIns(in: &registry)
    for entry in registry.schedules {
      let names = Set(entry.options.map(\.name))
      #expect(names.contains("warmup") == (entry.name != "linear-warmup"), "\(entry.name)")
      let cyclic = entry.name == "pswa" || entry.name == "backbone-chc"
      let tail = ["piecewise", "swa-constant"].contains(entry.name)
      #expect(names.contains("cyclic") == cyclic)
      #expect(names.contains("tail") == (cyclic || tail))
    }
  }

  @Test func factorsStayInRangeForEveryRun() throws {
    let random = Random(seed: 3)
    let lengths = zip(random["epochs"].integers(40, below: 30), random["steps"].integers(40, below: 12))
    for (epochs, steps) in lengths {
      let run = RunLength(epochs: epochs + 1, stepsPerEpoch: steps + 1)
      for (_, name, settings) in presets {
        for warmup in ["0ep", "1ep", "7st", "0.3dur", "1000ep"] {
          let schedule = try makeSchedule(name, settings.merging(["warmup": warmup]) { $1 })
          #expect(factors(schedule, run).allSatisfy { (0...1).contains($0) })
          let end = schedule.factor(at: Progress(step: run.steps, run: run))
          #expect((0...1).contains(end))
        }
      }
    }
    for (_, name, settings) in presets {
      let none = RunLength(epochs: 0, stepsPerEpoch: 3)
      #expect(try makeSchedule(name, settings).factor(at: Progress(step: 0, run: none)).isFinite)
    }
  }

  @Test(arguments: [
    ("piecewise", ["start": "0.9", "end": "0.5"]), ("piecewise", ["start": "1.5"]), ("piecewise", ["tail": "nan"]),
    ("cosine", ["floor": "2"]), ("cyclic", ["cycle": "0ep"]), ("cyclic", ["cycle": "-1ep"]), ("constant", ["warmup": "1dur"]),
    ("constant", ["warmup": "5"]), ("backbone", ["tail": "0.2"]), ("pswa", ["cyclic": "yes"]), ("linear", ["flor": "0"]),
  ])
  func impossibleOptionsAreUsageErrors(name: String, settings: [String: String]) throws {
    do {
      _ = try makeSchedule(name, settings)
      Issue.record("\(name) took \(settings)")
    } catch let error as BasinError {
      #expect(error.kind == .usage && error.advice != nil)
      #expect(error.message.contains(name))
    }
  }
}
