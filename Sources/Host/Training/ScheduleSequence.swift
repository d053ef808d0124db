import Foundation
import Optim
import PluginAPI

/// A schedule, or several one after another: `cosine:0.1`, `linear-warmup,cosine@5ep,constant:0.01@0.9dur`.
///
/// After `@` stands where in the run a schedule takes over from the one before, as in `a.then(b, at:)`; after a colon
/// stand options, as for `--observe`. The options of one schedule are `schedule.NAME`; of several each has its own,
/// numbered from 1: `schedule.2.NAME`.
struct ScheduleSequence {
  struct Part {
    /// Where it begins; nil: with the run.
    let start: Landmark?
    let entry: ScheduleEntry
    /// As it was written: with `module/` where that was needed.
    let name: String
    /// Given behind its name.
    let settings: [String: String]
  }

  let parts: [Part]

  /// - Throws: `BasinError` of kind usage that names the part at fault.
  init(_ text: String, in catalog: Catalog) throws {
    let texts = text.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    var parts: [Part] = []
    for (index, item) in texts.enumerated() {
      do { parts.append(try Self.part(item, isFirst: index == 0, in: catalog)) } catch var error as BasinError {
        if texts.count > 1 { error.message = "--schedule, part \(index + 1): " + error.message }
        error.advice = [error.advice, Self.adviceOnLists(item, index, parts.last, in: catalog)].compactMap { $0 }
          .joined(separator: ". ")
        throw error
      }
    }
    self.parts = parts
  }

  /// Lists hold commas and colons themselves: how to give one to the schedule of `text` or the one before.
  private static func adviceOnLists(_ text: String, _ index: Int, _ before: Part?, in catalog: Catalog) -> String? {
    let name = String(text.prefix { !":@".contains($0) })
    let own = try? catalog.schedule(name)
    let number = own == nil ? index : index + 1
    guard let entry = own ?? before?.entry, let list = entry.options.first(where: { $0.allowed == "text" })?.name else {
      return nil
    }
    return
      "A list is not written here: --set schedule.\(list)=LIST, or --set schedule.\(number).\(list)=LIST where there are"
      + " several parts"
  }

  private static func part(_ text: String, isFirst: Bool, in catalog: Catalog) throws -> Part {
    let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let head = halves.first, !head.isEmpty else {
      throw BasinError.usage(
        "there is no schedule in '\(text)'",
        advice: "Write names with commas between them, such as linear-warmup,cosine@5ep")
    }
    let notation = try OptionNotation(head, of: "schedule") { try catalog.schedule($0).options }
    let entry = try catalog.schedule(notation.name)
    for key in notation.settings.keys.sorted() where !entry.options.contains(where: { $0.name == key }) {
      throw BasinError.unknown("option", key, of: "schedule \(entry.name)", among: entry.options.map(\.name))
    }
    guard halves.count == 2 else {
      guard isFirst else {
        throw BasinError.usage(
          "it is not said where \(entry.name) takes over", advice: "Write \(head)@5ep, \(head)@300st or \(head)@0.5dur")
      }
      return Part(start: nil, entry: entry, name: notation.name, settings: notation.settings)
    }
    guard !isFirst else {
      throw BasinError.usage(
        "\(entry.name) begins with the run, but has @\(halves[1])",
        advice: "After @ stands where a schedule takes over from the one before: linear-warmup,cosine@5ep")
    }
    guard let start = Landmark(halves[1]) else {
      throw BasinError.usage(
        "@\(halves[1]) is no place in the run", advice: "Write \(head)@5ep, \(head)@300st or \(head)@0.5dur")
    }
    return Part(start: start, entry: entry, name: notation.name, settings: notation.settings)
  }

  /// Without options: what `config.yaml` says beside them.
  var name: String { parts.map { $0.name + ($0.start.map { "@\($0)" } ?? "") }.joined(separator: ",") }

  var summary: String { parts.map(\.entry.summary).joined(separator: "; then: ") }

  /// Of all parts, without `schedule.`.
  var options: [OptionDescription] {
    numbered.flatMap { number, part in part.entry.options.map { $0.with(prefix: number) } }
  }

  /// The parts with what their options' names begin with.
  private var numbered: [(prefix: String, part: Part)] {
    parts.enumerated().map { (parts.count == 1 ? "" : "\($0.offset + 1).", $0.element) }
  }

  // MARK: Settings

  /// What each option is where the user says nothing: those defaults that a part has an option for.
  ///
  /// - Parameter defaults: of a recipe or method, as `schedule.NAME`.
  func defaults(_ defaults: [String: String]) -> [String: String] {
    var result: [String: String] = [:]
    for (prefix, part) in numbered {
      for option in part.entry.options {
        result["schedule.\(prefix)\(option.name)"] = defaults["schedule.\(option.name)"]
      }
    }
    return result
  }

  /// What stands behind the names and what `--set` says, together, by full names. `schedule.NAME` is for the one part
  /// that has such an option.
  ///
  /// - Throws: `BasinError` of kind usage where several parts have it, none has, or two say different things.
  func settings(with given: [String: String]) throws -> [String: String] {
    var result: [String: String] = [:]
    for (prefix, part) in numbered {
      for (key, value) in part.settings { result["schedule.\(prefix)\(key)"] = value }
    }
    for (key, value) in given.sorted(by: { $0.key < $1.key }) {
      let full = try fullName(key)
      guard result[full] == nil || result[full] == value else {
        throw BasinError.usage(
          "'\(full)' is set to \(result[full] ?? "") and to \(value)",
          advice: "Say it once: behind the schedule's name or with --set")
      }
      result[full] = value
    }
    return result
  }

  private func fullName(_ key: String) throws -> String {
    let all = options.map { "schedule." + $0.name }
    if all.contains(key) { return key }
    let matches = numbered.filter { _, part in part.entry.options.contains { "schedule." + $0.name == key } }
    guard let only = matches.first else { throw BasinError.unknown("option", key, among: all) }
    let name = key.dropFirst("schedule.".count)
    guard matches.count == 1 else {
      let list = matches.map { "schedule.\($0.prefix)\(name) (\($0.part.entry.name))" }
      throw BasinError.usage(
        "'\(key)': \(matches.count) parts of schedule \(self.name) have such an option",
        advice: "Write \(list.joined(separator: " or "))")
    }
    return "schedule.\(only.prefix)\(name)"
  }

  /// - Parameter settings: every option by its name without `schedule.`.
  func make(_ settings: [String: String]) throws -> any LearningRateCurve {
    var sequence: (any LearningRateCurve)?
    for (prefix, part) in numbered {
      var own: [String: String] = [:]
      for option in part.entry.options { own[option.name] = settings[prefix + option.name] }
      let curve: any LearningRateCurve
      do { curve = try part.entry.make(own) } catch var error as BasinError {
        if !prefix.isEmpty {
          error.message = "part \(prefix.dropLast()): " + error.message
          error.advice = error.advice?.replacing("schedule.", with: "schedule.\(prefix)")
        }
        throw error
      }
      if let before = sequence, let start = part.start {
        sequence = before.then(curve, at: start)
      } else {
        sequence = curve
      }
    }
    guard let sequence else { throw BasinError.usage("--schedule names nothing") }
    return sequence
  }
}
