import Foundation
import Testing

@Suite("commands", .serialized) struct CommandTests {
  @Test("list --json")
  func list() throws {
    let space = try Workspace()
    let all = try space.json(["list"])
    #expect(
      all.keys == ["domains", "models", "datasets", "methods", "optimizers", "schedules", "averagings", "presets", "plugins"])
    #expect(Set(all["domains"]?.items.compactMap { $0["name"]?.text } ?? []) == ["graph", "vision", "text"])
    for kind in ["models", "datasets"] {
      #expect(
        all[kind]?.items.allSatisfy {
          $0["name"]?.text != nil && $0["domain"]?.text != nil && $0["module"]?.text != nil
        } == true)
    }
    let methods = Set(all["methods"]?.items.compactMap { $0["name"]?.text } ?? [])
    #expect(methods.isSuperset(of: ["backbone", "backbone-chc", "wa", "swa", "dswa", "tswa", "pswa"]))
    let models = try space.json(["list", "models"])
    #expect(models.keys == ["models"] && models["models"] == all["models"])
  }

  @Test("describe --json knows everything that is listed", arguments: ["model", "dataset", "method"])
  func describe(kind: String) throws {
    let space = try Workspace()
    let names = try space.json(["list", kind + "s"])[kind + "s"]?.items.compactMap { $0["name"]?.text } ?? []
    #expect(names.count >= 3)
    // The deepest models take long to build and to measure on one core.
    let deepest = ["preresnet110", "preresnet164", "preresnet56", "resnet101", "resnet152", "densenet161", "densenet169", "wrn28-10"]
    for name in names where !deepest.contains(name) {
      let document = try space.json(["describe", kind, name])
      #expect(document["name"]?.text == name && document["kind"]?.text == kind)
      #expect(document["options"]?.isArray == true)
      if kind == "model" { #expect((document["parameters"]?.integer ?? 0) > 0, "\(name)") }
    }
  }

  @Test("a model's parameters are those of the default shape, or of the data set named")
  func parameters() throws {
    let space = try Workspace()
    // VGG16 in its CIFAR form: 13 convolutions of 3x3 and linear layers of 512, 512 and 10.
    let vgg = try space.json(["describe", "model", "vgg16"])
    #expect(vgg["parameters"]?.integer == 14_714_688 + 2 * (512 * 512 + 512) + 5130)
    #expect(vgg["shape"]?.text?.contains("3x32x32") == true)
    let gcn = try space.json(["describe", "model", "gcn", "--dataset", "communities", "--set", "model.hidden=8"])
    let summary = try space.json(SmallRun.graph.train("backbone", to: "run"))
    #expect(gcn["parameters"] == summary["parameters"])
  }

  @Test(
    "multiply-adds are the published ones",
    arguments: [
      ("resnet50", [], 25_557_032, 4_089_184_256), ("mobilenetv2", [], 3_504_872, 300_774_272),
      ("vgg16", ["--shape", "3x224x224", "--classes", "1000"], 138_357_544, 15_470_264_320),
    ] as [(String, [String], Int, Int)])
  func multiplyAdds(model: String, more: [String], parameters: Int, products: Int) throws {
    let space = try Workspace()
    let document = try space.json(["describe", "model", model] + more)
    #expect(document["parameters"]?.integer == parameters && document["multiplyAdds"]?.integer == products)
    let memory = try #require(document["memoryBytes"])
    #expect(try #require(memory["gradients"]?.integer) == 4 * parameters && memory["weights"]?.integer ?? 0 >= 4 * parameters)
    let example = try #require(memory["activationsPerExample"]?.integer)
    #expect(memory["activationsPerBatch"]?.integer == 128 * example)
  }

  @Test("activations are those that the layers keep")
  func activations() throws {
    let space = try Workspace()
    // By hand: the input of each convolution and normalization of 3x16x16 pictures at width 8 is kept once, ReLU being in place.
    let document = try space.json(["describe", "model", "preresnet8", "--shape", "3x16x16", "--set", "model.width=8"])
    let stages = 4 * (8 * 256 * 5 + (8 * 256 + 16 * 64 * 4) + (16 * 64 + 32 * 16 * 4))
    let example = try #require(document["memoryBytes"]?["activationsPerExample"]?.integer)
    #expect(Double(example) > 0.8 * Double(stages) && Double(example) < 1.6 * Double(stages), "\(example) for about \(stages)")
    try space.refused(["describe", "model", "preresnet8", "--shape", "16x16"], 64, saying: "3x32x32")
    try space.refused(["describe", "model", "transformer", "--shape", "3x16x16"], 64, saying: "Name a data set")
  }

  @Test("plan --json tells every event that the run then has", arguments: SmallRun.all)
  func plan(small: SmallRun) throws {
    let space = try Workspace()
    let plan = try space.json(["plan", "--method", "pswa"] + small.arguments)
    #expect(plan["steps"]?.integer == small.steps)
    let events = plan["events"]?.items ?? []
    #expect(
      events.allSatisfy {
        $0.keys == ["epoch", "step", "kind"] && $0["step"]?.integer != nil && $0["epoch"]?.number != nil
      })
    let samples = events.filter { $0["kind"]?.text == "sample" }.count
    let restarts = events.filter { $0["kind"]?.text == "restart" }.count
    #expect(samples + restarts == events.count)
    let averaged = try space.json(small.train("pswa", to: "run"))["averaged"]
    #expect(averaged?["totalSamples"]?.integer == samples)
    #expect(averaged?["restarts"]?.integer == restarts)
    let backbone = try space.json(["plan", "--method", "backbone"] + small.arguments)
    #expect(backbone["events"]?.isArray == true && backbone["events"]?.items.isEmpty == true)
    #expect(!space.exists("runs"))
  }

  @Test("plan --json of the paper's image run: PSWA with start 40, period 20 and 160 epochs")
  func paperPlan() throws {
    let space = try Workspace()
    let plan = try space.json([
      "plan", "--model", "preresnet8", "--dataset", "shapes", "--method", "pswa", "--epochs", "160", "--set",
      "averaging.start=40ep",
      "--set", "averaging.period=20ep", "--set", "dataset.train=1000", "--set", "dataset.size=16",
    ])
    let events = plan["events"]?.items ?? []
    #expect(
      events.filter { $0["kind"]?.text == "restart" }.compactMap { $0["epoch"]?.integer }
        == [60, 80, 100, 120, 140, 160].filter { $0 < 160 })
    #expect(events.filter { $0["kind"]?.text == "sample" }.compactMap { $0["epoch"]?.integer } == Array(41...160))
  }

  @Test("evaluate gives summary.json's figures, export the weights themselves", arguments: SmallRun.all)
  func evaluateAndExport(small: SmallRun) throws {
    let space = try Workspace()
    let summary = try space.json(small.train("pswa", to: "run", "--checkpoint-every", "5ep"))
    let last = try space.json(["evaluate", "run"])
    #expect(last["validation"] == summary["validation"] && last["test"] == summary["test"])
    let averaged = try space.json(["evaluate", "run", "--weights", "averaged"])
    #expect(
      averaged["validation"] == summary["averaged"]?["validation"] && averaged["test"] == summary["averaged"]?["test"])

    for choice in ["last", "averaged"] {
      let told = try space.json(["export", "run", "--weights", choice, "--to", "\(choice).safetensors"])
      let exported = try TensorFile(space.data("\(choice).safetensors"))
      #expect(try exported.tensors == TensorFile(space.data("run/weights/\(choice).safetensors")).tensors)
      #expect(told["tensors"]?.integer == exported.tensors.count && told["file"]?.text == "\(choice).safetensors")
      #expect(exported.metadata["format"] == "pt" && exported.metadata["model"] == small.model)
    }
    #expect(
      try TensorFile(space.data("last.safetensors")).tensors != TensorFile(space.data("averaged.safetensors")).tensors)
    let checkpoint = try #require(space.names(in: "run/checkpoints").last)
    let kept = try space.json(["evaluate", "run/checkpoints/\(checkpoint)"])
    #expect(kept["test"]?["loss"]?.number != nil)

    try space.refused(["evaluate", "run", "--weights", "best"], 66, saying: "best", "--select best")
    try space.refused(["export", "nowhere", "--to", "x"], 66, saying: "nowhere")
    let bytes = try space.data("run/weights/last.safetensors")
    try space.write(bytes.prefix(bytes.count / 2), to: "run/weights/last.safetensors")
    try space.refused(["evaluate", "run"], 65, saying: "last.safetensors")
    try space.refused(["export", "run", "--to", "x"], 65, saying: "last.safetensors")
    #expect(!space.exists("x"))
  }

  @Test("data inspect --json")
  func inspect() throws {
    let space = try Workspace()
    let keys: Set<String> = [
      "format", "graphs", "nodes", "edges", "directed", "nodeAttributes", "edgeAttributes", "classes", "examples",
      "warnings",
    ]
    let graph = try space.json(["data", "inspect", "communities"])
    #expect(keys.isSubset(of: graph.keys ?? []))
    #expect(graph["nodes"]?.integer == 1200 && graph["classes"]?.integer == 5 && graph["directed"]?.flag == false)
    let shapes = try space.json(["data", "inspect", "shapes", "--set", "dataset.train=100"])
    #expect(keys.isSubset(of: shapes.keys ?? []))
    #expect(
      shapes["classes"]?.integer == 10 && shapes["nodes"]?.isNull == true
        && shapes["examples"]?["train"]?.integer == 100)
    try space.write("text,label\nhello there,a\ngood bye,b\nwell,a\n", to: "table.csv")
    let table = try space.json(["data", "inspect", "table.csv"])
    #expect(table["classes"]?.integer == 2 && table["examples"]?["train"]?.integer == 3)
  }

  @Test("doctor --json")
  func doctor() throws {
    let document = try Workspace().json(["doctor"])
    #expect(document["passed"]?.flag == true)
    let names = document["checks"]?.items.compactMap { $0["name"]?.text } ?? []
    #expect(
      Set(names).isSuperset(of: [
        "program", "stamp", "shim", "LibTorch", "module graph", "module vision", "module text",
      ]))
  }

  @Test("bench writes a table and results.json, and --resume keeps finished runs")
  func bench() throws {
    let space = try Workspace()
    let flags = [
      "bench", "--domains", "graph", "--models", "gcn", "--datasets", "communities", "--seeds", "2", "--epochs", "8",
      "--jobs", "2", "--out",
      "bench",
    ]
    let results = try space.json(flags)
    #expect(try results == #require(Document(space.data("bench/results.json"))))
    let rows = results["rows"]?.items ?? []
    #expect(rows.compactMap { $0["method"]?.text } == ["backbone", "swa", "pswa"])
    #expect(rows.allSatisfy { $0["test"]?["values"]?.keys == ["0", "1"] && $0["test"]?["mean"]?.number != nil })
    #expect(rows[0]["difference"]?.isNull == true && rows[1]["difference"]?["pairs"]?.integer == 2)
    let runs = results["runs"]?.items ?? []
    #expect(runs.count == 6 && runs.allSatisfy { $0["summary"]?["test"]?["accuracy"]?.number != nil })
    let report = try String(decoding: space.data("bench/report.txt"), as: UTF8.self)
    #expect(report.contains("pswa") && report.contains("communities"))

    try space.refused(flags, 73, saying: "bench", "--resume")
    let names = space.names(in: "bench/runs")
    #expect(names.count == 6)
    let summaries = try names.map { try space.data("bench/runs/\($0)/summary.json") }
    try FileManager.default.removeItem(atPath: space("bench/runs/\(names[0])"))
    let resumed = try space.json(flags + ["--resume"])
    for (name, before) in zip(names, summaries).dropFirst() {
      #expect(try space.data("bench/runs/\(name)/summary.json") == before)
    }
    // Deterministic: also the run that was made again.
    #expect(resumed["rows"]?.items.map { $0["test"] } == rows.map { $0["test"] })
  }
}
