import Foundation
import PluginAPI

/// Series of three forms (sine, square and sawtooth waves) of any frequency and phase, with noise on top, made from a seed.
public struct __Target__Dataset: Dataset {
  public struct DatasetOptions: Options {
    public var length = 64
    public var train = 1200
    public var test = 300
    public var noise = 0.3
    public var dataSeed = 0

    public init() {}

    // Name, property, range and help of each: `basin describe dataset __name__-waves` shows them.
    public static var fields: [Field<Self>] {
      [
        Field("length", \.length, in: 8...100_000, "measurements in a series"),
        Field("train", \.train, in: 8...10_000_000, "series to train on"),
        Field("test", \.test, in: 0...1_000_000, "series to test on; 0: a part of train is taken"),
        Field("noise", \.noise, in: 0...10, "half the range of the noise; the waves reach from -1 to 1"),
        Field("dataSeed", \.dataSeed, in: 0...Int.max, "seed of the series; the run's seed does not touch them"),
      ]
    }
  }

  private static let forms = ["sine", "square", "sawtooth"]
  private let options: DatasetOptions
  private let random: Random

  /// Reads the data: here there is none. `source` has a data root or path where there is; `random` is the same in every run.
  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    self.options = options
    self.random = random[options.dataSeed]
  }

  public var facts: DatasetFacts<__Target__Batch.Shape> {
    DatasetFacts(
      shape: __Target__Batch.Shape(length: options.length), task: .classification(classes: Self.forms.count),
      classNames: Self.forms)
  }

  /// Nothing is published for validation: Basin holds out a part of the training series.
  public func count(_ split: Split) -> Int {
    switch split {
    case .train: options.train
    case .validation: 0
    case .test: options.test
    }
  }

  public func labels(_ split: Split) -> [Int32]? { (0..<count(split)).map { label($0) } }

  /// `[N, length]` and forms `[N]`.
  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: __Target__Batch, target: Tensor) {
    let values = ids.flatMap { series($0, split) }
    let input = __Target__Batch(try Tensor(values, shape: [ids.count, options.length]))
    return (input, try Tensor(ids.map { Int64(label($0)) }))
  }

  private func label(_ id: Int) -> Int32 { Int32(id % Self.forms.count) }

  private func series(_ id: Int, _ split: Split) -> [Float] {
    let own = random[split.rawValue][id], draws = own["wave"].uniform(2), noise = own["noise"].uniform(options.length)
    let periods = Double(2 + 4 * draws[0])
    return (0..<options.length).map { step in
      // The part of the present period that is over, 0..<1.
      let part = (periods * Double(step) / Double(options.length) + Double(draws[1])).truncatingRemainder(dividingBy: 1)
      let wave =
        switch label(id) {
        case 0: sin(2 * Double.pi * part)
        case 1: part < 0.5 ? 1.0 : -1.0
        default: 2 * part - 1
        }
      return Float(wave + options.noise * (2 * Double(noise[step]) - 1))
    }
  }
}
