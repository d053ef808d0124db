import Foundation
import PluginAPI
import VisionKernels

/// mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019) of whole batches: each sample with the one before it, the first with
/// the last, all by one draw. Where both are on, one of them is chosen for each batch with probability 1/2.
public struct BatchMixing: Sendable {
  /// Of the symmetric Beta distribution that shares are drawn from; 0: off.
  public let mixup, cutmix: Double

  /// - Throws: `BasinError` of kind `usage` for a negative alpha.
  public init(mixup: Double, cutmix: Double) throws {
    guard mixup >= 0, cutmix >= 0, mixup.isFinite, cutmix.isFinite else {
      throw BasinError.usage("mixup \(mixup) and cutmix \(cutmix): alphas are not below 0", advice: "0 switches off")
    }
    self.mixup = mixup
    self.cutmix = cutmix
  }

  public var isOn: Bool { mixup > 0 || cutmix > 0 }

  /// The mixing of a batch of pictures of `size`, drawn from `random`.
  public func draw(_ size: PictureSize, _ random: Random) -> BatchMix {
    let words = random.words(0..<3)
    let cuts = cutmix > 0 && (mixup == 0 || words[0] >> 31 == 1)
    let lambda = Self.symmetricBeta(cuts ? cutmix : mixup, random["beta"])
    guard cuts else { return BatchMix(lambda: Float(lambda), box: nil) }
    let half = 0.5 * (1 - lambda).squareRoot()
    func span(_ word: UInt32, _ side: Int) -> Range<Int> {
      let middle = Int((UInt64(word) &* UInt64(side)) >> 32), reach = Int(half * Double(side))
      return max(0, middle - reach)..<min(side, middle + reach)
    }
    let columns = span(words[1], size.width), rows = span(words[2], size.height)
    let share = 1 - Double(rows.count * columns.count) / Double(size.height * size.width)
    return BatchMix(
      lambda: Float(share),
      box: PictureRegion(top: rows.lowerBound, left: columns.lowerBound, height: rows.count, width: columns.count))
  }

  /// A number from Beta(alpha, alpha): the share of the first of two gamma variates.
  public static func symmetricBeta(_ alpha: Double, _ random: Random) -> Double {
    let first = logGamma(alpha, random["first"]), second = logGamma(alpha, random["second"])
    return 1 / (1 + exp(second - first))
  }

  /// The logarithm of a number from Gamma(shape, 1) (Marsaglia and Tsang 2000), for shapes below 1 that of shape + 1 times
  /// u^(1 / shape): in logarithms nothing underflows.
  private static func logGamma(_ shape: Double, _ random: Random) -> Double {
    let d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / (9 * d).squareRoot()
    func unit(_ word: UInt32) -> Double { (Double(word) + 0.5) * 0x1p-32 }
    var attempt = 0
    while true {
      let words = random.words((4 * attempt)..<(4 * attempt + 4))
      attempt += 1
      // Box and Muller.
      let x = (-2 * log(unit(words[0]))).squareRoot() * cos(2 * Double.pi * unit(words[1]))
      let v = 1 + c * x
      // The bound is never met: an attempt fails in less than one case of twenty.
      guard v > 0 || attempt > 1000 else { continue }
      let cube = 3 * log(max(v, 1e-300))
      guard log(unit(words[2])) < 0.5 * x * x + d - d * exp(cube) + d * cube || attempt > 1000 else { continue }
      return log(d) + cube + (shape < 1 ? log(unit(words[3])) / shape : 0)
    }
  }
}

/// How the samples of one batch are mixed.
public struct BatchMix: Hashable, Sendable {
  /// A sample's own share, in the pixels (CutMix: of the area) and in the target.
  public let lambda: Float
  /// What is taken from the sample before; nil: pixels are added by their shares.
  public let box: PictureRegion?

  public init(lambda: Float, box: PictureRegion?) {
    self.lambda = lambda
    self.box = box
  }

  /// Target probabilities `[count, classes]`: lambda for a sample's own class, the rest for that of the sample before.
  public func targets(_ labels: [Int], classes: Int) -> [Float] {
    var result = [Float](repeating: 0, count: labels.count * classes)
    for (n, label) in labels.enumerated() {
      let before = labels[(n + labels.count - 1) % labels.count]
      result[n * classes + before] = 1 - lambda
      result[n * classes + label] += lambda
    }
    return result
  }

  var kernelValue: VisionMix {
    guard let box else { return VisionMix(top: 0, bottom: 0, left: 0, right: 0, lambda: lambda) }
    // A box without area leaves every sample as it is.
    return VisionMix(
      top: Int32(box.top), bottom: Int32(box.top + box.height), left: Int32(box.left), right: Int32(box.left + box.width),
      lambda: 1)
  }
}
