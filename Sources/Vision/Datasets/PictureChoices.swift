import PluginAPI

/// How training pictures are augmented, and which of them are trained on with which labels.
///
/// In this order: crop, mirror, RandAugment, jitter, normalization, cutout, mixing.
public struct PictureChoices: Sendable {
  /// Where the window of a training picture comes from.
  public enum Crop: String, CaseIterable, Sendable {
    /// Anywhere in the picture with a black border.
    case padded
    /// A part of random area and ratio, scaled.
    case resized
  }

  /// Whether training pictures are augmented.
  public var augment: Bool
  public var crop = Crop.padded
  /// Rows and columns of black added on each side before the random crop.
  public var padding: Int
  /// Whether half of the training pictures are mirrored.
  public var flip: Bool
  /// Bounds of a resized crop's part of the picture's area.
  public var minScale = 0.08, maxScale = 1.0
  /// Bounds of its width over its height.
  public var minRatio = 0.75, maxRatio = 4.0 / 3
  /// Strengths of the jitter; see ``ColorJitter``.
  public var brightness = 0.0, contrast = 0.0, saturation = 0.0, hue = 0.0
  /// Operations of RandAugment; 0: off.
  public var randAugment = 0
  public var randAugmentMagnitude = 9
  /// Side of the square that cutout (DeVries & Taylor 2017) sets to the mean; 0: off.
  public var cutout = 0
  /// Alphas of the Beta distributions of mixup and CutMix; 0: off.
  public var mixup = 0.0, cutmix = 0.0
  /// Where pictures are evaluated, their shorter side is scaled to this and the middle cut out. 0: pictures of one size in
  /// memory are shown whole; with resized crops, pictures that are kept one by one are scaled to 8/7 of the size.
  public var testResize = 0
  /// What pictures are normalized by.
  public var normalize = NormalizationChoice.auto
  /// How many of train's pictures there are, as many of each class as its share; 0: all.
  public var subset = 0
  /// The part of the examples trained on that get the label of another class.
  public var labelNoise = 0.0
  /// Which pictures these two choose. Not the run's seed: runs of different seeds are compared on the same examples.
  public var choiceSeed = 0

  public init(augment: Bool = true, padding: Int = 4, flip: Bool = true) {
    self.augment = augment
    self.padding = padding
    self.flip = flip
  }

  /// Whether crops are cut out of all pixels a picture has.
  public var cropsAndScales: Bool { crop == .resized || testResize > 0 }

  var jitter: ColorJitter? {
    let jitter = ColorJitter(brightness: brightness, contrast: contrast, saturation: saturation, hue: hue)
    return jitter.count > 0 ? jitter : nil
  }

  /// Checks what can be told before anything is read.
  ///
  /// - Throws: `BasinError` of kind `usage`.
  public func validate() throws {
    for (low, high, text) in [(minScale, maxScale, "Scale"), (minRatio, maxRatio, "Ratio")] where low > high {
      throw BasinError.usage(
        "min\(text)=\(low) is above max\(text)=\(high)", advice: "Exchange the two, or leave one at its default")
    }
    guard !augment else { return }
    let asked: [(Bool, String)] = [
      (crop == .resized, "crop=resized"), (jitter != nil, "brightness, contrast, saturation and hue"),
      (randAugment > 0, "randAugment"), (cutout > 0, "cutout"), (mixup > 0, "mixup"), (cutmix > 0, "cutmix"),
    ]
    if let (_, name) = asked.first(where: { $0.0 }) {
      throw BasinError.usage(
        "asked for \(name), and training pictures are not augmented (augment=false)",
        advice: "Set augment=true, or leave \(name) out")
    }
  }

  /// Checks what depends on the pictures.
  ///
  /// - Parameter output: size of what the model sees.
  /// - Throws: `BasinError` of kind `usage`.
  public func validate(channels: Int, output: PictureSize, classes: Int) throws {
    if channels == 1, saturation > 0 || hue > 0 {
      throw BasinError.usage(
        "saturation and hue change colours, and these pictures are grey", advice: "Leave them at 0; brightness and contrast work")
    }
    if channels != 3, normalize == .imagenet {
      throw BasinError.usage(
        "normalize=imagenet is for colour pictures, and these have \(channels == 1 ? "one channel" : "\(channels) channels")",
        advice: "Leave it at auto")
    }
    let side = max(output.height, output.width)
    if testResize > 0, testResize < side {
      throw BasinError.usage(
        "testResize=\(testResize) is smaller than the \(output) that are cut out of it", advice: "Take at least \(side), or 0")
    }
    if cutout > 2 * side {
      throw BasinError.usage(
        "cutout=\(cutout) would cover all of \(output)", advice: "Take about half of the side; 0 switches off")
    }
    if classes < 2, mixup > 0 || cutmix > 0 {
      throw BasinError.usage("mixup and cutmix mix classes, and there is one", advice: "Leave them at 0")
    }
  }
}

extension PictureOptions {
  /// The fields every set has.
  static var commonFields: [Field<Self>] {
    [
      Field("augment", \.common.augment, "random changes of training pictures: crop, flip and what else is switched on"),
      Field(
        "crop", \.common.crop, choices: PictureChoices.Crop.self,
        "padded: a window of the picture with a border; resized: a part of random area and ratio, scaled"),
      Field("padding", \.common.padding, in: 0...256, "black rows and columns on each side before the padded crop"),
      Field("flip", \.common.flip, "mirror half of the augmented pictures"),
      Field("minScale", \.common.minScale, in: 0.0001...1, "resized crop: least part of the picture's area"),
      Field("maxScale", \.common.maxScale, in: 0.0001...1, "resized crop: greatest part of the picture's area"),
      Field("minRatio", \.common.minRatio, in: 0.01...100, "resized crop: least width over height"),
      Field("maxRatio", \.common.maxRatio, in: 0.01...100, "resized crop: greatest width over height"),
      Field("brightness", \.common.brightness, in: 0...10, "jitter: factors 1 - x to 1 + x, not below 0; 0: off"),
      Field("contrast", \.common.contrast, in: 0...10, "jitter: as brightness, about the picture's mean grey"),
      Field("saturation", \.common.saturation, in: 0...10, "jitter: as brightness, about each pixel's grey"),
      Field("hue", \.common.hue, in: 0...0.5, "jitter: hue moves by -x to x turns"),
      Field("randAugment", \.common.randAugment, in: 0...16, "RandAugment: operations a picture; 0: off"),
      Field("randAugmentMagnitude", \.common.randAugmentMagnitude, in: 0...30, "RandAugment: how strong they are, of 31 levels"),
      Field("cutout", \.common.cutout, in: 0...4096, "side of the square set to the mean in training; 0: off"),
      Field("mixup", \.common.mixup, in: 0...1000, "mixup of training batches: alpha of the Beta distribution; 0: off"),
      Field("cutmix", \.common.cutmix, in: 0...1000, "CutMix of training batches: alpha; with mixup one of both a batch; 0: off"),
      Field(
        "testResize", \.common.testResize, in: 0...4096,
        "evaluation: scale the shorter side to this, cut out the middle; 0: 8/7 of the size with resized crops of larger pictures"),
      Field(
        "normalize", \.common.normalize, choices: NormalizationChoice.self,
        "auto: published mean and deviation, else measured on the pictures trained on; measured: always; imagenet: ImageNet's"),
      Field("subset", \.common.subset, in: 0...1_000_000_000, "how many of train's pictures to take, by the classes' shares; 0: all"),
      Field("labelNoise", \.common.labelNoise, in: 0...1, "the part of the examples trained on that get another class's label"),
      Field(
        "choiceSeed", \.common.choiceSeed, in: 0...Int.max,
        "which pictures subset and labelNoise choose; independent of the run's seed"),
    ]
  }
}
