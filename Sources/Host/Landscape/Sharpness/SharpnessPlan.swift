import Foundation
import PluginAPI

/// What is measured of which weights: everything that decides the figures. Kept beside them, so that an interrupted
/// measurement can go on.
struct SharpnessPlan: Codable, Hashable {
  /// Weights and the run whose data and model they are measured with.
  struct Item: Codable, Hashable {
    var run: String
    /// `last`, `best` or `averaged`.
    var choice: String
    var source: WeightsSource
  }

  var items: [Item]
  /// Weights whose distances are wanted.
  var among: [WeightsSource]
  var part = LandscapePlan.Part.train
  /// Drawn at random; nil: all.
  var examples: Int?
  /// The radii of SAM and ASAM.
  var rho = 0.05, adaptiveRho = 0.5
  /// Of the ascent.
  var steps = 1
  /// Points of each curve of the rise over the radius, up to twice the radius above.
  var radii = 0
  var eigenvalues = 5
  /// Of Lanczos, at most.
  var iterations = 100
  var tolerance = 1e-4
  var traceSamples = 10
  /// Nil: exact where it can be done.
  var products: HessianProduct.Method?
  var seed = 0
  var dataRoot: String?
  /// Whether data is taken that is not the run's any more; nil, in plans of before: it is not.
  var changedData: Bool?
  var plugins: [String] = []

  func curve(upTo radius: Double) -> [Double] {
    radii == 0 ? [] : (1...radii).map { 2 * radius * Double($0) / Double(radii) }
  }

  /// What is the same for all weights, as `sharpness.json` says it.
  var settings: [String: JSONValue] {
    [
      "part": .string(part.rawValue), "seed": .int(seed), "steps": .int(steps), "rho": JSONValue(rho),
      "adaptiveRho": JSONValue(adaptiveRho),
    ]
  }

  static func read(_ path: String) throws -> SharpnessPlan {
    guard let data = FileManager.default.contents(atPath: path) else { throw BasinErrors.missingFile(path) }
    do { return try JSONDecoder().decode(SharpnessPlan.self, from: data) } catch {
      throw BasinErrors.notJSON(path, error)
    }
  }
}

extension HessianProduct.Method: Codable {}
