import Foundation
import PluginAPI

/// One option of a sweep and the values it may have: `lr=0.01,0.1`, `model.hidden=16..64`, `optimizer.weightDecay=1e-5..1e-2:log`.
struct SweepDimension: Codable, Hashable, Sendable {
  enum Values: Codable, Hashable, Sendable {
    case list([String])
    case whole(ClosedRange<Int>)
    case real(ClosedRange<Double>)
    /// Evenly in its logarithm.
    case logarithmic(ClosedRange<Double>)
  }

  /// A configuration's key (`learningRate`) or an option (`model.hidden`).
  let key: String
  let values: Values

  /// - Throws: `BasinError` of kind usage for what is not of this form.
  init(_ text: String) throws {
    func bad(_ why: String) -> BasinError {
      .usage("--try \(text): \(why)", advice: "For example --try lr=0.01,0.1 or --try optimizer.weightDecay=1e-5..1e-2:log")
    }
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { throw bad("there is no KEY=VALUES") }
    let name = String(text[..<equals])
    var words = String(text[text.index(after: equals)...])
    if name.contains(".") {
      key = name
    } else {
      let known = RunRequest.Key.allCases.filter { !Self.fixed.contains($0) }
      guard let found = known.first(where: { $0.rawValue == name || $0.flag == "--" + name }) else {
        throw BasinError.unknown("key of --try", name, among: known.map { String($0.flag.dropFirst(2)) })
      }
      key = found.rawValue
    }
    let isLogarithmic = words.hasSuffix(":log")
    if isLogarithmic { words.removeLast(4) }
    guard let dots = words.range(of: "..") else {
      guard !isLogarithmic else { throw bad(":log belongs to a range such as 1e-5..1e-2") }
      let list = words.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
      guard !list.isEmpty else { throw bad("it names no value") }
      guard Set(list).count == list.count else { throw bad("a value is named twice") }
      values = .list(list)
      return
    }
    let ends = (String(words[..<dots.lowerBound]), String(words[dots.upperBound...]))
    if !isLogarithmic, let low = Int(ends.0), let high = Int(ends.1) {
      guard low < high else { throw bad("the range is empty") }
      values = .whole(low...high)
      return
    }
    guard let low = Double(ends.0), let high = Double(ends.1), low.isFinite, high.isFinite else { throw bad("the ends of a range are numbers") }
    guard low < high else { throw bad("the range is empty") }
    guard !isLogarithmic || low > 0 else { throw bad("a logarithmic range begins above 0") }
    values = isLogarithmic ? .logarithmic(low...high) : .real(low...high)
  }

  /// What a trial is about, and what the sweep itself decides.
  private static let fixed: Set<RunRequest.Key> = [.domain, .model, .dataset, .method, .seed, .dataRoot, .device, .keep, .checkpointEvery, .dataThreads]

  /// All of them; nil for a range.
  var list: [String]? { if case .list(let list) = values { list } else { nil } }

  /// The value at a place of the range or list.
  ///
  /// - Parameter place: 0..<1.
  func value(at place: Double) -> String {
    switch values {
    case .list(let list): list[min(Int(place * Double(list.count)), list.count - 1)]
    case .whole(let range): "\(min(range.lowerBound + Int(place * Double(range.count)), range.upperBound))"
    case .real(let range): Self.text(range.lowerBound + place * (range.upperBound - range.lowerBound))
    case .logarithmic(let range): Self.text(range.lowerBound * pow(range.upperBound / range.lowerBound, place))
    }
  }

  /// Four digits: nobody copies more by hand, and nothing depends on them.
  private static func text(_ value: Double) -> String { String(format: "%.4g", value) }
}
