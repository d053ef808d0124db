import Foundation
import PluginAPI
import VisionKernels

/// Runs a ``PicturePipeline`` over the pictures of one batch, in ranges that may run at once.
final class SampleMaker {
  private let set: PictureSet
  private let ids: [Int]
  private var samples: [VisionSample]
  private let operations: [VisionOperation]
  private let pipeline: PicturePipeline
  private let center, scale: [Float]
  private let output: PictureSize
  /// Paths of files, each with its zero, and where that of each sample begins.
  private var paths: [CChar] = []
  private var pathStarts: [Int] = []

  /// - Parameter random: nil: evaluation, nothing is drawn.
  init(_ pipeline: PicturePipeline, _ set: PictureSet, _ ids: [Int], _ random: Random?) {
    self.pipeline = pipeline
    self.set = set
    self.ids = ids
    let output = pipeline.base.outputSize(for: set)
    self.output = output
    samples = pipeline.samples(of: set, ids, random)
    operations = random.map { pipeline.operations(output, count: ids.count, $0).map(\.kernelValue) } ?? []
    center = pipeline.base.mean.map { $0 * 255 }
    scale = pipeline.base.standardDeviation.map { 1 / (255 * $0) }
    guard case .stored(let pictures) = set.content else { return }
    for id in ids {
      pathStarts.append(paths.count)
      if case .file = pictures[id].content { paths += pictures[id].file.utf8CString }
    }
  }

  /// What a range is made into.
  enum Destination {
    /// Normalized, [count, height, width, channels].
    case floats(UnsafeMutableBufferPointer<Float>)
    /// Before normalization, [count, height, width, channels].
    case bytes(UnsafeMutableBufferPointer<UInt8>)
  }

  /// Makes all samples; `divide` splits 0..<count over threads.
  ///
  /// - Throws: the error of the first sample that failed: `BasinError` of kind `badData` for a damaged picture, `inputOutput`
  ///   for one that cannot be read.
  func make(
    _ destination: Destination, divide: (Range<Int>, (Range<Int>) -> Void) throws -> Void
  ) throws {
    var failures: [Failure] = []
    let lock = NSLock()
    try withBatch { batch in
      try divide(0..<ids.count) { range in
        var failed: Int64 = 0
        var message = [CChar](repeating: 0, count: Int(VISION_MESSAGE_CAPACITY))
        var floats: UnsafeMutablePointer<Float>?
        var bytes: UnsafeMutablePointer<UInt8>?
        switch destination {
        case .floats(let memory): floats = memory.baseAddress
        case .bytes(let memory): bytes = memory.baseAddress
        }
        var batch = batch
        let status = samples.withUnsafeBufferPointer {
          vision_make_samples(
            &batch, $0.baseAddress, floats, bytes, Int64(range.lowerBound), Int64(range.upperBound), &failed, &message)
        }
        guard status != VISION_DONE else { return }
        lock.withLock { failures.append(Failure(sample: Int(failed), status: status, message: message)) }
      }
    }
    if let first = failures.min(by: { $0.sample < $1.sample }) { throw error(first) }
  }

  /// Normalizes and mixes what `make` made of all samples.
  func mix(
    _ mix: BatchMix, _ bytes: UnsafeMutableBufferPointer<UInt8>, to destination: UnsafeMutableBufferPointer<Float>,
    divide: (Range<Int>, (Range<Int>) -> Void) throws -> Void
  ) throws {
    var isShort = false
    let lock = NSLock()
    try withBatch { batch in
      try divide(0..<ids.count) { range in
        var batch = batch, kernel = mix.kernelValue
        let status = samples.withUnsafeBufferPointer {
          vision_mix_samples(
            &batch, $0.baseAddress, bytes.baseAddress, Int64(ids.count), &kernel, destination.baseAddress,
            Int64(range.lowerBound), Int64(range.upperBound))
        }
        if status != VISION_DONE { lock.withLock { isShort = true } }
      }
    }
    if isShort { throw BasinError.internalError("not enough memory to mix a batch") }
  }

  private struct Failure {
    var sample: Int
    var status: VisionStatus
    var message: [CChar]
  }

  private func error(_ failure: Failure) -> BasinError {
    let text = String(decoding: failure.message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    guard case .stored(let pictures) = set.content, failure.status != VISION_NONSENSE else {
      return .internalError("picture \(ids[failure.sample]) of \(set.count): \(failure.status)")
    }
    let picture = pictures[ids[failure.sample]]
    if failure.status == VISION_NO_MEMORY {
      return BasinError(.internalError, "not enough memory to decode it", file: picture.source, place: picture.path)
    }
    if failure.status == VISION_UNREADABLE {
      return BasinError(
        .inputOutput, "cannot read the picture: \(text)", file: picture.file, advice: "It was there when the set was loaded")
    }
    return .badData(
      "damaged picture: \(text)", file: picture.source, place: picture.path, advice: "Replace or remove the picture")
  }

  /// Calls `body` with everything in place: the addresses in the samples hold that long.
  private func withBatch(_ body: (VisionBatch) throws -> Void) throws {
    try set.pixels.withUnsafeBufferPointer { pixels in
      try paths.withUnsafeBufferPointer { paths in
        for n in ids.indices {
          switch set.content {
          case .decoded: samples[n].pixels = pixels.baseAddress.map { $0 + ids[n] * set.stride }
          case .stored(let pictures):
            switch pictures[ids[n]].content {
            case .file: samples[n].path = paths.baseAddress.map { $0 + pathStarts[n] }
            case .encoded(let bytes):
              samples[n].bytes = bytes.address
              samples[n].byteCount = bytes.count
            case .decoded(let bytes): samples[n].pixels = bytes.address
            }
          }
        }
        try center.withUnsafeBufferPointer { center in
          try scale.withUnsafeBufferPointer { scale in
            try operations.withUnsafeBufferPointer { operations in
              try body(
                VisionBatch(
                  channels: Int32(set.channels), height: Int32(output.height), width: Int32(output.width),
                  center: center.baseAddress, scale: scale.baseAddress,
                  operations: operations.isEmpty ? nil : operations.baseAddress,
                  operationsPerSample: operations.isEmpty ? 0 : Int32(operations.count / max(ids.count, 1)),
                  largestShrink: Int32(pipeline.largestShrink)))
            }
          }
        }
      }
    }
  }
}
