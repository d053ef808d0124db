import PluginAPI

/// Draws examples of one split as pictures with captions.
struct SheetDraw {
  private let dataset: any LoadedDataset
  private let part: Splits.Part
  private let name: String
  /// Examples of a step, where it matters which others are in it: mixing takes partners from the batch. What recipes for
  /// pictures have.
  private static let batchSize = 128

  init(_ dataset: any LoadedDataset, _ part: Splits.Part, name: String) {
    self.dataset = dataset
    self.part = part
    self.name = name
  }

  /// The first examples of a run's first step: in its order and with its random numbers.
  func firstStep(_ count: Int, _ random: Random) throws -> (cells: [ContactSheet.Cell], isAugmented: Bool) {
    let stream = random["step"][0]["augmentation"]
    func step(_ size: Int) throws -> (ids: [Int], batch: PreparedBatch) {
      let ids = EpochOrder.training(part.ids, size: size, epoch: 0, random).first ?? []
      return (ids, try dataset.batch(ids, of: part.split, augmentation: stream, device: .cpu))
    }
    var (ids, batch) = try step(count)
    if batch.target.dimensions == 2, count < Self.batchSize { (ids, batch) = try step(Self.batchSize) }
    let augmented = try pictures(batch, count: count), captions = try captions(batch.target)
    ids = Array(ids.prefix(count))
    let original = try pictures(dataset.batch(ids, of: part.split, augmentation: nil, device: .cpu), count: count)
    let isAugmented = augmented != original
    let cells = ids.indices.map {
      ContactSheet.Cell(
        example: ids[$0], caption: captions[$0], pictures: isAugmented ? [original[$0], augmented[$0]] : [original[$0]])
    }
    return (cells, isAugmented)
  }

  /// Some examples as they are evaluated; sets are often sorted by class, so not the first ones.
  func plain(_ count: Int, _ random: Random) throws -> [ContactSheet.Cell] {
    let ids = random.permutation(part.count).prefix(count).map { part.ids[$0] }
    let batch = try dataset.batch(ids, of: part.split, augmentation: nil, device: .cpu)
    let captions = try captions(batch.target)
    return try zip(zip(ids, captions), pictures(batch, count: count)).map {
      ContactSheet.Cell(example: $0.0, caption: $0.1, pictures: [$1])
    }
  }

  private func pictures(_ batch: PreparedBatch, count: Int) throws -> [Raster.Picture] {
    guard let tensor = try dataset.pictures(of: batch) else {
      throw BasinError.usage(
        "\(name) has no pictures to show: its inputs are of type \(dataset.inputType)", advice: "--sheet is for data sets of pictures")
    }
    let shape = tensor.shape
    guard shape.count == 4, shape[0] >= min(count, batch.count), [1, 3].contains(shape[3]), tensor.dtype == .uint8 else {
      throw BasinError.internalError(
        "pictures(of:) of \(name) gave \(tensor.dtype) \(shape)", advice: "It is to give uint8 [N, H, W, C], C of 1 or 3")
    }
    let bytes = try tensor.contiguous().values(UInt8.self)
    let stride = shape[1] * shape[2] * shape[3]
    return (0..<min(count, shape[0])).map {
      Raster.Picture(width: shape[2], height: shape[1], channels: shape[3], pixels: bytes[$0 * stride..<($0 + 1) * stride])
    }
  }

  /// A class by its name; where targets are shares of all classes, the two largest with theirs.
  private func captions(_ target: Tensor) throws -> [String] {
    func name(_ index: Int) -> String { dataset.classNames.indices.contains(index) ? dataset.classNames[index] : "\(index)" }
    guard target.dimensions == 2 else {
      return target.dtype.isFloatingPoint
        ? try target.to(.float64).values(Double.self).map { "\(($0 * 1000).rounded() / 1000)" }
        : try target.to(.int64).values(Int64.self).map { name(Int($0)) }
    }
    let shares = try target.to(.float64).contiguous().values(Double.self), classes = target.shape[1]
    return (0..<target.shape[0]).map { row in
      let row = shares[row * classes..<(row + 1) * classes].enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
      let first = row.first.map { name($0.offset) } ?? ""
      guard row.count > 1, row[1].element > 0.0005 else { return first }
      func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
      return "\(first) \(percent(row[0].element)) \(name(row[1].offset)) \(percent(row[1].element))"
    }
  }
}
