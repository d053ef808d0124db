import Foundation
import Testing

/// The presets that repeat the paper's tables, over two epochs on a few pictures in the form CIFAR is published in.
@Suite("presets of the paper", .serialized) struct PaperExperimentTests {
  /// `count` records: label bytes, then the three planes of 32x32 pixels.
  private func records(_ count: Int, classes: Int, seed: Int) -> Data {
    var bytes: [UInt8] = []
    var state = UInt32(truncatingIfNeeded: seed &* 2_654_435_761 &+ 1)
    for index in 0..<count {
      if classes == 100 { bytes.append(UInt8(index * 20 / count)) }
      bytes.append(UInt8(index * classes / count))
      for _ in 0..<3072 {
        state = state &* 1_664_525 &+ 1_013_904_223
        bytes.append(UInt8(state >> 24))
      }
    }
    return Data(bytes)
  }

  @Test("run from the first flag to the table", arguments: [10, 100])
  func preset(classes: Int) throws {
    let space = try Workspace()
    if classes == 10 {
      for part in 1...5 {
        try space.write(records(4, classes: 10, seed: part), to: "data/cifar-10-batches-bin/data_batch_\(part).bin")
      }
      try space.write(records(4, classes: 10, seed: 9), to: "data/cifar-10-batches-bin/test_batch.bin")
    } else {
      try space.write(records(20, classes: 100, seed: 1), to: "data/cifar-100-binary/train.bin")
      try space.write(records(4, classes: 100, seed: 9), to: "data/cifar-100-binary/test.bin")
    }
    // All methods with the small network; the large ones, whose names and rates tests of the module check, with one.
    let all = try space.json([
      "bench", "--preset", "paper-cifar\(classes)", "--models", "vgg16", "--epochs", "2", "--batch-size", "4", "--seeds", "1",
      "--data-root", "data", "--out", "all",
    ])
    #expect(all["rows"]?.items.map { $0["method"]?.text } == ["backbone", "swa", "dswa", "tswa", "pswa"])
    #expect(all["rows"]?.items.allSatisfy { $0["failures"]?.items.isEmpty == true } == true)
    let pswa = try #require(all["runs"]?.items.last?["summary"])
    #expect(pswa["method"]?.text == "pswa" && (pswa["averaged"]?["totalSamples"]?.integer ?? 0) > 0)
    // All pictures are trained on.
    #expect(pswa["validation"]?.isNull == true && pswa["averaged"]?["test"]?["accuracy"]?.number != nil)
    let configuration = String(
      decoding: try space.data("all/runs/vision-vgg16-cifar\(classes)-pswa-0/config.yaml"), as: UTF8.self)
    for line in ["bnUpdate: reference", "batchSize: 4", "learningRate: 0.05", "optimizer.weightDecay: 0.0005"] {
      #expect(configuration.contains(line), "no '\(line)' in \(configuration)")
    }
    if classes == 10 {
      let large = try space.json([
        "bench", "--preset", "paper-cifar10", "--models", "preresnet164,wrn28-10", "--methods", "pswa", "--epochs", "2", "--batch-size",
        "4", "--seeds", "1", "--data-root", "data", "--out", "large",
      ])
      #expect(large["rows"]?.items.map { $0["model"]?.text } == ["preresnet164", "wrn28-10"])
      #expect(large["plan"]?["cases"]?.items.map { $0["learningRate"]?.number } == [0.1, 0.1])
      #expect(large["rows"]?.items.allSatisfy { $0["failures"]?.items.isEmpty == true } == true)
    }
  }

  @Test("say what is missing where CIFAR is not there")
  func missing() throws {
    let space = try Workspace()
    try FileManager.default.createDirectory(atPath: space("data"), withIntermediateDirectories: true)
    let outcome = try space.run([
      "bench", "--preset", "paper-cifar10", "--models", "vgg16", "--methods", "backbone", "--seeds", "1", "--data-root", "data",
      "--out", "none",
    ])
    #expect(outcome.ending == .exited(66) && (outcome.errors + outcome.text).contains("cifar"), "\(outcome)")
  }
}
