import Optim
import PluginAPI
import Testing

/// A curve of another module: it knows runs, not parts of runs. Its value says where in which run it was asked.
private struct Foreign: LearningRateCurve {
  func factor(at progress: Progress) -> Double {
    Double(progress.step) + 1000 * Double(progress.run.epochs) + 1_000_000 * Double(progress.run.stepsPerEpoch)
  }
  func check(_ run: RunLength) throws {
    if run.epochs < 2 { throw BasinError.usage("too short") }
  }
}

private let run = RunLength(epochs: 10, stepsPerEpoch: 10)

@Suite struct SequencedCurveTests {
  /// The option `warmup` and a warm-up in front are the same thing, for every schedule and unit.
  @Test func aWarmUpInFrontIsTheOptionWarmup() throws {
    let settings: [String: [String: String]] = [
      "cyclic": ["cycle": "0.2dur"], "step": ["every": "1ep"], "multi-step": ["milestones": "2ep,0.7dur"],
      "pswa": ["cyclic": "true"], "backbone-chc": ["cyclic": "true"], "points": ["points": "0ep:1,30st:0.5,1dur:0.1"],
      "swa-constant": ["start": "2ep", "length": "0.3dur"],
    ]
    let names = [
      "constant", "piecewise", "linear", "cosine", "cyclic", "backbone", "backbone-chc", "pswa", "step", "multi-step",
      "exponential", "polynomial", "cosine-restarts", "one-cycle", "triangular", "swa-constant", "points",
    ]
    for name in names {
      let own = settings[name] ?? [:]
      for warmup in ["2ep", "7st", "0.13dur"] {
        let landmark = try #require(Landmark(warmup))
        let option = try makeSchedule(name, own.merging(["warmup": warmup]) { $1 })
        let inFront = LinearWarmup().then(try makeSchedule(name, own), at: landmark)
        try option.check(run)
        try inFront.check(run)
        #expect(factors(option, run) == factors(inFront, run), "\(name) after \(warmup)")
        let end = Progress(step: run.steps, run: run)
        #expect(option.factor(at: end) == inFront.factor(at: end), "\(name) after \(warmup)")
      }
    }
  }

  @Test func eachCurveHasItsPartAsARunOfItsOwn() throws {
    let line = try LinearDecay(.init())
    let three = line.then(line, at: Landmark(2, .epochs)).then(line, at: Landmark(0.7, .duration))
    try three.check(run)
    for (step, factor) in factors(three, run).enumerated() {
      let t = Double(step)
      let expected = step < 20 ? 1 - t / 20 : step < 70 ? 1 - (t - 20) / 50 : 1 - (t - 70) / 30
      #expect(abs(factor - expected) < 1e-12, "step \(step)")
    }
    #expect(three.factor(at: Progress(step: 100, run: run)) == 0)
  }

  @Test func landmarksInsideCountFromThePartsBeginning() throws {
    let stairs = try makeSchedule("step", ["every": "2ep", "gamma": "0.5"])
    let curve = LinearWarmup().then(stairs, at: Landmark(15, .steps)).then(stairs, at: Landmark(6, .epochs))
    try curve.check(run)
    let values = factors(curve, run)
    #expect(values[15] == 1 && values[34] == 1 && values[35] == 0.5 && values[54] == 0.5 && values[55] == 0.25)
    #expect(values[59] == 0.25 && values[60] == 1 && values[79] == 1 && values[80] == 0.5 && values[99] == 0.5)
  }

  @Test func aSequenceInASequenceHasItsPart() throws {
    let line = try LinearDecay(.init())
    let inner = LinearWarmup().then(line, at: Landmark(0.5, .duration))
    let outer = line.then(inner, at: Landmark(0.6, .duration))
    try outer.check(run)
    let values = factors(outer, run)
    #expect(values[60] == 0 && values[70] == 0.5 && values[80] == 1 && values[90] == 0.5)
    // Built from the left, the landmarks are of the whole run, through an existential too.
    let left: any LearningRateCurve = LinearWarmup().then(line, at: Landmark(0.2, .duration))
    let long = left.then(line, at: Landmark(0.6, .duration))
    let flat = factors(long, run)
    #expect(flat[10] == 0.5 && flat[20] == 1 && flat[40] == 0.5 && flat[60] == 1 && flat[80] == 0.5)
  }

  @Test func aCurveOfAnotherModuleSeesARunOfItsPart() throws {
    let curve = LinearWarmup().then(Foreign(), at: Landmark(3, .epochs))
    try curve.check(run)
    #expect(curve.factor(at: Progress(step: 42, run: run)) == 12 + 7000 + 10_000_000)
    // Steps that are not whole epochs cannot be told to it.
    let odd = LinearWarmup().then(Foreign(), at: Landmark(25, .steps))
    #expect(throws: BasinError.self) { try odd.check(run) }
    #expect(odd.factor(at: Progress(step: 42, run: run)) == 17 + 75_000 + 1_000_000)
    // Its own check is asked, with its own run.
    let short = LinearWarmup().then(Foreign(), at: Landmark(9, .epochs))
    #expect(throws: BasinError.usage("part 2 (steps 90 to 100): too short")) { try short.check(run) }
  }

  @Test(arguments: [["10ep"], ["0ep"], ["11ep"], ["5ep", "5ep"], ["0.5dur", "40st"], ["0.001dur"]])
  func aCurveWithoutAStepIsRefused(landmarks: [String]) throws {
    var curve: any LearningRateCurve = try ConstantRate(.init())
    for text in landmarks { curve = curve.then(try LinearDecay(.init()), at: try #require(Landmark(text))) }
    let error = #expect(throws: BasinError.self) { try curve.check(run) }
    #expect(error?.message.contains("part \(landmarks.count + 1) begins at \(landmarks[landmarks.count - 1])") == true)
    #expect(error?.advice != nil)
    #expect(factors(curve, run).allSatisfy { (0...1).contains($0) })
  }

  @Test func everyCurveOfASequenceIsChecked() throws {
    let long = try makeSchedule("cosine-restarts", ["cycle": "6ep"])
    try long.check(run)
    let second = #expect(throws: BasinError.self) { try LinearWarmup().then(long, at: Landmark(5, .epochs)).check(run) }
    #expect(second?.message.hasPrefix("part 2 (steps 50 to 100): schedule cosine-restarts") == true)
    // An option of the second part is told by its number.
    #expect(second?.advice?.contains("schedule.2.cycle") == true)
    let first = #expect(throws: BasinError.self) { try long.then(LinearWarmup(), at: Landmark(5, .epochs)).check(run) }
    #expect(first?.message.hasPrefix("part 1 (steps 0 to 50)") == true && first?.advice?.contains("schedule.1.cycle") == true)
  }
}
