import PluginAPI

/// For which pictures the ends of a network are made: large ones as in ImageNet, or small ones as in CIFAR.
public enum PictureForm: String, CaseIterable, Sendable {
  /// `cifar` for pictures up to 64x64.
  case auto
  case imagenet
  case cifar

  func isForSmallPictures(_ shape: ImageBatch.Shape) -> Bool {
    self == .cifar || self == .auto && min(shape.height, shape.width) <= 64
  }

  /// The option `form`.
  static func field<O>(_ path: WritableKeyPath<O, PictureForm> & Sendable, _ part: String) -> Field<O> {
    Field("form", path, choices: PictureForm.self, "\(part) for large or small pictures; auto: small up to 64x64")
  }
}
