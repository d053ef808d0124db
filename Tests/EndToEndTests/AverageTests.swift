import Foundation
import Testing

@Suite("average", .serialized) struct AverageTests {
  private func floats(_ entry: TensorFile.Entry) -> [Float] {
    entry.bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
    }
  }

  @Test("the uniform soup is the mean; statistics are those of the mean, counters the first's", arguments: SmallRun.all)
  func uniform(small: SmallRun) throws {
    let space = try Workspace()
    for seed in 0..<3 { try space.run(small.train("backbone", to: "run\(seed)", "--seed", "\(seed)"), expecting: 0) }
    let document = try space.json([
      "average", "run0", "run1", "run2/weights/last.safetensors", "--to", "soup.safetensors",
    ])
    #expect(
      document["samples"]?.integer == 3 && document["ingredients"]?.items.count == 3
        && document["kind"]?.text == "uniform")
    let evaluated = try space.json(["evaluate", "run0"])
    #expect(document["ingredients"]?[0]?["test"] == evaluated["test"])
    let parts = try (0..<3).map { try TensorFile(space.data("run\($0)/weights/last.safetensors")).tensors }
    let soup = try TensorFile(space.data("soup.safetensors"))
    #expect(Set(soup.tensors.keys) == Set(parts[0].keys) && soup.metadata["samples"] == "3")
    var statistics = 0
    for (name, entry) in soup.tensors {
      if name.hasSuffix("num_batches_tracked") {
        #expect(entry == parts[0][name])
      } else if name.contains("running_") {
        statistics += 1
        #expect(parts.allSatisfy { $0[name] != entry })
      } else {
        let three = try parts.map { floats(try #require($0[name])) }
        for (index, value) in floats(entry).enumerated() {
          let mean = three.reduce(0.0) { $0 + Double($1[index]) } / 3
          #expect(abs(Double(value) - mean) <= 1e-6 * max(abs(mean), 1e-3))
        }
      }
    }
    #expect((statistics > 0) == (small.domain == "vision"))
    // The file is weights like any other: statistics that are estimated again give what was told.
    let told = document["test"]
    let drawn = try space.json([
      "landscape", "run0", "--to", "soup.safetensors", "--points", "2", "--bn-update", "pooled", "--out", "line",
    ])
    #expect(drawn["named"]?[1]?["test"]?["loss"] == told?["loss"])
  }

  @Test("a greedy soup is never below the best single one on validation", arguments: SmallRun.all)
  func greedy(small: SmallRun) throws {
    let space = try Workspace()
    for seed in 0..<3 { try space.run(small.train("backbone", to: "run\(seed)", "--seed", "\(seed)"), expecting: 0) }
    let document = try space.json(["average", "run0", "run1", "run2", "--greedy", "--to", "soup.safetensors"])
    let singles = document["ingredients"]?.items ?? []
    let accuracies = singles.compactMap { $0["validation"]?["accuracy"]?.number }
    let best = try #require(accuracies.max())
    #expect(try #require(document["validation"]?["accuracy"]?.number) >= best)
    let kept = singles.filter { $0["kept"]?.flag == true }
    #expect(
      kept.count == document["samples"]?.integer && kept.contains { $0["validation"]?["accuracy"]?.number == best })
    if kept.count == 1, let index = singles.firstIndex(of: kept[0]) {
      #expect(document["test"] == kept[0]["test"])
      #expect(
        try TensorFile(space.data("soup.safetensors")).tensors
          == TensorFile(space.data("run\(index)/weights/last.safetensors")).tensors)
    }
  }

  @Test("bad input")
  func badInput() throws {
    let space = try Workspace()
    let small = SmallRun.graph
    try space.run(small.train("backbone", to: "run"), expecting: 0)
    try space.run(small.train("backbone", to: "wide", "--set", "model.hidden=9"), expecting: 0)
    let to = ["--to", "soup.safetensors"]
    try space.refused(["average", "run"] + to, 64, saying: "two")
    try space.refused(["average", "run", "wide"] + to, 65, saying: "shape", "wide")
    try space.refused(["average", "run", "nowhere"] + to, 66, saying: "nowhere")
    try space.refused(["average", "run", "run", "--weights", "averaged"] + to, 66, saying: "averaged")
    try space.refused(
      ["average", "run", "run", "--to", "no/such/folder/soup.safetensors"], 73, saying: "no/such/folder")
    #expect(!space.exists("soup.safetensors"))
    // The graph run has validation data of its own; without any there is nothing to be greedy by.
    try space.run(SmallRun.text.train("backbone", to: "blind", "--validation-fraction", "0"), expecting: 0)
    try space.refused(["average", "blind", "blind", "--greedy"] + to, 64, saying: "validation")
  }
}
