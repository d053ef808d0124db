import Optim
import PluginAPI
import Testing

/// A schedule of the library by its name, as the host makes it.
func makeSchedule(_ name: String, _ settings: [String: String] = [:]) throws -> any LearningRateCurve {
  var registry = Registry(module: "optim", domain: "")
  registerBuiltIns(in: &registry)
  return try #require(registry.schedules.first { $0.name == name }).make(settings)
}

/// The factor of every step of a run.
func factors(_ schedule: any LearningRateCurve, _ run: RunLength) -> [Double] {
  (0..<run.steps).map { schedule.factor(at: Progress(step: $0, run: run)) }
}
