import PluginAPI
import VisionKernels

/// What happens to the pictures of a batch between the set and the model, for training or for evaluation.
///
/// Each sample's random numbers are words of streams of their own, by its position in the batch: a batch is the same on any
/// number of threads, and one option does not change what another draws.
struct PicturePipeline: Sendable {
  enum Geometry: Sendable {
    /// A window of the picture in its black border, or its middle; pictures of other sizes are scaled to cover theirs first.
    case window
    case resizedCrop(ResizedCrop)
    /// The shorter side scaled to this, and the middle.
    case shorterSide(Int)
  }

  /// Normalization, padding, flips and size.
  let base: PictureAugmentation
  var geometry = Geometry.window
  var jitter: ColorJitter?
  var randAugment: RandAugment?
  var cutout = 0
  var mixing: BatchMixing?
  /// How far JPEG may be decoded smaller than it is where it is shrunk anyway: 1, 2, 4 or 8.
  var largestShrink = 8

  init(_ base: PictureAugmentation) { self.base = base }

  /// Whether one pass of the gather kernel does all: pictures of one size, crop, flip and normalization.
  func isPlain(for set: PictureSet) -> Bool {
    guard case .decoded = set.content, case .window = geometry else { return false }
    return jitter == nil && randAugment == nil && cutout == 0 && mixing == nil
  }

  /// Of every picture that has operations, as many.
  var operationsPerSample: Int { (randAugment?.count ?? 0) + (jitter?.count ?? 0) }

  /// Window and side of each sample: drawn from words 2n and 2n + 1 of `random`, or the middle.
  func placements(for set: PictureSet, count: Int, _ random: Random?) -> PicturePlacements {
    guard let random else { return base.centered(for: set, count: count) }
    let words = random.words(0..<2 * count)
    return base.placements(
      for: set, words: (0..<count).map { UInt64(words[2 * $0]) << 32 | UInt64(words[2 * $0 + 1]) })
  }

  /// The samples but for their sources.
  ///
  /// - Parameter random: nil: the middle, nothing drawn, no operations.
  func samples(of set: PictureSet, _ ids: [Int], _ random: Random?) -> [VisionSample] {
    let output = base.outputSize(for: set)
    let places = placements(for: set, count: ids.count, random)
    var crops: [UInt32] = []
    if case .resizedCrop = geometry, let random { crops = random["resizedCrop"].words(0..<ResizedCrop.words * ids.count) }
    let holes = cutout > 0 ? random?["cutout"].words(0..<2 * ids.count) : nil
    let target = PictureSize(height: set.height, width: set.width)
    return ids.indices.map { n in
      let size = set.size(ids[n])
      var sample = VisionSample()
      sample.height = Int32(size.height)
      sample.width = Int32(size.width)
      sample.flip = Int32(places.flip[n])
      switch geometry {
      case .window:
        (sample.rows, sample.columns) = Self.covering(target, by: size)
        sample.dy = Int32(places.dy[n])
        sample.dx = Int32(places.dx[n])
      case .resizedCrop(let crop) where !crops.isEmpty:
        let part = crop.region(of: size, crops, at: ResizedCrop.words * n)
        sample.rows = Self.axis(from: part.top, part.height, to: output.height)
        sample.columns = Self.axis(from: part.left, part.width, to: output.width)
      case .resizedCrop: (sample.rows, sample.columns) = Self.covering(output, by: size)
      case .shorterSide(let side):
        let shorter = min(size.height, size.width)
        func scaled(_ own: Int) -> Int { own == shorter ? side : side * own / shorter }
        sample.rows = Self.axis(size.height, scaledTo: scaled(size.height), middle: output.height)
        sample.columns = Self.axis(size.width, scaledTo: scaled(size.width), middle: output.width)
      }
      if let holes {
        let top = Int((UInt64(holes[2 * n]) &* UInt64(output.height)) >> 32) - cutout / 2
        let left = Int((UInt64(holes[2 * n + 1]) &* UInt64(output.width)) >> 32) - cutout / 2
        sample.cutTop = Int32(max(top, 0))
        sample.cutBottom = Int32(min(top + cutout, output.height))
        sample.cutLeft = Int32(max(left, 0))
        sample.cutRight = Int32(min(left + cutout, output.width))
      }
      return sample
    }
  }

  /// Operations of each sample, [count, ``operationsPerSample``].
  func operations(_ size: PictureSize, count: Int, _ random: Random) -> [PictureOperation] {
    var result: [PictureOperation] = []
    guard operationsPerSample > 0 else { return result }
    result.reserveCapacity(count * operationsPerSample)
    let chosen = randAugment.map { random["randAugment"].words(0..<$0.words * count) } ?? []
    let factors = jitter == nil ? [] : random["jitter"].words(0..<ColorJitter.words * count)
    for n in 0..<count {
      randAugment?.append(to: &result, size: size, chosen, at: n * (randAugment?.words ?? 0))
      jitter?.append(to: &result, factors, at: n * ColorJitter.words)
    }
    return result
  }

  private static func axis(from first: Int, _ count: Int, to output: Int) -> VisionAxis {
    VisionAxis(
      start: Double(first), ratio: Double(count) / Double(output), first: 0, count: Int32(output), low: Int32(first),
      high: Int32(first + count))
  }

  /// Of a side scaled to `scaled`, the `middle` positions in the middle; as torchvision, halves are rounded to even.
  private static func axis(_ side: Int, scaledTo scaled: Int, middle: Int) -> VisionAxis {
    VisionAxis(
      start: 0, ratio: Double(side) / Double(scaled),
      first: Int32((Double(scaled - middle) / 2).rounded(.toNearestOrEven)), count: Int32(middle), low: 0, high: Int32(side))
  }

  private static func covering(_ output: PictureSize, by size: PictureSize) -> (VisionAxis, VisionAxis) {
    let ratio = min(Double(size.height) / Double(output.height), Double(size.width) / Double(output.width))
    func axis(_ side: Int, _ output: Int) -> VisionAxis {
      VisionAxis(
        start: (Double(side) - Double(output) * ratio) / 2, ratio: ratio, first: 0, count: Int32(output), low: 0,
        high: Int32(side))
    }
    return (axis(size.height, output.height), axis(size.width, output.width))
  }
}
