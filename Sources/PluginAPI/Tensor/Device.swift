/// Where a tensor lives.
public enum Device: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  /// Main memory.
  case cpu
  /// A graphics card of NVIDIA's, by its number.
  case cuda(Int)
  /// Apple's graphics processor.
  case mps

  /// `cpu`, `cuda`, `cuda:1` or `mps`.
  public init?(_ description: String) {
    switch description {
    case "cpu": self = .cpu
    case "mps": self = .mps
    case "cuda": self = .cuda(0)
    default:
      guard description.hasPrefix("cuda:"), let index = Int(description.dropFirst(5)), (0..<128).contains(index) else {
        return nil
      }
      self = .cuda(index)
    }
  }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): index == 0 ? "cuda" : "cuda:\(index)"
    case .mps: "mps"
    }
  }

  // LibTorch's device types are 0, 1 and 13; see LibTorchTable.h.
  var code: Int32 {
    switch self {
    case .cpu: 0
    case .cuda(let index): 256 + Int32(index)
    case .mps: 13 * 256
    }
  }

  init(code: Int32) {
    switch code / 256 {
    case 1: self = .cuda(Int(code % 256))
    case 13: self = .mps
    default: self = .cpu
    }
  }
}
