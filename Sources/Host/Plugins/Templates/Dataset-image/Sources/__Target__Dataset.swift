import Foundation
import PluginAPI

/// Grey pictures of waves in four directions with noise on top, made from a seed: the class is the direction.
///
/// Every picture is a function of its split and number alone, so nothing is kept in memory.
public struct __Target__Dataset: Dataset {
  public struct DatasetOptions: Options {
    public var size = 16
    public var train = 1000
    public var validation = 200
    public var test = 400
    public var noise = 0.5
    public var dataSeed = 0

    public init() {}

    // Name, property, range and help of each: `basin describe dataset __name__` shows them, `--set dataset.size=24` sets one.
    public static var fields: [Field<Self>] {
      [
        Field("size", \.size, in: 4...512, "height and width of a picture"),
        Field("train", \.train, in: 8...10_000_000, "pictures to train on"),
        Field("validation", \.validation, in: 0...1_000_000, "pictures to validate on; 0: a part of train is taken"),
        Field("test", \.test, in: 0...1_000_000, "pictures to test on; 0: a part of train is taken"),
        Field("noise", \.noise, in: 0...10, "standard deviation of the noise; the waves reach from -1 to 1"),
        Field("dataSeed", \.dataSeed, in: 0...Int.max, "seed of the pictures; the run's seed does not touch them"),
      ]
    }
  }

  private static let directions = ["horizontal", "vertical", "rising", "falling"]
  private let options: DatasetOptions
  private let random: Random

  /// Reads the data: here there is none. `source` has a data root or path where there is; `random` is the same in every run.
  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    self.options = options
    self.random = random[options.dataSeed]
  }

  public var facts: DatasetFacts<ImageBatch.Shape> {
    DatasetFacts(
      shape: ImageBatch.Shape(channels: 1, height: options.size, width: options.size),
      task: .classification(classes: Self.directions.count), classNames: Self.directions)
  }

  public func count(_ split: Split) -> Int {
    switch split {
    case .train: options.train
    case .validation: options.validation
    case .test: options.test
    }
  }

  public func labels(_ split: Split) -> [Int32]? { (0..<count(split)).map { label($0) } }

  /// Float32 `[N, 1, H, W]` and classes `[N]`. With `augmentation`, some pictures are turned by half a circle, which leaves
  /// the direction as it is.
  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: ImageBatch, target: Tensor) {
    let turns = augmentation?.integers(ids.count, below: 2) ?? [Int](repeating: 0, count: ids.count)
    let pixels = zip(ids, turns).flatMap { id, turn in turn == 0 ? picture(id, split) : picture(id, split).reversed() }
    let images = try Tensor(pixels, shape: [ids.count, 1, options.size, options.size])
    return (ImageBatch(try images.channelsLast()), try Tensor(ids.map { Int64(label($0)) }))
  }

  private func label(_ id: Int) -> Int32 { Int32(id % Self.directions.count) }

  private func picture(_ id: Int, _ split: Split) -> [Float] {
    let size = options.size
    let own = random[split.rawValue][id]
    let draws = own["wave"].uniform(2)
    // Two to four waves across the picture, beginning anywhere.
    let frequency = 2 * Double.pi * Double(2 + 2 * draws[0]) / Double(size), phase = 2 * Double.pi * Double(draws[1])
    let (x, y) = [(0.0, 1.0), (1, 0), (0.7, -0.7), (0.7, 0.7)][Int(label(id))]
    // The sum of four uniform numbers is close enough to a normal one.
    let noise = own["noise"].uniform(4 * size * size)
    return (0..<size * size).map { index in
      let wave = sin(frequency * (x * Double(index % size) + y * Double(index / size)) + phase)
      let sum = noise[4 * index] + noise[4 * index + 1] + noise[4 * index + 2] + noise[4 * index + 3]
      return Float(wave) + Float(options.noise) * (sum - 2) * 1.732
    }
  }
}
