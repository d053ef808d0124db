import Foundation
import PluginAPI

/// The type most of the arithmetic of a run is in.
public enum Precision: String, CaseIterable, Sendable {
  case float32, bf16, fp16

  /// What products and convolutions are cast to; nil: nothing is.
  var autocast: DType? {
    switch self {
    case .float32: nil
    case .bf16: .bfloat16
    case .fp16: .float16
    }
  }

  /// What to say where this processor has no arithmetic of that type; nil where it has, or where that is not known.
  var slownessNote: String? {
    let wanted: [String]
    switch self {
    case .float32: return nil
    case .bf16: wanted = ["avx512_bf16", "amx_bf16", "bf16"]
    case .fp16: wanted = ["avx512_fp16", "amx_fp16", "asimdhp"]
    }
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
    let flags = Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    guard flags.isDisjoint(with: wanted) else { return nil }
    return "this processor has no \(rawValue) arithmetic: --precision \(rawValue) gives its rounding here, but costs time"
  }
}

/// Keeps float16 gradients from vanishing: the loss is multiplied by a scale that grows while all goes well and shrinks when
/// a gradient overflows (Micikevicius et al. 2018; the numbers of torch.amp.GradScaler).
struct LossScaler {
  private(set) var scale = 65_536.0
  private var goodSteps = 0
  private static let growthInterval = 2000

  private static let multiply = Operator("aten::_foreach_mul_", "Scalar")

  /// Takes the scale out of the gradients.
  ///
  /// - Returns: whether all of them are finite. If not, the step is to be left out.
  mutating func unscale(_ parameters: [NamedTensor]) throws -> Bool {
    let gradients = try parameters.compactMap { try $0.gradient() }
    guard !gradients.isEmpty else { return true }
    let isFinite = try LibTorch.withoutGradient {
      try Self.multiply.run(.tensors(gradients), .double(1 / scale))
      return try GradientClipping.norm(gradients).isFinite
    }
    if isFinite {
      goodSteps += 1
      if goodSteps == Self.growthInterval {
        scale *= 2
        goodSteps = 0
      }
    } else {
      scale /= 2
      goodSteps = 0
    }
    return isFinite
  }

  init() {}

  var json: JSONValue { ["scale": JSONValue(scale), "goodSteps": .int(goodSteps)] }

  init(json: JSONValue?) {
    scale = json?["scale"]?.number ?? 65_536
    goodSteps = Int(json?["goodSteps"]?.number ?? 0)
  }
}
