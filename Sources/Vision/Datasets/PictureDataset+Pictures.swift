import PluginAPI

extension PictureDataset {
  /// The pictures of a batch with normalization undone, uint8 `[N, H, W, C]`; nil before `fit`. What padding or mixing made
  /// darker or brighter than a picture can be is cut at 0 and 255.
  public func pictures(of input: ImageBatch) throws -> Tensor? {
    guard let plain else { return nil }
    let channels = plain.base.mean.count
    let mean = try Tensor(plain.base.mean, shape: [1, 1, 1, channels])
    let deviation = try Tensor(plain.base.standardDeviation, shape: [1, 1, 1, channels])
    let values = try (input.images.to(.cpu).permuted([0, 2, 3, 1]) * deviation + mean) * 255
    return try Tensor(
      values.contiguous().values(Float.self).map { $0 > 0 ? UInt8(min($0, 255).rounded()) : 0 }, shape: values.shape)
  }
}
