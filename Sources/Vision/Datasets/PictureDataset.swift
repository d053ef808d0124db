import Foundation
import PluginAPI

/// Labelled pictures as batches of float32 `[N, C, H, W]`, channels last.
///
/// Crop, mirror and normalization of pictures in memory are one pass; all else goes through a picture of bytes that stays in a
/// core's cache, from decoding to colours, and one write of normalized numbers.
public struct PictureDataset<Source: PictureSource>: Dataset {
  public typealias DatasetOptions = Source.SourceOptions

  private let options: DatasetOptions
  let pictures: LoadedPictures
  // Set by `fit`.
  private var noisyLabels: [Int32]?
  private var training: PicturePipeline?
  private(set) var plain: PicturePipeline?

  /// `random` is not used: embedded pictures depend on an option of their own, so that all runs see the same ones.
  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    self.options = options
    let choices = options.common
    try choices.validate()
    var pictures = try Source.load(options, source)
    let train = pictures.splits.train
    try choices.validate(
      channels: train.channels, output: pictures.crop ?? PictureSize(height: train.height, width: train.width),
      classes: train.classNames.count)
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
  ///
  /// Pictures that are kept one by one are measured as they are evaluated, at most 4,096 of them, evenly chosen.
  /// - Throws: `BasinError` of kind `badData` for a damaged picture among them.
  public mutating func fit(training indices: [Int]) throws {
    let choices = options.common
    let normalization =
      switch choices.normalize {
      case .auto: try pictures.normalization ?? measured(indices)
      case .measured: try measured(indices)
      case .imagenet: PictureNormalization.imageNet
      }
    func base(padding: Int, flips: Bool) throws -> PictureAugmentation {
      try PictureAugmentation(
        mean: normalization.mean, standardDeviation: normalization.standardDeviation, padding: padding, flips: flips,
        crop: pictures.crop)
    }
    plain = evaluation(try base(padding: 0, flips: false))
    training = nil
    if choices.augment {
      var pipeline = PicturePipeline(try base(padding: choices.padding, flips: choices.flip))
      if choices.crop == .resized {
        pipeline.geometry = .resizedCrop(
          try ResizedCrop(scale: choices.minScale...choices.maxScale, ratio: choices.minRatio...choices.maxRatio))
      }
      pipeline.jitter = choices.jitter
      pipeline.cutout = choices.cutout
      if choices.randAugment > 0 {
        pipeline.randAugment = try RandAugment(count: choices.randAugment, magnitude: choices.randAugmentMagnitude)
      }
      let mixing = try BatchMixing(mixup: choices.mixup, cutmix: choices.cutmix)
      pipeline.mixing = mixing.isOn ? mixing : nil
      training = pipeline
    }
    // What is held out of train for validation keeps its labels.
    noisyLabels = choices.labelNoise > 0
      ? pictures.splits.train.labels(
        withNoise: choices.labelNoise, at: indices, Random(seed: UInt64(choices.choiceSeed))["labels"]) : nil
  }

  /// The pipeline without anything drawn.
  private func evaluation(_ base: PictureAugmentation) -> PicturePipeline {
    var pipeline = PicturePipeline(base)
    let choices = options.common, set = pictures.splits.train, output = base.outputSize(for: set)
    guard choices.cropsAndScales else { return pipeline }
    let side = max(output.height, output.width)
    var shorter = choices.testResize
    if shorter == 0 {
      // 256 for 224, as is usual; pictures that are no larger than what the model sees are shown whole.
      if case .stored = set.content { shorter = (side * 8 + 3) / 7 } else { shorter = side }
    }
    let isAsStored = set.height == output.height && set.width == output.width && shorter == min(set.height, set.width)
    if case .decoded = set.content, isAsStored { return pipeline }
    pipeline.geometry = .shorterSide(shorter)
    return pipeline
  }

  private func measured(_ indices: [Int]) throws -> PictureNormalization {
    let set = pictures.splits.train
    guard case .stored = set.content else { return try PictureNormalization(measuring: set, at: indices) }
    if let index = indices.first(where: { !(0..<set.count).contains($0) }) {
      throw BasinError.internalError("picture \(index) of a set of \(set.count)")
    }
    let most = 4096
    let chosen = indices.count <= most ? indices : (0..<most).map { indices[$0 * indices.count / most] }
    let one = [Float](repeating: 1, count: set.channels)
    let pipeline = evaluation(
      try PictureAugmentation(mean: one, standardDeviation: one, padding: 0, flips: false, crop: pictures.crop))
    let size = pipeline.base.outputSize(for: set)
    let stride = size.height * size.width * set.channels
    var histogram = PictureHistogram(channels: set.channels)
    // So many at a time that they take some megabytes.
    let step = max(1, min(64, (1 << 25) / stride))
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: step * stride)
    defer { memory.deallocate() }
    for first in Swift.stride(from: 0, to: chosen.count, by: step) {
      let ids = Array(chosen[first..<min(first + step, chosen.count)])
      try SampleMaker(pipeline, set, ids, nil).make(.bytes(memory)) { range, body in
        try LibTorch.parallelFor(range, grain: 1, body)
      }
      histogram.add(UnsafeBufferPointer(rebasing: memory[..<(ids.count * stride)]))
    }
    return PictureNormalization(histogram)
  }

  /// Normalized pictures and int64 classes `[N]`; where mixup or CutMix mixes training pictures, float32 probabilities
  /// `[N, classes]`.
  ///
  /// Sample n is placed by words 2n and 2n+1 of `augmentation`; all else is drawn from streams of their own under it.
  /// - Throws: `BasinError` of kind `internalError` before `fit`, or for an example outside the split; of kind `badData` or
  ///   `inputOutput` for a picture that is decoded now and is damaged, or gone.
  public func batch(
    _ ids: [Int], of split: Split, augmentation: Random?
  ) throws -> (input: ImageBatch, target: Tensor) {
    guard let plain else { throw BasinError.internalError("a batch was asked for before fit(training:)") }
    guard let set = set(split), let last = ids.max(), let first = ids.min(), first >= 0, last < set.count else {
      throw BasinError.internalError(
        "examples \(ids.min() ?? 0) to \(ids.max() ?? 0) of split \(split.rawValue), which has \(count(split))")
    }
    let random = training == nil ? nil : augmentation
    let pipeline = random == nil ? plain : training ?? plain
    let mix = random.flatMap { random in pipeline.mixing.map { $0.draw(pipeline.base.outputSize(for: set), random["mix"]) } }
    let images = try images(set, ids, pipeline, random, mix)
    let labels = labels(split) ?? set.labels
    if let mix {
      let targets = mix.targets(ids.map { Int(labels[$0]) }, classes: set.classNames.count)
      return (ImageBatch(images), try Tensor(targets, shape: [ids.count, set.classNames.count]))
    }
    return (ImageBatch(images), try Tensor(ids.map { Int64(labels[$0]) }, shape: [ids.count]))
  }

  /// Pictures `ids` of a set as the pipeline makes them, `[N, C, H, W]`.
  func images(
    _ set: PictureSet, _ ids: [Int], _ pipeline: PicturePipeline, _ random: Random?, _ mix: BatchMix?
  ) throws -> Tensor {
    let size = pipeline.base.outputSize(for: set)
    let images = try Tensor.emptyChannelsLast([ids.count, set.channels, size.height, size.width])
    try images.withMemory(of: Float.self, layout: .channelsLast) { memory in
      nonisolated(unsafe) let destination = UnsafeMutableBufferPointer(start: memory, count: images.count)
      if pipeline.isPlain(for: set) {
        try gather(set, ids, pipeline, random, to: destination)
      } else {
        try make(set, ids, pipeline, random, mix, to: destination)
      }
    }
    return images
  }

  private func gather(
    _ set: PictureSet, _ ids: [Int], _ pipeline: PicturePipeline, _ random: Random?,
    to destination: UnsafeMutableBufferPointer<Float>
  ) throws {
    let placements = pipeline.placements(for: set, count: ids.count, random)
    let failure = FirstFailure()
    try LibTorch.parallelFor(0..<ids.count, grain: Self.grain) { range in
      do {
        try pipeline.base.write(set, indices: ids, placements: placements, range: range, to: destination)
      } catch { failure.record(error) }
    }
    if let error = failure.error { throw error }
  }

  private func make(
    _ set: PictureSet, _ ids: [Int], _ pipeline: PicturePipeline, _ random: Random?, _ mix: BatchMix?,
    to destination: UnsafeMutableBufferPointer<Float>
  ) throws {
    let maker = SampleMaker(pipeline, set, ids, random)
    var grain = 1
    if case .decoded = set.content { grain = max(1, min(Self.grain, Self.grain * 3072 / set.stride)) }
    func divide(_ range: Range<Int>, _ body: (Range<Int>) -> Void) throws {
      try LibTorch.parallelFor(range, grain: grain, body)
    }
    guard let mix else { return try maker.make(.floats(destination), divide: divide) }
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: destination.count)
    defer { bytes.deallocate() }
    try maker.make(.bytes(bytes), divide: divide)
    try maker.mix(mix, bytes, to: destination, divide: divide)
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
