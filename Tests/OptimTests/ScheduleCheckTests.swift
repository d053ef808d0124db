import Optim
import PluginAPI
import Testing

private func allSchedules() -> [String] {
  var registry = Registry(module: "optim", domain: "")
  registerBuiltIns(in: &registry)
  return registry.schedules.map(\.name)
}

private let run = RunLength(epochs: 10, stepsPerEpoch: 10)

@Suite struct ScheduleCheckTests {
  @Test func everyScheduleFitsAnOrdinaryRunAsItIs() throws {
    #expect(allSchedules().count == 19)
    for name in allSchedules() {
      for length in [run, RunLength(epochs: 200, stepsPerEpoch: 1), RunLength(epochs: 1, stepsPerEpoch: 391)] {
        let schedule = try makeSchedule(name)
        try schedule.check(length)
        #expect(factors(schedule, length).allSatisfy { (0...1).contains($0) }, "\(name)")
        #expect((0...1).contains(schedule.factor(at: Progress(step: length.steps, run: length))), "\(name)")
        // A cycle of an epoch has no room beside a warm-up in a run of one; the warm-up itself has none before it.
        if name == "linear-warmup" { continue }
        if name != "cyclic" || length.epochs > 1 { try makeSchedule(name, ["warmup": "0.3dur"]).check(length) }
      }
    }
  }

  @Test(arguments: ["10ep", "100st", "11ep", "101st", "1e300ep", "0.999dur"])
  func aWarmUpThatLeavesNothingIsRefused(warmup: String) throws {
    for name in allSchedules() where name != "linear-warmup" {
      let schedule = try makeSchedule(name, ["warmup": warmup])
      do {
        try schedule.check(run)
        Issue.record("\(name) took a warm-up of \(warmup)")
      } catch let error as BasinError {
        #expect(error.kind == .usage && error.advice?.contains("schedule.warmup") == true)
        #expect(error.message.contains("warm-up") && error.message.contains(name) && error.message.contains("100"))
      }
    }
  }

  @Test func aWarmUpOfAllButAStepIsTaken() throws {
    for name in ["constant", "cosine", "backbone", "pswa", "linear", "piecewise", "inverse-sqrt", "one-cycle"] {
      try makeSchedule(name, ["warmup": "99st"]).check(run)
    }
  }

  @Test(arguments: [
    ("cyclic", ["cycle": "11ep"], "cycle"), ("cyclic", ["cycle": "8ep", "warmup": "3ep"], "cycle"),
    ("step", ["every": "11ep"], "every"), ("step", ["every": "0.001dur"], "every"), ("step", ["every": "0ep"], "every"),
    ("cosine-restarts", ["cycle": "1.01dur"], "cycle"), ("cosine-restarts", ["cycle": "0st"], "cycle"),
    ("cosine-restarts", ["cycle": "1e300st"], "cycle"),
    ("triangular", ["cycle": "101st"], "cycle"), ("triangular", ["cycle": "1st"], "cycle"),
    ("multi-step", ["milestones": "5ep,10ep"], "milestone"), ("multi-step", ["milestones": "5ep,12ep"], "milestone"),
    ("multi-step", ["milestones": "5ep,0.5dur"], "milestone"), ("multi-step", ["milestones": "0.75dur,0.5dur"], "milestone"),
    ("multi-step", ["milestones": "0st"], "beginning"),
    ("swa-constant", ["start": "0.9dur"], "tail"), ("swa-constant", ["start": "1dur", "length": "0st"], "tail"),
    ("points", ["points": "1st:1,1dur:1"], "begin"), ("points", ["points": "0dur:1,0.9dur:0.01"], "end"),
    ("points", ["points": "0dur:1,11ep:0.01"], "end"), ("points", ["points": "0dur:1"], "end"),
    ("points", ["points": "0dur:1,0.6dur:1,0.5dur:0,1dur:0"], "not after"),
    ("points", ["points": "0dur:1,5ep:1,0.5dur:0,1dur:0"], "not after"),
  ])
  func aPlanThatDoesNotFitTheRunIsRefused(name: String, settings: [String: String], word: String) throws {
    let schedule = try makeSchedule(name, settings)
    do {
      try schedule.check(run)
      Issue.record("\(name) took \(settings)")
    } catch let error as BasinError {
      #expect(error.kind == .usage && error.advice?.contains("schedule.") == true)
      #expect(error.message.contains(word) && error.message.contains(name), "\(error)")
    }
    // Asked all the same, it gives numbers.
    #expect(factors(schedule, run).allSatisfy { $0.isFinite && $0 >= 0 })
  }

  @Test(arguments: [
    ("multi-step", ["milestones": ""]), ("multi-step", ["milestones": "0.5dur,"]), ("multi-step", ["milestones": "0.5"]),
    ("multi-step", ["milestones": "0.5dur;0.7dur"]), ("multi-step", ["milestones": "-1ep"]), ("step", ["gamma": "2"]),
    ("points", ["points": ""]), ("points", ["points": "0dur"]), ("points", ["points": "0dur:1:2"]),
    ("points", ["points": "0dur:-1,1dur:1"]), ("points", ["points": "0dur:nan,1dur:1"]), ("points", ["points": "0dur:inf"]),
    ("one-cycle", ["anneal": "square"]), ("one-cycle", ["startDivisor": "0"]), ("cosine-restarts", ["multiplier": "0.5"]),
    ("polynomial", ["power": "-1"]), ("swa-constant", ["tail": "1.5"]), ("triangular", ["warmup": "1dur"]),
    ("inverse-sqrt", ["warmup": "1dur"]), ("exponential", ["gamma": "1.1"]),
  ])
  func impossibleOptionsAreUsageErrors(name: String, settings: [String: String]) throws {
    do {
      _ = try makeSchedule(name, settings)
      Issue.record("\(name) took \(settings)")
    } catch let error as BasinError {
      #expect(error.kind == .usage && error.advice != nil && error.message.contains(name))
    }
  }

  @Test func aRunWithoutStepsGivesNumbers() throws {
    for name in allSchedules() {
      let factor = try makeSchedule(name).factor(at: Progress(step: 0, run: RunLength(epochs: 0, stepsPerEpoch: 3)))
      #expect(factor.isFinite, "\(name)")
    }
  }
}
