import PluginAPI

/// What ``ScheduleFree`` reads from the options of either of its forms.
public protocol ScheduleFreeOptions: Options {
  static var name: String { get }
  /// How much of y is x: `momentum` of SGD, `beta1` of AdamW.
  var interpolation: Double { get }
  /// Adam's denominator; nil: the gradient is taken as it is.
  var denominator: (beta2: Double, epsilon: Double)? { get }
  var weightDecay: Double { get set }
  var warmupSteps: Int { get set }
  var r: Double { get set }
  var weightLrPower: Double { get set }
}

extension ScheduleFreeOptions {
  /// The options both forms have.
  fileprivate static func common(
    _ weightDecay: WritableKeyPath<Self, Double> & Sendable, _ warmupSteps: WritableKeyPath<Self, Int> & Sendable,
    _ r: WritableKeyPath<Self, Double> & Sendable, _ weightLrPower: WritableKeyPath<Self, Double> & Sendable
  ) -> [Field<Self>] {
    [
      Field("weightDecay", weightDecay, in: 0...1000, "decay at the training weights, added to the direction"),
      Field("warmupSteps", warmupSteps, in: 0...1_000_000_000, "steps in which the rate grows to its full size"),
      Field("r", r, in: 0...100, "step t weighs t^r in the average"),
      Field("weightLrPower", weightLrPower, in: 0...100, "and the largest rate so far to this power"),
    ]
  }
}

/// Options of ``ScheduleFreeSGD``.
public struct ScheduleFreeSGDOptions: ScheduleFreeOptions {
  public static let name = "schedule-free-sgd"
  public var momentum = 0.9
  public var weightDecay = 0.0
  public var warmupSteps = 0
  public var r = 0.0
  public var weightLrPower = 2.0

  public init() {}

  public var interpolation: Double { momentum }
  public var denominator: (beta2: Double, epsilon: Double)? { nil }

  public static var fields: [Field<Self>] {
    [
      Field("momentum", \.momentum, in: 0.1...0.999_999_999, "how close to the average gradients are taken")
    ] + common(\.weightDecay, \.warmupSteps, \.r, \.weightLrPower)
  }
}

/// Options of ``ScheduleFreeAdamW``.
public struct ScheduleFreeAdamWOptions: ScheduleFreeOptions {
  public static let name = "schedule-free-adamw"
  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-8
  public var weightDecay = 0.0
  public var warmupSteps = 0
  public var r = 0.0
  public var weightLrPower = 2.0

  public init() {}

  public var interpolation: Double { beta1 }
  public var denominator: (beta2: Double, epsilon: Double)? { (beta2, epsilon) }

  public static var fields: [Field<Self>] {
    [
      Field("beta1", \.beta1, in: 0.1...0.999_999_999, "how close to the average gradients are taken"),
      Field("beta2", \.beta2, in: 0...0.999_999_999, "memory of the mean of the squared gradients"),
      Field("epsilon", \.epsilon, in: 0...1, "added to the denominator"),
    ] + common(\.weightDecay, \.warmupSteps, \.r, \.weightLrPower)
  }
}
