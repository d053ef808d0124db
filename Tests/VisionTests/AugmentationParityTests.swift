import Foundation
import PluginAPI
import Testing
import Vision
import VisionKernels

/// Operations, scaling (columns first) and levels against torchvision's on PIL pictures: equal bytes everywhere.
@Suite struct AugmentationParityTests {
  private func fixture() throws -> AugmentationFixture {
    try #require(AugmentationFixture.shared, "no augmentations.json, or not as expected")
  }

  @Test(arguments: PictureOperation.Kind.allCases) func operationsGiveTheReferencesBytes(_ kind: PictureOperation.Kind) throws {
    let fixture = try fixture()
    let cases = fixture.operations.filter { $0.kind == kind.rawValue }
    try #require(!cases.isEmpty)
    for item in cases {
      let picture = try #require(fixture.pictures[item.picture])
      var pixels = [UInt8](picture.bytes)
      try PictureOperation.apply(
        [PictureOperation(kind, item.value)], to: &pixels, size: picture.size, channels: picture.channels)
      let wrong = zip(pixels, item.bytes).count { $0 != $1 }
      #expect(pixels.count == item.bytes.count && wrong == 0, "\(kind) \(item.value) of \(item.picture): \(wrong) differ")
    }
  }

  @Test func cropsAreScaledToTheReferencesBytes() throws {
    let fixture = try fixture()
    try #require(fixture.resizes.count > 8)
    for item in fixture.resizes {
      let picture = try #require(fixture.pictures[item.picture])
      func axis(_ low: Int, _ count: Int, _ out: Int) -> VisionAxis {
        VisionAxis(
          start: Double(low), ratio: Double(count) / Double(out), first: 0, count: Int32(out), low: Int32(low),
          high: Int32(low + count))
      }
      var rows = axis(item.box[0], item.box[2], item.size[0]), columns = axis(item.box[1], item.box[3], item.size[1])
      var out = [UInt8](repeating: 0, count: item.bytes.count)
      let status = vision_resample(
        [UInt8](picture.bytes), Int64(picture.width * picture.channels), Int32(picture.channels), &rows, &columns, &out)
      #expect(status == 0)
      let wrong = zip(out, item.bytes).count { $0 != $1 }
      #expect(wrong == 0, "\(item.box) of \(item.picture) to \(item.size): \(wrong) differ")
    }
  }

  @Test func levelsAreTheReferences() throws {
    let levels = try fixture().levels
    try #require(levels.count > 100)
    for level in levels {
      let kind = try #require(PictureOperation.Kind(rawValue: level.kind))
      let operation = try RandAugment(count: 1, magnitude: level.magnitude).operation(
        kind, isNegative: level.isNegative, size: PictureSize(height: level.height, width: level.width))
      #expect(operation == PictureOperation(kind, level.value), "magnitude \(level.magnitude)")
    }
    // Drawn in torchvision's order.
    let order = levels.filter { $0.magnitude == 0 && $0.height == 32 && !$0.isNegative }.map(\.kind)
    #expect(RandAugment.table.map(\.rawValue) == order)
  }
}
