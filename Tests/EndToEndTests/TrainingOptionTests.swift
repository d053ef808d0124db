import Foundation
import Testing

/// What changes how a run is trained: groups, gradients, losses, observers, statistics, precision.
@Suite("training options", .serialized) struct TrainingOptionTests {
  private func weights(_ space: Workspace, _ file: String) throws -> [String: [Float]] {
    try TensorFile(space.data(file)).tensors.filter { $0.value.type == "F32" }.mapValues { entry in
      entry.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
  }

  /// The greatest difference over the greatest value.
  private func difference(_ a: [String: [Float]], _ b: [String: [Float]]) -> Float {
    #expect(a.keys.sorted() == b.keys.sorted())
    return a.map { name, values in
      let scale = values.map(abs).max() ?? 0
      return (zip(values, b[name] ?? []).map { abs($0 - $1) }.max() ?? .infinity) / max(scale, 1e-12)
    }.max() ?? .infinity
  }

  private let textWithoutDropout = ["--set", "model.dropout=0"]

  @Test("batches whose gradients are added up make the step of one large batch")
  func accumulation() throws {
    let space = try Workspace()
    let base = SmallRun.text.train("backbone", to: "large", "--optimizer", "sgd", "--lr", "0.1") + textWithoutDropout
    try space.run(base + ["--batch-size", "48"], expecting: 0)
    let parts = base.map { $0 == "large" ? "parts" : $0 }
    try space.run(parts + ["--batch-size", "16", "--set", "gradient.accumulate=3"], expecting: 0)
    let large = try space.data("large/summary.json"), small = try space.data("parts/summary.json")
    #expect(Document(large)?["steps"] == Document(small)?["steps"])
    let apart = try difference(weights(space, "large/weights/last.safetensors"), weights(space, "parts/weights/last.safetensors"))
    #expect(apart < 2e-3)
    try space.run(base.map { $0 == "large" ? "small" : $0 } + ["--batch-size", "16"], expecting: 0)
    let other = try difference(weights(space, "large/weights/last.safetensors"), weights(space, "small/weights/last.safetensors"))
    #expect(other > 10 * apart)
  }

  @Test("averaging events land at the stated epochs and steps with accumulation too")
  func accumulatedPlan() throws {
    let space = try Workspace()
    for (start, period) in [("1ep", "1ep"), ("3st", "3st"), ("0.2dur", "0.2dur")] {
      let flags = SmallRun.vision.arguments + [
        "--method", "pswa", "--set", "gradient.accumulate=3", "--set", "averaging.start=\(start)", "--set",
        "averaging.period=\(period)",
      ]
      // 144 examples in steps of 3 batches of 16: 3 steps an epoch.
      let plan = try space.json(["plan"] + flags)
      #expect(plan["steps"]?.integer == 15)
      let restarts = plan["events"]?.items.filter { $0["kind"]?.text == "restart" }.compactMap { $0["step"]?.integer }
      #expect(restarts == [6, 9, 12], "\(start)")
      let out = "run-\(start)"
      let summary = try space.json(["train", "--threads", "1", "--out", out] + flags)
      #expect(summary["averaged"]?["restarts"]?.integer == 3)
      #expect(summary["averaged"]?["totalSamples"]?.integer == plan["events"]?.items.filter { $0["kind"]?.text == "sample" }.count)
    }
  }

  @Test("frozen parameters keep their bits, the others do not")
  func freezing() throws {
    let space = try Workspace()
    let base = SmallRun.vision.train("swa", to: "run") + ["--set", "parameters.freeze=layer1,*.bias"]
    try space.run(base, expecting: 0)
    // Frozen there too: a rate of 1e-30 still moves a bias of 0.
    try space.run(
      SmallRun.vision.train(
        "backbone", to: "start", "--lr", "1e-30", "--epochs", "1", "--set", "parameters.freeze=layer1,*.bias"), expecting: 0)
    let start = try TensorFile(space.data("start/weights/last.safetensors")).tensors
    for file in ["last", "averaged"] {
      let end = try TensorFile(space.data("run/weights/\(file).safetensors")).tensors
      for (name, entry) in end where !name.contains("running") && !name.contains("num_batches") {
        let isFrozen = name.hasPrefix("layer1.") || name.hasSuffix(".bias")
        #expect((entry == start[name]) == isFrozen, "\(file) \(name)")
      }
    }
    try space.refused(SmallRun.graph.train("swa", to: "no", "--set", "parameters.freeze=*"), 64, saying: "nothing to train or average")
    try space.refused(SmallRun.graph.train("swa", to: "no", "--set", "parameters.freeze=con"), 64, saying: "'con'", "convs.0")
    #expect(!space.exists("no"))
  }

  @Test("the norm and the values of gradients are limited")
  func clipping() throws {
    let space = try Workspace()
    let flags = [
      "--epochs", "1", "--optimizer", "sgd", "--set", "optimizer.momentum=0", "--set", "optimizer.weightDecay=0", "--schedule", "constant",
      "--set", "model.dropout=0",
    ]
    func run(_ out: String, _ rate: String, _ extra: String...) throws -> [Float] {
      try space.run(SmallRun.graph.train("backbone", to: out, "--lr", rate) + flags + extra, expecting: 0)
      return try weights(space, "\(out)/weights/last.safetensors").sorted { $0.key < $1.key }.flatMap(\.value)
    }
    // One step of rate 1 moves the weights by the gradient itself.
    let start = try run("start", "1e-30")
    let free = zip(try run("free", "1"), start).map { $0 - $1 }
    let norm = free.map { Double($0) * Double($0) }.reduce(0, +).squareRoot()
    let limit = norm / 4
    let clipped = zip(try run("norm", "1", "--set", "gradient.clipNorm=\(limit)"), start).map { $0 - $1 }
    #expect(abs(clipped.map { Double($0) * Double($0) }.reduce(0, +).squareRoot() / limit - 1) < 1e-4)
    #expect(zip(clipped, free).allSatisfy { abs($0 * 4 - $1) < 1e-5 })
    let greatest = free.map(abs).max() ?? 0
    let valued = zip(try run("value", "1", "--set", "gradient.clipValue=\(greatest / 2)"), start).map { $0 - $1 }
    #expect(zip(valued, free).allSatisfy { abs($0 - min(max($1, -greatest / 2), greatest / 2)) < 1e-6 })
    // A limit that is not reached changes nothing.
    let wide = try run("wide", "1", "--set", "gradient.clipNorm=\(norm * 2)")
    #expect(try wide == run("again", "1"))
  }

  @Test("observers change nothing, and see what the method of that name would", arguments: SmallRun.all)
  func observers(small: SmallRun) throws {
    let space = try Workspace()
    let list = "swa,swa:0.4dur,swa:0.2dur:every=2ep"
    let alone = try space.json(small.train("pswa", to: "plain"))
    let summary = try space.json(small.train("pswa", to: "watched", "--observe", list))
    #expect(summary["averaged"] == alone["averaged"])
    let plain = try space.results(of: "plain"), watched = try space.results(of: "watched")
    for (name, bytes) in plain { #expect(watched[name] == bytes, "\(name)") }
    #expect(summary["observed"]?.keys == Set(list.split(separator: ",").map(String.init)))
    #expect(watched.keys.filter { $0.hasPrefix("observed-") }.count == 3)
    for name in summary["observed"]?.keys ?? [] {
      #expect((summary["observed"]?[name]?["samples"]?.integer ?? 0) > 0)
      #expect(summary["observed"]?[name]?["test"]?["accuracy"]?.number != nil)
    }
    // On the backbone's trajectory an observing swa is method wa.
    try space.run(small.train("wa", to: "wa"), expecting: 0)
    let same = try space.json(small.train("backbone", to: "backbone", "--observe", "swa"))
    #expect(try space.data("wa/weights/averaged.safetensors") == space.data("backbone/weights/observed-swa.safetensors"))
    let own = Document(try space.data("wa/summary.json"))
    #expect(same["observed"]?["swa"]?["test"] == own?["averaged"]?["test"])
  }

  @Test("an observer that cannot be is refused before training")
  func badObservers() throws {
    let space = try Workspace()
    for (list, words) in [
      ("swaa", "'swa'"), ("pswa", "changes nothing"), ("swa,swa", "twice"), ("swa:start=2dur", "start"), ("swa:0.9", "0.9"),
      ("none", "observes nothing"), ("swa:every=1ep:every=2ep", "twice"), ("swa:evry=1ep", "every"), ("", "averaging policy"),
    ] {
      let outcome = try space.run(SmallRun.graph.train("backbone", to: "run", "--observe", list), expecting: 64)
      #expect(outcome.errors.contains(words) || words == "changes nothing" && outcome.errors.contains("may change nothing"), "\(list): \(outcome)")
      #expect(!space.exists("run"))
    }
  }

  @Test("exact statistics do not depend on the size of batches, pooled ones do")
  func exactStatistics() throws {
    let space = try Workspace()
    // At this rate the average is the initial network: only its statistics are made anew.
    func averaged(_ mode: String, _ size: Int) throws -> [String: [Float]] {
      let out = "\(mode)-\(size)"
      try space.run(
        ["train", "--quiet", "--threads", "2", "--out", out, "--model", "preresnet8", "--dataset", "shapes", "--epochs", "1", "--lr", "1e-30",
          "--set", "model.width=8", "--set", "dataset.size=16", "--set", "dataset.train=500", "--set", "dataset.test=40", "--method", "swa",
          "--bn-update", mode, "--batch-size", "\(size)"], expecting: 0)
      return try weights(space, "\(out)/weights/averaged.safetensors").filter { $0.key.contains("running") }
    }
    let exact = try [32, 100, 128].map { try averaged("exact", $0) }
    #expect(difference(exact[0], exact[1]) <= 1e-6 && difference(exact[0], exact[2]) <= 1e-6)
    let pooled = try [32, 128].map { try averaged("pooled", $0) }
    #expect(difference(pooled[0], pooled[1]) > 1e-4)
    // The first layer's inputs are the same whatever the batches; so are its pooled moments.
    #expect(difference(pooled[0].filter { $0.key.hasPrefix("layer1.0.bn1") }, exact[0].filter { $0.key.hasPrefix("layer1.0.bn1") }) < 1e-5)
    let reference = try averaged("reference", 128)
    #expect(difference(reference, exact[0]) > 1e-3)
  }

  @Test("a pass over statistics that have settled ends early and says so")
  func settled() throws {
    let space = try Workspace()
    let flags = SmallRun.vision.train("swa", to: "run", "--batch-size", "8", "--bn-tolerance", "0.5")
    let summary = try space.json(flags)
    let pass = try #require(summary["averaged"]?["normalization"])
    #expect((pass["examples"]?.integer ?? 999) < 144)
    let whole = try space.json(SmallRun.vision.train("swa", to: "whole", "--batch-size", "8"))
    #expect(whole["averaged"]?["normalization"]?["examples"]?.integer == 144)
  }

  @Test("16-bit products train nearly as 32-bit ones", arguments: SmallRun.all, ["bf16", "fp16"])
  func precision(small: SmallRun, precision: String) throws {
    let space = try Workspace()
    let exact = try space.json(small.train("backbone", to: "exact", "--epochs", "2"))
    let rough = try space.json(small.train("backbone", to: "rough", "--epochs", "2", "--precision", precision))
    let a = try #require(exact["train"]?["loss"]?.number), b = try #require(rough["train"]?["loss"]?.number)
    #expect(abs(a - b) < 0.05 * a)
    #expect((rough["test"]?["loss"]?.number ?? .nan) > 0)
    if small.domain != "graph" { #expect(a != b) }
  }

  @Test("label smoothing and class weights act on training, not on what is reported")
  func losses() throws {
    let space = try Workspace()
    let plain = try space.json(SmallRun.graph.train("backbone", to: "plain", "--lr", "1e-30", "--epochs", "1"))
    for (index, setting) in ["loss.labelSmoothing=0.3", "loss.classWeights=1,2,3,4,5", "loss.classWeights=balanced"].enumerated() {
      let other = try space.json(SmallRun.graph.train("backbone", to: "other\(index)", "--lr", "1e-30", "--epochs", "1", "--set", setting))
      #expect(other["test"] == plain["test"])
      #expect(index == 2 || other["train"]?["loss"] != plain["train"]?["loss"], "\(setting)")
    }
    for (setting, words) in [
      ("loss.classWeights=1,2", "5 weights"), ("loss.classWeights=1,2,3,4,x", "'x'"), ("loss.classWeights=-1,1,1,1,1", "'-1'"),
      ("loss.labelSmoothing=1", "0.0 to 0.999"), ("loss.smoothing=1", "loss.labelSmoothing"), ("gradient.accumulate=0", "1 to"),
      ("gradient.accumulate=2", "--batch-size"),
    ] {
      try space.refused(SmallRun.graph.train("backbone", to: "no", "--set", setting), 64, saying: words)
    }
  }

  @Test("a second pass of SAM leaves normalization statistics alone")
  func twoPasses() throws {
    let space = try Workspace()
    func counters(_ out: String) throws -> Set<Data> {
      let tensors = try TensorFile(space.data("\(out)/weights/last.safetensors")).tensors
      return Set(tensors.filter { $0.key.hasSuffix("num_batches_tracked") }.map(\.value.bytes))
    }
    try space.run(SmallRun.vision.train("backbone", to: "sgd"), expecting: 0)
    // At a radius of almost nothing the second gradient is the first.
    try space.run(
      SmallRun.vision.train("backbone", to: "sam", "--optimizer", "sam:sgd", "--set", "optimizer.rho=1e-12"), expecting: 0)
    #expect(try counters("sam") == counters("sgd") && counters("sgd").count == 1)
    let apart = try difference(weights(space, "sgd/weights/last.safetensors"), weights(space, "sam/weights/last.safetensors"))
    #expect(apart < 1e-2)
    try space.run(SmallRun.vision.train("backbone", to: "far", "--optimizer", "sam:sgd", "--set", "optimizer.rho=1"), expecting: 0)
    let far = try difference(weights(space, "sgd/weights/last.safetensors"), weights(space, "far/weights/last.safetensors"))
    #expect(far > 10 * apart)
  }

  @Test("Schedule-Free reports the weights it evaluates, with statistics of their own")
  func scheduleFree() throws {
    let space = try Workspace()
    let flags = SmallRun.vision.train("backbone", to: "run", "--optimizer", "schedule-free-sgd", "--checkpoint-every", "1st", "--keep", "1")
    let summary = try space.json(flags)
    let evaluated = try space.json(["evaluate", "run", "--weights", "last"])
    #expect(evaluated["test"] == summary["test"])
    // The checkpoint of the last step holds what is trained, which is something else.
    // Parameters alone: statistics differ in any case.
    let trained = try weights(space, "run/checkpoints/step-000000045/model.safetensors").filter { !$0.key.contains("running") }
    let reported = try weights(space, "run/weights/last.safetensors").filter { !$0.key.contains("running") }
    #expect(difference(trained, reported) > 1e-3)
    // An average samples what is evaluated: of the last step alone it is the same.
    let last = try space.json(SmallRun.vision.train("backbone", to: "one", "--optimizer", "schedule-free-sgd", "--observe", "lawa:1"))
    #expect(last["test"] == last["observed"]?["lawa:1"]?["test"])
  }

  @Test("draws of SWAG are evaluated by their mean prediction")
  func draws() throws {
    let space = try Workspace()
    func run(_ out: String, _ settings: String...) throws -> Document {
      try space.json(
        SmallRun.vision.train("swag", to: out, "--set", "averaging.start=0.3dur", "--set", "averaging.draws=3")
          + settings.flatMap { ["--set", $0] })
    }
    let usual = try run("usual"), none = try run("none", "averaging.scale=0")
    #expect(usual["averaged"]?["draws"]?.integer == 3)
    #expect(usual["averaged"]?["mean"]?["test"] == none["averaged"]?["mean"]?["test"])
    #expect(usual["averaged"]?["test"] != usual["averaged"]?["mean"]?["test"])
    // Without spread every draw is the mean.
    let drawn = try #require(none["averaged"]?["test"]?["loss"]?.number)
    let mean = try #require(none["averaged"]?["mean"]?["test"]?["loss"]?.number)
    #expect(abs(drawn - mean) < 1e-5 * mean)
  }
}
