import Foundation
import Testing

/// The packages in plugins/, built by ./basin-test.
@Suite("plug-ins", .serialized) struct PluginTests {
  static func library(_ name: String, package: String) -> String? {
    let folder = ProcessInfo.processInfo.environment["BASIN_TEST_PLUGINS"].flatMap { $0.isEmpty ? nil : $0 }
    let places = [folder, "\(BuiltProgram.checkout)/plugins/\(package)/.build/release"].compactMap {
      $0.map { "\($0)/lib\(name).so" }
    }
    return places.first { FileManager.default.fileExists(atPath: $0) }
  }

  static let linear = library("LinearPixels", package: "linear-pixels")
  static let broken = library("BrokenShapes", package: "broken-shapes")

  private static let pictures = [
    "--dataset", "shapes", "--set", "dataset.size=16", "--set", "dataset.train=400", "--set", "dataset.test=100",
    "--set",
    "dataset.augment=false", "--threads", "1", "--quiet",
  ]

  @Test(
    "the model of the README trains",
    .enabled(if: linear != nil, "skipped: plugins/linear-pixels is not built (./basin-test does)"))
  func linearPixels() throws {
    let space = try Workspace()
    let plugin = ["--plugin", try #require(Self.linear)]
    let models = try space.json(["list", "models"] + plugin)["models"]?.items ?? []
    #expect(models.contains { $0["name"]?.text == "linear-pixels" && $0["module"]?.text == "linear-pixels" })
    let described = try space.json(["describe", "model", "linear-pixels"] + plugin)
    #expect(described["parameters"]?.integer == 10 * 3 * 32 * 32 + 10)
    let summary = try space.json(
      ["train", "--model", "linear-pixels", "--method", "pswa", "--epochs", "20", "--batch-size", "32", "--out", "run"]
        + Self.pictures + plugin)
    #expect(summary["parameters"]?.integer == 10 * 3 * 16 * 16 + 10)
    #expect((summary["train"]?["accuracy"]?.number ?? 0) > 0.3)
    // The run remembers its plug-in.
    let evaluated = try space.json(["evaluate", "run", "--weights", "averaged"])
    #expect(evaluated["test"] == summary["averaged"]?["test"])
  }

  @Test(
    "a shape error names the operation, the shapes and the layer",
    .enabled(if: broken != nil, "skipped: plugins/broken-shapes is not built (./basin-test does)"))
  func brokenShapes() throws {
    let space = try Workspace()
    try space.refused(
      ["train", "--model", "broken-shapes", "--out", "run", "--plugin", try #require(Self.broken)] + Self.pictures, 70,
      saying: "broken-shapes", "conv2d", "[16, 8, 16, 16]", "[16, 5, 3, 3]", "features.1")
    #expect(!space.exists("run"))
  }
}
