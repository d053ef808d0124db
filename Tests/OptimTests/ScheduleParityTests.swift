import Optim
import PluginAPI
import Testing

private struct TorchFixture: Decodable {
  struct Curve: Decodable {
    var schedule: String
    var settings: [String: String]
    var values: [Double]
  }
  var steps: Int
  var stepsPerEpoch: Int
  var schedules: [String: Curve]
}

/// The sequences of the fixture, by their names there.
private func makeSequence(_ name: String) throws -> any LearningRateCurve {
  let warm = LinearWarmup()
  let stairs = try makeSchedule("step", ["every": "20st", "gamma": "0.5"])
  switch name {
  case "sequence-cosine": return warm.then(try CosineDecay(.init()), at: Landmark(12, .steps))
  default:
    let polynomial = try PolynomialDecay(.init())
    return warm.then(stairs, at: Landmark(0.1, .duration)).then(polynomial, at: Landmark(7.5, .epochs))
  }
}

@Suite struct ScheduleParityTests {
  @Test func everyStepIsAsInTorch() throws {
    let fixture = try Fixture.json("torch-schedules", as: TorchFixture.self)
    let run = RunLength(epochs: fixture.steps / fixture.stepsPerEpoch, stepsPerEpoch: fixture.stepsPerEpoch)
    #expect(fixture.schedules.count == 25)
    for (name, curve) in fixture.schedules {
      let schedule =
        try curve.schedule.isEmpty ? makeSequence(name) : makeSchedule(curve.schedule, curve.settings)
      try schedule.check(run)
      #expect(curve.values.count == run.steps)
      for (step, (factor, expected)) in zip(factors(schedule, run), curve.values).enumerated() {
        #expect(abs(factor - expected) < 1e-9, "\(name) at step \(step): \(factor), torch has \(expected)")
      }
    }
  }

  @Test func aRunOfManyShortCyclesIsExact() throws {
    // 7.5 steps a cycle: ends at 8, 15, 23, 30 ..., each rounded by itself; found without walking through them.
    let schedule = try makeSchedule("cosine-restarts", ["cycle": "7.5st"])
    let run = RunLength(epochs: 1_000_000, stepsPerEpoch: 10)
    for cycle in [0, 1, 2, 3, 1000, 1_333_332] {
      let begin = Int((7.5 * Double(cycle)).rounded()), end = Int((7.5 * Double(cycle + 1)).rounded())
      for step in begin..<end {
        let expected = 0.5 * (1 + cosine(Double(step - begin) / Double(end - begin)))
        #expect(abs(schedule.factor(at: Progress(step: step, run: run)) - expected) < 1e-12, "cycle \(cycle), step \(step)")
      }
    }
    // Growing cycles: the first of a cycle is always 1, and there are as many as the sum says.
    let grower = try makeSchedule("cosine-restarts", ["cycle": "3st", "multiplier": "1.5"])
    let growing = factors(grower, RunLength(epochs: 100, stepsPerEpoch: 10))
    let starts = growing.indices.filter { growing[$0] == 1 }
    let expected = (0...13).map { i in Int((6 * (power(1.5, i) - 1)).rounded()) }.filter { $0 < 1000 }
    #expect(starts == expected)
  }

  @Test func aPolynomialOfPowerOneIsALine() throws {
    let run = RunLength(epochs: 10, stepsPerEpoch: 4)
    for floor in ["0", "0.3", "1"] {
      let polynomial = factors(try makeSchedule("polynomial", ["power": "1", "floor": floor]), run)
      let line = factors(try makeSchedule("linear", ["floor": floor]), run)
      for (a, b) in zip(polynomial, line) { #expect(abs(a - b) < 1e-12) }
    }
  }

  @Test func pointsAreJoinedByStraightLines() throws {
    let run = RunLength(epochs: 10, stepsPerEpoch: 4)
    let curve = try makeSchedule("points", ["points": "0st:0.5, 2ep:1.5,0.5dur:1,10ep:0"])
    try curve.check(run)
    let values = factors(curve, run) + [curve.factor(at: Progress(step: 40, run: run))]
    for (step, value) in values.enumerated() {
      let t = Double(step)
      let expected = step <= 8 ? 0.5 + t / 8 : step <= 20 ? 1.5 - 0.5 * (t - 8) / 12 : 1 - (t - 20) / 20
      #expect(abs(value - expected) < 1e-12, "step \(step)")
    }
    // The default is the backbone's curve.
    let plain = factors(try makeSchedule("points"), run), backbone = factors(try makeSchedule("backbone"), run)
    for (a, b) in zip(plain, backbone) { #expect(abs(a - b) < 1e-12) }
  }

  @Test func swaConstantHoldsFallsAndStays() throws {
    let run = RunLength(epochs: 8, stepsPerEpoch: 5)
    let values = factors(try makeSchedule("swa-constant", ["anneal": "linear"]), run)
    #expect(values[...20].allSatisfy { $0 == 1 } && values[30...].allSatisfy { $0 == 0.2 })
    #expect(abs(values[25] - 0.6) < 1e-12)
  }
}

private func cosine(_ halfTurns: Double) -> Double {
  // By its series: independent of the C library the schedule uses.
  let x = (halfTurns - 0.5) * Double.pi
  var term = x, sum = x
  for n in 1...15 {
    term *= -x * x / Double((2 * n) * (2 * n + 1))
    sum += term
  }
  return -sum
}

private func power(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { p, _ in p * base } }
