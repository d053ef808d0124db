import Foundation
import PluginAPI

/// What a landscape is of: everything that decides its figures. Kept beside them, so that an interrupted one can go on.
struct LandscapePlan: Codable, Hashable {
  enum Kind: String, Codable { case rays, segment, plane }
  enum StatisticsUpdate: String, Codable, CaseIterable { case pooled, none }
  enum Part: String, Codable, CaseIterable { case train, validation, test }

  var kind: Kind
  /// The run whose data and model are used.
  var run: String
  var model, dataset: String
  /// The weights it starts from, and those it leads to.
  var sources: [WeightsSource]
  var parts: [Part]
  /// Along each axis.
  var points: Int
  /// Rays: how many, and how far they reach to both sides.
  var rays = 0
  var radius = 0.0
  var normalization = WeightDirection.Normalization.filter
  var vectors = WeightDirection.Vectors.zero
  /// Segment: of its length, at both ends. Plane: of the wider side of the three weights' bounding box, on all sides.
  var margin = 0.0
  var seed = 0
  var bnUpdate = StatisticsUpdate.pooled
  /// Examples of each part, and of the training data for the statistics; nil: all.
  var examples, bnExamples: Int?
  var dataRoot: String?
  /// Whether data is taken that is not the run's any more; nil, in plans of before: it is not.
  var changedData: Bool?
  var plugins: [String] = []

  /// `count` values from one end to the other.
  static func evenly(_ low: Double, _ high: Double, _ count: Int) -> [Double] {
    (0..<count).map { low + (high - low) * Double($0) / Double(max(count - 1, 1)) }
  }

  /// Reads the plan of a landscape that was begun.
  static func read(_ path: String) throws -> LandscapePlan {
    guard let data = FileManager.default.contents(atPath: path) else { throw BasinErrors.missingFile(path) }
    do { return try JSONDecoder().decode(LandscapePlan.self, from: data) } catch {
      throw BasinErrors.notJSON(path, error)
    }
  }
}

/// The folder of a landscape: `plan.json`, `points.jsonl`; `landscape.svg`, `landscape.png` and, last, `landscape.json`
/// when it is finished.
struct LandscapeDirectory {
  let path: String
  var plan: String { path + "/plan.json" }
  var points: String { path + "/points.jsonl" }
  var document: String { path + "/landscape.json" }
  var svg: String { path + "/landscape.svg" }
  var png: String { path + "/landscape.png" }

  /// A folder for a new landscape with its plan.
  static func create(_ path: String, _ plan: LandscapePlan) throws -> LandscapeDirectory {
    let directory = LandscapeDirectory(path: path)
    try directory.checkUnused()
    try AtomicFile.makeFolder(path)
    try AtomicFile.write(JSONValue(encoding: plan).data(), to: directory.plan)
    return directory
  }

  func checkUnused() throws {
    guard !FileManager.default.fileExists(atPath: plan) else {
      throw BasinError(
        .cannotCreate, "holds a landscape already", file: path,
        advice: "Continue it with --resume \(path), or choose another --out")
    }
  }

  static func existing(_ path: String) throws -> LandscapeDirectory {
    let directory = LandscapeDirectory(path: path)
    guard FileManager.default.fileExists(atPath: directory.plan) else {
      throw BasinError.missing(
        "holds no landscape (there is no plan.json)", file: path, advice: "Give the folder that --out named")
    }
    return directory
  }

  var isFinished: Bool { FileManager.default.fileExists(atPath: document) }
}
