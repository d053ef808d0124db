import Foundation
import PluginAPI

/// Loss and accuracy at one point of a landscape.
struct LandscapePoint: Hashable {
  let index: Int
  /// Of weights that were given; nil on the grid.
  var name: String?
  var ray: Int?
  /// Rays: the steps along the direction. Segment: 0 at the one end, 1 at the other. Plane: distances along both axes.
  var coordinates: [Double]
  /// By part; NaN where a figure is not finite.
  var metrics: [LandscapePlan.Part: Metrics] = [:]

  /// Without where the point lies, which the plan says: a line of `points.jsonl`.
  var line: JSONValue {
    var object: [String: JSONValue] = ["index": .int(index)]
    for (part, value) in metrics { object[part.rawValue] = value.json }
    return .object(object)
  }

  /// With everything, for `landscape.json`.
  var json: JSONValue {
    var object: [String: JSONValue] = ["coordinates": .array(coordinates.map { JSONValue($0) })]
    if let name { object["name"] = .string(name) }
    if let ray { object["ray"] = .int(ray) }
    for (part, value) in metrics {
      object[part.rawValue] = ["loss": JSONValue(value.loss), "error": JSONValue(value.accuracy.map { 1 - $0 })]
    }
    return .object(object)
  }

  /// Takes the metrics of a line for this point; false where it is of another or incomplete.
  mutating func take(_ line: JSONValue, _ parts: [LandscapePlan.Part]) -> Bool {
    guard line["index"]?.number == Double(index) else { return false }
    for part in parts {
      guard let value = Metrics(json: line[part.rawValue]) else { return false }
      metrics[part] = value
    }
    return true
  }
}

/// The lines of `points.jsonl`.
enum LandscapeLines {
  /// Fills `points` from the file and cuts off what follows the last whole line that fits.
  ///
  /// - Returns: how many points are there already.
  static func read(_ path: String, into points: inout [LandscapePoint], _ parts: [LandscapePlan.Part]) throws -> Int {
    guard let data = FileManager.default.contents(atPath: path) else { return 0 }
    var length = 0, count = 0
    while count < points.count, let end = data[length...].firstIndex(of: 0x0A) {
      guard let line = try? JSONDecoder().decode(JSONValue.self, from: data[length..<end]),
        points[count].take(line, parts)
      else { break }
      length = end + 1
      count += 1
    }
    if length < data.count {
      guard truncate(path, off_t(length)) == 0 else { throw BasinErrors.system("cannot be cut back", file: path) }
    }
    return count
  }
}
