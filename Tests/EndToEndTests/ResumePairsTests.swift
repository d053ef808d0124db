import Foundation
import Testing

/// Fifty runs killed at random steps, spread over every averaging policy and every optimizer.
@Suite("resume in pairs", .serialized) struct ResumePairsTests {
  private static let averagings: [(name: String, settings: [String])] = [
    ("none", []), ("swa", ["averaging.start=0.3dur"]), ("pswa", []), ("ema", ["averaging.decay=0.9"]), ("lawa", ["averaging.count=3"]),
    ("swag", ["averaging.rank=3", "averaging.draws=2", "averaging.start=0.2dur"]), ("suffix", ["averaging.fraction=0.6"]),
  ]
  private static let optimizers = [
    "sgd", "adam", "adamw", "rmsprop", "adagrad", "nadam", "lion", "lamb", "muon", "sam:sgd", "asam:adam", "lookahead:sgd",
    "sam:lookahead:adamw", "schedule-free-sgd", "schedule-free-adamw", "sam:schedule-free-adamw",
  ]

  struct Pair: CustomTestStringConvertible, Sendable {
    let averaging, optimizer: String
    let settings: [String]
    let step: Int
    var testDescription: String { "\(averaging), \(optimizer), killed after \(step)" }
  }

  /// Policy i meets optimizer i + 0, 3, 6, ...: every policy and every optimizer comes several times, with others each time.
  static let pairs: [Pair] = (0..<50).map { index in
    let policy = averagings[index % averagings.count]
    // 16 optimizers and 7 policies have no common factor: all pairs come before any comes twice.
    let optimizer = optimizers[index % optimizers.count]
    // A generator of its own: the kills are spread, and the same in every run of the tests.
    let word = (UInt64(index) &+ 1) &* 0x9E37_79B9_7F4A_7C15
    return Pair(
      averaging: policy.name, optimizer: optimizer, settings: policy.settings + (index % 5 == 0 ? ["parameters.layerDecay=0.7"] : []),
      step: 2 + Int((word >> 33) % 30))
  }

  @Test("every policy meets every kind of optimizer") func spread() {
    #expect(Set(Self.pairs.map { "\($0.averaging) \($0.optimizer)" }).count == 50)
    #expect(Set(Self.pairs.map(\.step)).count > 15)
  }

  @Test("a killed run ends in the same bits", arguments: pairs)
  func killed(pair: Pair) throws {
    let space = try Workspace()
    let observed = pair.averaging == "swa" ? ["--observe", "ema:0.8,lawa:2"] : []
    let flags = ["--optimizer", pair.optimizer, "--averaging", pair.averaging, "--lr", "0.01"]
      + pair.settings.flatMap { ["--set", $0] } + observed
    let small = SmallRun.graph
    try space.run(small.train("backbone", to: "whole") + flags, expecting: 0)
    let expected = try space.results(of: "whole")
    for attempt in 1...5 {
      let out = "run\(attempt)"
      let program = try space.start(small.train("backbone", to: out, "--checkpoint-every", "1st") + flags)
      let deadline = ContinuousClock.now + .seconds(30)
      while program.isRunning, ContinuousClock.now < deadline, newest(space, out) < pair.step { usleep(200) }
      program.signal(SIGKILL)
      _ = try program.finish()
      // Finished before the signal came: again.
      if space.exists("\(out)/summary.json") { continue }
      #expect(newest(space, out) >= pair.step)
      try space.run(["train", "--quiet", "--resume", out], expecting: 0)
      #expect(try space.results(of: out) == expected, "resumed after step \(newest(space, out))")
      return
    }
    Issue.record("the run was finished before the signal each time")
  }

  private func newest(_ space: Workspace, _ out: String) -> Int {
    space.names(in: "\(out)/checkpoints").compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }.max() ?? 0
  }
}
