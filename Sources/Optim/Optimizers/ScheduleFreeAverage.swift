import PluginAPI

/// How far the average of ``ScheduleFree`` has come.
struct ScheduleFreeAverage {
  private var weightSum = 0.0
  private var largestRate = 0.0

  init() {}

  /// Takes a step into account and gives its part of the average: 1 for the first.
  mutating func add(_ rate: Double, _ count: Int, r: Double, power exponent: Double) -> Double {
    largestRate = max(rate, largestRate)
    let weight = power(Double(count), r) * power(largestRate, exponent)
    weightSum += weight
    return weightSum == 0 ? 0 : weight / weightSum
  }

  // MARK: State

  private static let names = ["weightSum", "largestRate"]

  func save(in state: inout OptimizerState) throws {
    for (name, value) in zip(Self.names, [weightSum, largestRate]) { state.tensors[name] = try Tensor(scalar: value) }
  }

  /// - Throws: `BasinError` of kind badData where the two numbers are not there or are no numbers of an average.
  init(takenFrom state: inout OptimizerState, of owner: String) throws {
    var values: [Double] = []
    for name in Self.names {
      guard let tensor = state.tensors.removeValue(forKey: name), tensor.count == 1, tensor.dtype == .float64,
        case let value = try tensor.item(), value.isFinite, value >= 0
      else {
        throw BasinError.badData(
          "the saved state of optimizer \(owner) has no sound number \(name)",
          advice: "It was saved with another optimizer")
      }
      values.append(value)
    }
    (weightSum, largestRate) = (values[0], values[1])
  }
}
