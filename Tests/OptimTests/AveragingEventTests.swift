import Optim
import PluginAPI
import Testing

private func makePolicy(_ name: String, _ settings: [String: String] = [:]) throws -> any AveragingPolicy {
  var registry = Registry(module: "optim", domain: "")
  registerBuiltIns(in: &registry)
  return try #require(registry.averagings.first { $0.name == name }).make(settings)
}

private func steps(_ kind: AveragingEvent.Kind, _ events: [AveragingEvent]) -> [Int] {
  events.filter { $0.kind == kind }.map(\.step)
}

@Suite struct AveragingEventTests {
  @Test func noneHasNoEvents() throws {
    #expect(try makePolicy("none").events(in: RunLength(epochs: 10, stepsPerEpoch: 10)).isEmpty)
  }

  @Test(arguments: ["120ep", "0.75dur", "46920st"])
  func swaSamplesAfterEveryEpochOfTheLastQuarter(start: String) throws {
    let run = RunLength(epochs: 160, stepsPerEpoch: 391)
    let events = try makePolicy("swa", ["start": start]).events(in: run)
    #expect(events == (121...160).map { AveragingEvent(step: $0 * 391, kind: .sample) })
  }

  @Test func swaSamplesAtEpochEndsWhereverItStarts() throws {
    let run = RunLength(epochs: 10, stepsPerEpoch: 4)
    // 0.75 of 40 steps is step 30, in the middle of epoch 8.
    #expect(try steps(.sample, makePolicy("swa").events(in: run)) == [32, 36, 40])
    #expect(try steps(.sample, makePolicy("swa", ["start": "32st"]).events(in: run)) == [36, 40])
    #expect(try steps(.sample, makePolicy("swa", ["start": "31.4st"]).events(in: run)) == [32, 36, 40])
    #expect(try steps(.sample, makePolicy("swa", ["every": "2ep"]).events(in: run)) == [32, 40])
    #expect(try steps(.sample, makePolicy("swa", ["every": "3st"]).events(in: run)) == [33, 36, 39])
  }

  @Test(arguments: [("40ep", "20ep", "160ep"), ("0.25dur", "0.125dur", "1dur"), ("15640st", "7820st", "62560st")])
  func thePapersImageRun(start: String, period: String, tail: String) throws {
    let run = RunLength(epochs: 160, stepsPerEpoch: 391)
    let events = try makePolicy("pswa", ["start": start, "period": period, "tail": tail]).events(in: run)
    #expect(steps(.sample, events) == (41...160).map { $0 * 391 })
    #expect(steps(.restart, events) == [60, 80, 100, 120, 140].map { $0 * 391 })
  }

  @Test func aRestartFollowsTheSampleOfItsStep() throws {
    let events = try makePolicy("pswa").events(in: RunLength(epochs: 16, stepsPerEpoch: 10))
    for (index, event) in events.enumerated() where event.kind == .restart {
      #expect(events[index - 1] == AveragingEvent(step: event.step, kind: .sample))
    }
    #expect(events.last == AveragingEvent(step: 160, kind: .sample))
  }

  @Test func theTailEndsTheRestarts() throws {
    let run = RunLength(epochs: 20, stepsPerEpoch: 4)
    let settings = ["start": "4ep", "period": "4ep"]
    func restarts(_ tail: String) throws -> [Int] {
      try steps(.restart, makePolicy("pswa", settings.merging(["tail": tail]) { $1 }).events(in: run))
    }
    #expect(try restarts("16ep") == [32, 48, 64])
    #expect(try restarts("63st") == [32, 48])
    #expect(try restarts("20ep") == [32, 48, 64])
    #expect(try restarts("4ep") == [])
    let events = try makePolicy("pswa", settings.merging(["tail": "12ep"]) { $1 }).events(in: run)
    // Plain averaging after the tail: no gap in the samples.
    #expect(steps(.sample, events) == (5...20).map { $0 * 4 })
  }

  @Test func shortCyclesAreSampledFourTimes() throws {
    // 8 epochs: cycles of one epoch, so four samples an epoch.
    let short = try makePolicy("pswa").events(in: RunLength(epochs: 8, stepsPerEpoch: 100))
    #expect(steps(.restart, short) == [300, 400, 500, 600, 700])
    #expect(steps(.sample, short) == Array(stride(from: 225, through: 800, by: 25)))
    // Cycles of three epochs of 10 steps: 30 steps in four parts.
    let three = try makePolicy("pswa", ["start": "0ep", "period": "3ep"]).events(in: RunLength(epochs: 6, stepsPerEpoch: 10))
    #expect(steps(.sample, three) == [8, 15, 23, 30, 38, 45, 53, 60])
    // Cycles of two steps hold two samples.
    let tiny = try makePolicy("pswa").events(in: RunLength(epochs: 16, stepsPerEpoch: 1))
    #expect(steps(.sample, tiny) == Array(5...16))
    #expect(steps(.restart, tiny) == [6, 8, 10, 12, 14])
  }

  @Test func aCycleThatEndsWithinAnEpochWaitsForItsLastSample() throws {
    let run = RunLength(epochs: 12, stepsPerEpoch: 10)
    let events = try makePolicy("pswa", ["start": "0ep", "period": "5.5ep", "tail": "60st"]).events(in: run)
    #expect(steps(.restart, events) == [55])
    #expect(steps(.sample, events) == [10, 20, 30, 40, 55, 60, 70, 80, 90, 100, 110, 120])
  }

  @Test func everyCycleEndIsRoundedByItself() throws {
    // 50 steps: cycles of 6.25. Adding up a rounded period of 6 would leave one step for the last cycle.
    let events = try makePolicy("pswa").events(in: RunLength(epochs: 50, stepsPerEpoch: 1))
    #expect(steps(.restart, events) == [19, 25, 31, 38, 44])
  }

  @Test func propertiesHoldForEveryRun() throws {
    let random = Random(seed: 11)
    let epochs = random["epochs"].integers(300, below: 60), perEpoch = random["steps"].integers(300, below: 40)
    let kinds = ["pswa": ["0.25dur", "0.125dur"], "dswa": ["0.5dur", "0.25dur"], "tswa": ["0.4dur", "0.2dur"]]
    let restartCounts = ["pswa": 5, "dswa": 1, "tswa": 2]
    for (epochs, perEpoch) in zip(epochs, perEpoch) {
      let run = RunLength(epochs: epochs + 1, stepsPerEpoch: perEpoch + 1)
      guard run.steps >= 8 else { continue }
      for (kind, landmarks) in kinds {
        let events = try makePolicy("pswa", ["start": landmarks[0], "period": landmarks[1]]).events(in: run)
        let samples = steps(.sample, events), restarts = steps(.restart, events)
        let start = try #require(Landmark(landmarks[0])).steps(in: run)
        #expect(restarts.count == restartCounts[kind], "\(kind) in \(run)")
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.step <= $1.step })
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0 < $1 })
        #expect(zip(restarts, restarts.dropFirst()).allSatisfy { $0 < $1 })
        #expect(samples.allSatisfy { start < $0 && $0 <= run.steps } && samples.last == run.steps)
        #expect(restarts.allSatisfy { $0 < run.steps } && Set(restarts).isSubset(of: samples))
        let bounds = [start] + restarts + [run.steps]
        let lengths = zip(bounds, bounds.dropFirst()).map { $1 - $0 }
        let longest = try #require(lengths.max()), shortest = try #require(lengths.min())
        // Cycles differ by rounding alone.
        #expect(longest - shortest <= 1)
        for (begin, end) in zip(bounds, bounds.dropFirst()) {
          let inside = samples.filter { begin < $0 && $0 <= end }
          #expect(inside.count >= min(4, end - begin) && inside.last == end)
          #expect(inside.count <= max(4, (end - begin) / run.stepsPerEpoch + 1))
        }
      }
    }
  }

  @Test(arguments: [
    ("swa", ["start": "10ep"], "start"), ("swa", ["start": "1dur"], "start"), ("swa", ["start": "1e300st"], "start"),
    ("swa", ["every": "0ep"], "every"), ("swa", ["every": "0.4st"], "every"), ("swa", ["every": "11ep"], "no sample"),
    ("pswa", ["start": "11ep"], "start"), ("pswa", ["start": "1dur"], "start"), ("pswa", ["period": "0ep"], "cycle"),
    ("pswa", ["period": "0.001dur"], "cycle"), ("pswa", ["period": "11ep"], "period"),
    ("pswa", ["period": "1e300ep"], "period"), ("pswa", ["start": "5ep", "tail": "4ep"], "tail"),
  ])
  func impossiblePlansAreUsageErrors(name: String, settings: [String: String], word: String) throws {
    let policy = try makePolicy(name, settings)
    do {
      _ = try policy.events(in: RunLength(epochs: 10, stepsPerEpoch: 10))
      Issue.record("\(name) took \(settings)")
    } catch let error as BasinError {
      #expect(error.kind == .usage)
      #expect(error.message.contains(word) && error.message.contains(name))
      #expect(error.advice?.contains("averaging.") == true)
    }
  }

  @Test func aRunWithoutStepsIsAUsageError() throws {
    for name in ["swa", "pswa"] {
      let policy = try makePolicy(name)
      #expect(throws: BasinError.self) { try policy.events(in: RunLength(epochs: 0, stepsPerEpoch: 5)) }
    }
  }

  @Test func methodsNameWhatIsRegistered() throws {
    var registry = Registry(module: "optim", domain: "")
    registerBuiltIns(in: &registry)
    let names = ["backbone", "backbone-chc", "wa", "swa", "dswa", "tswa", "pswa", "ema", "lawa", "swag", "suffix"]
    #expect(registry.methods.map(\.name) == names)
    let run = RunLength(epochs: 40, stepsPerEpoch: 10)
    let expected: [String: (first: Int?, restarts: [Int])] = [
      "backbone": (nil, []), "backbone-chc": (nil, []), "wa": (310, []), "swa": (310, []), "dswa": (210, [300]),
      "tswa": (170, [240, 320]), "pswa": (110, [150, 200, 250, 300, 350]),
      "ema": (1, []), "lawa": (10, []), "swag": (310, []), "suffix": (301, []),
    ]
    let schedules = [
      "backbone": "backbone", "wa": "backbone", "backbone-chc": "backbone-chc", "swa": "backbone-chc",
      "dswa": "backbone-chc", "tswa": "backbone-chc", "pswa": "pswa", "ema": "backbone", "lawa": "backbone", "swag": "backbone",
      "suffix": "backbone",
    ]
    for method in registry.methods {
      func settings(_ prefix: String) -> [String: String] {
        Dictionary(uniqueKeysWithValues: method.settings.filter { $0.key.hasPrefix(prefix) }.map {
          (String($0.key.dropFirst(prefix.count)), $0.value)
        })
      }
      #expect(method.schedule == schedules[method.name])
      #expect(registry.schedules.contains { $0.name == method.schedule })
      #expect(settings("schedule.").count + settings("averaging.").count == method.settings.count)
      let events = try makePolicy(method.averaging, settings("averaging.")).events(in: run)
      #expect(events.first?.step == expected[method.name]?.first, "\(method.name)")
      #expect(steps(.restart, events) == expected[method.name]?.restarts, "\(method.name)")
    }
  }
}
