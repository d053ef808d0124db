import Foundation
import PluginAPI

/// Labelled pictures as batches of float32 `[N, C, H, W]`, channels last, cropped, mirrored and normalized in one pass.
public struct PictureDataset<Source: PictureSource>: Dataset {
  public typealias DatasetOptions = Source.SourceOptions

  private let options: DatasetOptions
  private let pictures: LoadedPictures
  // Set by `fit`.
  private var noisyLabels: [Int32]?
  private var training: PictureAugmentation?
  private(set) var plain: PictureAugmentation?

  /// `random` is not used: embedded pictures depend on an option of their own, so that all runs see the same ones.
  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    self.options = options
    var pictures = try Source.load(options, source)
    let choices = options.common
    if choices.subset > 0 {
      let random = Random(seed: UInt64(choices.choiceSeed))["subset"]
      pictures.splits = try pictures.splits.keeping(choices.subset, random)
    }
    self.pictures = pictures
  }

  public var facts: DatasetFacts<ImageBatch.Shape> {
    let set = pictures.splits.train
    return DatasetFacts(
      shape: ImageBatch.Shape(
        channels: set.channels, height: pictures.crop?.height ?? set.height, width: pictures.crop?.width ?? set.width),
      task: .classification(classes: set.classNames.count), classNames: set.classNames)
  }

  private func set(_ split: Split) -> PictureSet? {
    switch split {
    case .train: pictures.splits.train
    case .validation: pictures.splits.validation
    case .test: pictures.splits.test
    }
  }

  public func count(_ split: Split) -> Int { set(split)?.count ?? 0 }

  /// Those of train with the noise that was asked for, once `fit` was told which examples it may fall on.
  public func labels(_ split: Split) -> [Int32]? { (split == .train ? noisyLabels : nil) ?? set(split)?.labels }

  public var files: [String] { pictures.files }

  /// Measures mean and deviation on the pictures `indices` where no published ones are used.
  public mutating func fit(training indices: [Int]) throws {
    let normalization =
      try pictures.normalization ?? PictureNormalization(measuring: pictures.splits.train, at: indices)
    func augmentation(padding: Int, flips: Bool) throws -> PictureAugmentation {
      try PictureAugmentation(
        mean: normalization.mean, standardDeviation: normalization.standardDeviation, padding: padding, flips: flips,
        crop: pictures.crop)
    }
    plain = try augmentation(padding: 0, flips: false)
    let choices = options.common
    training = choices.augment ? try augmentation(padding: choices.padding, flips: choices.flip) : nil
    // What is held out of train for validation keeps its labels.
    noisyLabels = choices.labelNoise > 0
      ? pictures.splits.train.labels(
        withNoise: choices.labelNoise, at: indices, Random(seed: UInt64(choices.choiceSeed))["labels"]) : nil
  }

  /// Normalized pictures and int64 classes `[N]`.
  ///
  /// Sample n is placed by words 2n and 2n+1 of `augmentation`.
  /// - Throws: `BasinError` of kind `internalError` before `fit`, or for an example outside the split.
  public func batch(
    _ ids: [Int], of split: Split, augmentation: Random?
  ) throws -> (input: ImageBatch, target: Tensor) {
    guard let plain else { throw BasinError.internalError("a batch was asked for before fit(training:)") }
    guard let set = set(split), let last = ids.max(), let first = ids.min(), first >= 0, last < set.count else {
      throw BasinError.internalError(
        "examples \(ids.min() ?? 0) to \(ids.max() ?? 0) of split \(split.rawValue), which has \(count(split))")
    }
    var transform = plain
    var placements = plain.centered(for: set, count: ids.count)
    if let augmentation, let training {
      let words = augmentation.words(0..<2 * ids.count)
      transform = training
      placements = training.placements(
        for: set, words: ids.indices.map { UInt64(words[2 * $0]) << 32 | UInt64(words[2 * $0 + 1]) })
    }
    let size = transform.outputSize(for: set)
    let images = try Tensor.emptyChannelsLast([ids.count, set.channels, size.height, size.width])
    try images.withMemory(of: Float.self, layout: .channelsLast) { memory in
      let failure = FirstFailure()
      nonisolated(unsafe) let destination = UnsafeMutableBufferPointer(start: memory, count: images.count)
      try LibTorch.parallelFor(0..<ids.count, grain: Self.grain) { range in
        do {
          try transform.write(set, indices: ids, placements: placements, range: range, to: destination)
        } catch { failure.record(error) }
      }
      if let error = failure.error { throw error }
    }
    let labels = labels(split) ?? set.labels
    let classes = ids.map { Int64(labels[$0]) }
    return (ImageBatch(images), try Tensor(classes, shape: [ids.count]))
  }

  /// Pictures a thread takes at least: 16 of CIFAR's size take about as long as waking a thread.
  private static var grain: Int { 16 }

  public func inspection() throws -> DataInspection {
    var result = DataInspection(format: pictures.format)
    let facts = facts
    result.classes = facts.classNames.count
    result.shape = facts.shape.description
    result.examples = Dictionary(uniqueKeysWithValues: Split.allCases.map { ($0.rawValue, count($0)) })
    let absent = zip(pictures.splits.train.classCounts(), facts.classNames).filter { $0.0 == 0 }.map(\.1)
    if !absent.isEmpty {
      result.warnings.append(.init(message: "no training pictures of " + absent.joined(separator: ", ")))
    }
    return result
  }
}

/// The first error of several threads.
private final class FirstFailure: @unchecked Sendable {
  private let lock = NSLock()
  private(set) var error: (any Error)?

  func record(_ error: any Error) {
    lock.lock()
    defer { lock.unlock() }
    if self.error == nil { self.error = error }
  }
}
