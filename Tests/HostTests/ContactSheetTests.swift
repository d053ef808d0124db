import CPNG
import Foundation
import Host
import PluginAPI
import Testing

/// Pictures of one colour each, told by their index; augmentation turns them around and, where wanted, mixes labels.
private struct Dots: Dataset {
  struct DatasetOptions: Options {
    var mixing = false
    var augment = true
    var blind = false
    init() {}
    static var fields: [Field<Self>] {
      [Field("mixing", \.mixing, "soft labels"), Field("augment", \.augment, "invert"), Field("blind", \.blind, "no pictures")]
    }
  }

  static let count = 40, side = 10
  let options: DatasetOptions
  init(_ options: DatasetOptions, source: DataSource, random: Random) { self.options = options }

  var facts: DatasetFacts<ImageBatch.Shape> {
    DatasetFacts(
      shape: ImageBatch.Shape(channels: 1, height: Self.side, width: Self.side), task: .classification(classes: 3),
      classNames: ["naught", "one", "two"])
  }

  func count(_ split: Split) -> Int { split == .validation ? 0 : Self.count }
  func labels(_ split: Split) -> [Int32]? { (0..<Self.count).map { Int32($0 % 3) } }

  static func value(_ id: Int, of split: Split) -> UInt8 { UInt8(id * 3 + (split == .test ? 130 : 0)) }

  func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: ImageBatch, target: Tensor) {
    let isAugmented = augmentation != nil && options.augment
    let values = ids.flatMap { id in
      [Float](repeating: Float(isAugmented ? 255 - Self.value(id, of: split) : Self.value(id, of: split)), count: Self.side * Self.side)
    }
    let images = try Tensor(values, shape: [ids.count, 1, Self.side, Self.side])
    guard isAugmented, options.mixing else { return (ImageBatch(images), try Tensor(ids.map { Int64($0 % 3) }, shape: [ids.count])) }
    let shares: [Float] = ids.flatMap { id -> [Float] in
      var row: [Float] = [0.05, 0.05, 0.05]
      row[id % 3] = 0.7
      row[(id + 1) % 3] = 0.25
      return row
    }
    return (ImageBatch(images), try Tensor(shares, shape: [ids.count, 3]))
  }

  func pictures(of input: ImageBatch) throws -> Tensor? {
    options.blind ? nil : try input.images.permuted([0, 2, 3, 1]).to(.uint8)
  }
}

@Suite("contact sheets") struct ContactSheetTests {
  private func dataset(_ settings: [String: String] = [:]) throws -> any LoadedDataset {
    var registry = Registry(module: "test", domain: "test")
    registry.add(dataset: "dots", Dots.self, "")
    return try registry.datasets[0].make(settings, source: DataSource(name: "dots"), random: Random(seed: 0))
  }

  /// Grey values of a PNG file, and its sides.
  private func decode(_ data: Data) throws -> (width: Int, height: Int, grey: [UInt8]) {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    var pixels: [UInt8] = []
    // libpng keeps the pointer from the first call to the second.
    let isWhole = [UInt8](data).withUnsafeBytes { bytes in
      guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else { return false }
      image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
      pixels = [UInt8](repeating: 0, count: Int(image.width) * Int(image.height) * 3)
      return png_image_finish_read(&image, nil, &pixels, 0, nil) != 0
    }
    try #require(isWhole)
    return (Int(image.width), Int(image.height), stride(from: 0, to: pixels.count, by: 3).map { pixels[$0] })
  }

  /// What the first step of a run takes, from the words of the random streams alone.
  private func expectedOrder(seed: UInt64) throws -> [Int] {
    let held = Set(try Splits(dataset(), fraction: 0.1, seed: 0, fold: nil).validation?.ids ?? [])
    let training = (0..<Dots.count).filter { !held.contains($0) }
    return Random(seed: seed)["order"][0].permutation(training.count).map { training[$0] }
  }

  @Test("training: the first examples of a run's first step, originals to the left of augmented ones")
  func training() throws {
    for seed in [0, 7] {
      let sheet = try ContactSheet(of: dataset(), named: "dots", .init(rows: 2, columns: 3, seed: seed))
      let order = try expectedOrder(seed: UInt64(seed)).prefix(6)
      #expect(sheet.examples.map(\.index) == Array(order))
      #expect(sheet.examples.map(\.caption) == order.map { ["naught", "one", "two"][$0 % 3] })
      let (width, _, grey) = try decode(sheet.png())
      // 10 pixels become 90; two of them with a seam, then a gap.
      #expect(width == 3 * (90 + 2 + 90 + 10) + 10)
      for (index, example) in order.enumerated() {
        let x = 10 + index % 3 * 192, y = 26 + index / 3 * (90 + 18 + 10)
        for (dx, expected) in [(0, Dots.value(example, of: .train)), (92, 255 - Dots.value(example, of: .train))] {
          for (px, py) in [(0, 0), (89, 0), (0, 89), (89, 89), (40, 40)] { #expect(grey[(y + py) * width + x + dx + px] == expected) }
        }
      }
    }
  }

  @Test("without augmentation one picture each; other splits as evaluated")
  func plain() throws {
    let sheet = try ContactSheet(of: dataset(["augment": "false"]), named: "dots", .init(rows: 1, columns: 4))
    #expect(try decode(sheet.png()).width == 4 * 100 + 10 && sheet.title.contains("without augmentation"))
    let test = try ContactSheet(of: dataset(), named: "dots", .init(split: .test, rows: 1, columns: 2, seed: 1))
    let (width, _, grey) = try decode(test.png())
    #expect(width == 2 * 100 + 10)
    for (index, example) in test.examples.enumerated() {
      #expect(grey[30 * width + 10 + index * 100] == Dots.value(example.index, of: .test))
    }
    #expect(test.examples.map(\.index) != [0, 1])
  }

  @Test("mixed labels: the two largest shares")
  func mixed() throws {
    let sheet = try ContactSheet(of: dataset(["mixing": "true"]), named: "dots", .init(rows: 1, columns: 2))
    let names = ["naught", "one", "two"]
    #expect(sheet.examples.map(\.caption) == sheet.examples.map { "\(names[$0.index % 3]) 70% \(names[($0.index + 1) % 3]) 25%" })
  }

  @Test("more places than examples; no pictures")
  func limits() throws {
    let all = try ContactSheet(of: dataset(), named: "dots", .init(rows: 10, columns: 10))
    #expect(Set(all.examples.map(\.index)) == Set(try expectedOrder(seed: 0)))
    do {
      _ = try ContactSheet(of: dataset(["blind": "true"]), named: "dots", .init())
      Issue.record("drawn without pictures")
    } catch let error as BasinError {
      #expect(error.kind == .usage && error.description.contains("dots has no pictures"), "\(error)")
    }
  }
}
