import Host
import PluginAPI
import Testing

/// The checks of modules: all of them pass for what is right, and the right one fails for what is wrong.
@Suite("Conformance", .serialized)
struct ConformanceTests {
  private let registry = ConformanceFixture.registry()

  private func model(_ flaw: PointModel.Flaw, only: String? = nil) throws -> [String: String] {
    let checks = ModelConformance(
      registry.models[0], with: registry.datasets[0], in: try Catalog(), ConformanceFixture.settings(["model.flaw": flaw.rawValue]))
    // The catalog does not have this model, so that no run can be configured with it.
    return ConformanceFixture.failures(checks.checks, only: only, leavingOut: ["recipe"])
  }

  @Test("a good model passes")
  func goodModel() throws { #expect(try model(.none) == [:]) }

  @Test(
    "what is wrong with a model is found by the check for it",
    arguments: [
      (PointModel.Flaw.unused, "gradients", "extra.unused"), (.unfilled, "determinism", "extra.unfilled"),
      (.unestimated, "roles", "extra.mean"), (.hiddenState, "roles", "no tensor of the model"),
      (.untracked, "state", "no tensor"), (.busyEvaluation, "evaluation", "a second evaluation"),
      (.company, "ragged batch", "company"), (.stuck, "overfitting", "by heart"), (.leak, "memory", "a step"),
      (.width, "construction", "[8, 4], not [8, 3]"), (.sharedTable, "gradients", "table.weight is read by something else"),
    ])
  func flawedModel(flaw: PointModel.Flaw, check: String, words: String) throws {
    let failures = try model(flaw, only: check)
    #expect(failures[check]?.contains(words) == true, "\(failures)")
  }

  private func dataset(_ flaw: PointSet.Flaw, only: String? = nil) throws -> [String: String] {
    let checks = DatasetConformance(
      registry.datasets[0], in: try Catalog(), ConformanceFixture.settings(["dataset.flaw": flaw.rawValue]))
    // That would load the modules, whose types this process has already.
    return ConformanceFixture.failures(checks.checks, only: only, leavingOut: ["models"])
  }

  @Test("a good data set passes")
  func goodDataset() throws { #expect(try dataset(.none) == [:]) }

  @Test(
    "what is wrong with a data set is found by the check for it",
    arguments: [
      (PointSet.Flaw.overlap, "disjoint splits", "of 30 examples of test"), (.label, "targets", "is 3, of 3"),
      (.order, "determinism", "depend on what else"), (.clock, "determinism", "second time"), (.shape, "shape", "2 coordinates instead of 3"),
      (.count, "splits", "61 labels for 60"), (.nameless, "targets", "1 class names"), (.leak, "memory", "a step"),
    ])
  func flawedDataset(flaw: PointSet.Flaw, check: String, words: String) throws {
    let failures = try dataset(flaw, only: check)
    #expect(failures[check]?.contains(words) == true, "\(failures)")
  }

  @Test("options: ranges, help and names")
  func options() throws {
    struct Unranged: Options {
      var count = 1
      static var fields: [Field<Self>] { [Field("count", \.count, "how many")] }
    }
    struct Silent: Options {
      var count = 1
      static var fields: [Field<Self>] { [Field("count", \.count, in: 0...3, "")] }
    }
    struct OutOfRange: Options {
      var count = 9
      static var fields: [Field<Self>] { [Field("count", \.count, in: 0...3, "how many")] }
    }
    struct Twice: Options {
      var count = 1
      static var fields: [Field<Self>] {
        [Field("count", \.count, in: 0...3, "how many"), Field("count", \.count, in: 0...3, "how many")]
      }
    }
    func failure<O: Options>(_ type: O.Type) throws -> String {
      var registry = Registry(module: "m", domain: "d")
      registry.add(schedule: "s", OptionSchedule<O>.self, "a schedule")
      return ConformanceFixture.failures(ScheduleConformance(registry.schedules[0], ConformanceSettings()).checks)["options"] ?? ""
    }
    #expect(try failure(Unranged.self).contains("give it a range"))
    #expect(try failure(Silent.self).contains("no help"))
    #expect(try failure(OutOfRange.self).contains("the default 9"))
    #expect(try failure(Twice.self).contains("two options"))
    #expect(try failure(NoOptions.self) == "")
  }
}

private struct OptionSchedule<O: Options>: Schedule {
  init(_ options: O) throws {}
  func factor(at progress: Progress) -> Double { 1 }
}
