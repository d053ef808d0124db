import Foundation
import PluginAPI

/// A sheet of pictures as a model sees them, with their classes: of training, the original beside what augmentation made of it
/// in the first step of a run.
public struct ContactSheet {
  public struct Request: Sendable {
    public var split: Split
    public var rows, columns: Int
    /// That of the run.
    public var seed: Int

    public init(split: Split = .train, rows: Int = 4, columns: Int = 8, seed: Int = 0) {
      self.split = split
      self.rows = rows
      self.columns = columns
      self.seed = seed
    }
  }

  /// One place of the sheet.
  struct Cell: Equatable {
    /// In the split that the data set publishes.
    let example: Int
    let caption: String
    /// One, or the original and the augmented one.
    let pictures: [Raster.Picture]
  }

  /// In words what the sheet shows.
  public let title: String
  /// What each place shows: the example's number in the split as published, and the caption.
  public var examples: [(index: Int, caption: String)] { cells.map { ($0.example, $0.caption) } }
  let cells: [Cell]
  let columns: Int
  let split: Split

  /// Divides the data set as a run does by default, and fits it to the training part.
  ///
  /// - Parameter name: what the data set is called, for messages.
  /// - Throws: `BasinError` of kind usage where it has no pictures, or nothing in that split.
  public init(of dataset: any LoadedDataset, named name: String, _ request: Request) throws {
    let splits = try Splits(dataset, fraction: 0.1, seed: 0, fold: nil)
    try dataset.fit(training: splits.train.split == .train ? splits.train.ids : [])
    let part: Splits.Part? =
      switch request.split {
      case .train: splits.train
      case .validation: splits.validation
      case .test: splits.test
      }
    guard let part, part.count > 0 else {
      throw BasinError.usage("\(name) has no \(request.split.rawValue) examples", advice: "Choose another --sheet-split")
    }
    let draw = SheetDraw(dataset, part, name: name)
    let count = min(request.rows * request.columns, part.count)
    let random = Random(seed: UInt64(request.seed))
    var title = "\(name), \(request.split.rawValue)"
    if request.split == .train {
      let (cells, isAugmented) = try draw.firstStep(count, random)
      self.cells = cells
      title += isAugmented
        ? ": left as stored, right as the first step of a run with seed \(request.seed) draws it"
        : ": as the first step of a run with seed \(request.seed) draws it, without augmentation"
    } else {
      cells = try draw.plain(count, random["sheet"])
      title += ": as evaluated, chosen by seed \(request.seed)"
    }
    self.title = title
    columns = min(request.columns, count)
    split = part.split
  }

  func json(path: String) -> JSONValue {
    [
      "path": .string(path), "title": .string(title), "columns": .int(columns), "split": .string(split.rawValue),
      "examples": .array(
        cells.map { ["index": .int($0.example), "caption": .string($0.caption), "pictures": .int($0.pictures.count)] }),
    ]
  }
}
