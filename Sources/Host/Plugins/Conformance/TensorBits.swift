import Foundation
import PluginAPI

/// The bits of tensors, for comparisons that allow no difference.
enum TensorBits {
  static func of(_ tensors: [NamedTensor]) throws -> [String: [UInt8]] {
    Dictionary(try tensors.map { ($0.path, try $0.tensor.detached().bytes()) }, uniquingKeysWith: { $1 })
  }

  static func of(_ state: OptimizerState) throws -> [String: [UInt8]] {
    var bits = try state.tensors.mapValues { try $0.detached().bytes() }
    for (name, counter) in state.counters { bits["counter " + name] = withUnsafeBytes(of: counter) { Array($0) } }
    return bits
  }

  /// The first name whose bits differ, or that only one of the two has.
  static func difference(_ a: [String: [UInt8]], _ b: [String: [UInt8]]) -> String? {
    Set(a.keys).union(b.keys).sorted().first { a[$0] != b[$0] }
  }

  /// Everything in a batch of inputs that tells one example from another: its tensors and numbers, found by reflection.
  /// Objects, which all batches share, are left out.
  static func of(_ input: any InputBatch) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try collect(input, into: &bytes)
    return bytes
  }

  private static func collect(_ value: Any, into bytes: inout [UInt8]) throws {
    if let tensor = value as? Tensor {
      bytes += Array("\(tensor.shape)".utf8)
      bytes += try tensor.to(.cpu).bytes()
    } else if let numbers = value as? [Int] {
      numbers.withUnsafeBytes { bytes += $0 }
    } else if let number = value as? any FixedWidthInteger {
      bytes += Array("\(number)".utf8)
    } else {
      let mirror = Mirror(reflecting: value)
      guard mirror.displayStyle != .class else { return }
      for child in mirror.children { try collect(child.value, into: &bytes) }
    }
  }

  /// A copy as it comes back from a checkpoint.
  static func saved(_ state: OptimizerState) throws -> OptimizerState {
    OptimizerState(tensors: try saved(state.tensors.map { ($0.key, $0.value) }), counters: state.counters)
  }

  static func saved(_ tensors: [(name: String, tensor: Tensor)]) throws -> [String: Tensor] {
    try Safetensors.decode(Safetensors.encode(tensors.sorted { $0.name < $1.name }), file: "state").tensors
  }
}

/// Measures whether something keeps memory that it does not give back.
enum MemoryGrowth {
  /// Bytes a step that are not told from noise, and bytes in all: what is made once and kept, late.
  private static let allocatedLimit = 128.0, allocatedNoise = 49_152.0
  private static let residentLimit = 8192.0, residentNoise = 8_388_608.0
  private static let secondsLimit = 60.0

  /// Runs `step` over and over, a fifth of the steps before anything is measured.
  ///
  /// - Returns: What was measured, as a phrase.
  /// - Throws: ``ConformanceFailure`` where memory grows with the steps.
  static func check(steps: Int, _ step: (Int) throws -> Void) throws -> String {
    let warmup = max(1, steps / 5)
    for index in 0..<warmup { try step(index) }
    let start = Clock.now()
    let before = (allocated: LibTorch.allocatedBytes, resident: resident)
    var done = 0
    while done < max(1, steps - warmup), Clock.now() - start < secondsLimit {
      try step(warmup + done)
      done += 1
    }
    let perStep = { (from: Int?, to: Int?) in from.flatMap { from in to.map { Double($0 - from) / Double(done) } } }
    let allocated = perStep(before.allocated, LibTorch.allocatedBytes)
    let grown = perStep(before.resident, resident)
    let text = "over \(warmup + done) steps memory grew by " + bytes(allocated ?? grown ?? 0) + " a step, resident memory by "
      + bytes(grown ?? 0)
    func isNoise(_ perStep: Double?, _ limit: Double, _ noise: Double) -> Bool {
      (perStep ?? 0) < max(limit, noise / Double(done))
    }
    try require(isNoise(allocated, allocatedLimit, allocatedNoise) && isNoise(grown, residentLimit, residentNoise), text)
    return text
  }

  private static func bytes(_ count: Double) -> String { String(format: "%.0f bytes", max(count, 0)) }

  /// Bytes of this process that are in main memory; nil where the system does not tell.
  private static var resident: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * sysconf(Int32(_SC_PAGESIZE)) } : nil
  }
}
