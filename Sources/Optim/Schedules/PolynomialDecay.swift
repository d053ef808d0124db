import PluginAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `polynomial`: floor + (1 - floor) (1 - t / T)^power; with floor 0 it is torch's PolynomialLR over the run.
public struct PolynomialDecay: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var power = 2.0
    public var floor = 0.0
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("power", \.power, in: 0...100, "1 is a straight line; 0.9 is usual for segmentation"),
        Field("floor", \.floor, in: 0...1, "the last rate, as a part of the initial one"),
        .warmup(\.warmup),
      ]
    }
  }

  private let options: ScheduleOptions
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    self.options = options
    warmup = try Warmup(options.warmup, of: "schedule polynomial")
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    options.floor + (1 - options.floor) * pow(1 - rest.fraction(step), options.power)
  }
}
