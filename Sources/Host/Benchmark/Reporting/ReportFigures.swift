import Foundation
import PluginAPI
import Report

/// Pictures of a benchmark's weights: each finished landscape and measurement of sharpness in its folder `landscapes`.
///
///     basin landscape DIR/runs/A --plane DIR/runs/B DIR/runs/C --out DIR/landscapes/NAME
///     basin sharpness DIR/runs/A DIR/runs/B --out DIR/landscapes/NAME
struct ReportFigures {
  private(set) var figures: [ReportDocument.Figure] = []
  /// A sentence on each that could not be taken.
  private(set) var notes: [String] = []

  /// - Parameter folder: of the benchmark.
  init(of folder: String) {
    let parent = (folder.isEmpty ? "." : folder) + "/landscapes"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    for name in names.sorted(by: { $0.localizedStandardCompare($1) == .orderedAscending }) {
      do { if let figure = try Self.figure(in: "\(parent)/\(name)") { figures.append(figure) } } catch {
        let error = error as? BasinError
        notes.append("landscapes/\(name) is not shown: \(error.map { "\($0.file ?? name): \($0.message)" } ?? "it cannot be read").")
      }
    }
  }

  /// nil for what is something else, or not finished.
  private static func figure(in path: String) throws -> ReportDocument.Figure? {
    let landscape = LandscapeDirectory(path: path), sharpness = SharpnessDirectory(path)
    if landscape.isFinished {
      let plan = try LandscapePlan.read(landscape.plan)
      return .init(
        title: "\(plan.model) on \(plan.dataset)", caption: try caption(plan, JSONValue.read(landscape.document)),
        content: try svg(landscape.svg))
    }
    if sharpness.isFinished {
      let document = try JSONValue.read(sharpness.document)
      let runs = document["runs"]?.items ?? []
      let subjects = unique(runs.map { "\($0["model"]?.text ?? "") on \($0["dataset"]?.text ?? "")" })
      return .init(title: "Sharpness of " + subjects.joined(separator: ", "), caption: caption(document, runs), content: try svg(sharpness.svg))
    }
    return nil
  }

  private static func svg(_ path: String) throws -> ReportDocument.Figure.Content {
    guard let data = FileManager.default.contents(atPath: path) else { throw BasinErrors.missingFile(path) }
    return .svg(String(decoding: data, as: UTF8.self))
  }

  private static func number(_ value: JSONValue?) -> String { value?.number.map { String(format: "%.4g", $0) } ?? "unknown" }

  private static func caption(_ plan: LandscapePlan, _ document: JSONValue) -> String {
    let names = plan.sources.map(\.name)
    let place =
      switch plan.kind {
      case .rays: "from \(names[0]) in \(plan.rays) random directions"
      case .segment: "from \(names[0]) to \(names[1])"
      case .plane: "over the plane through \(names.joined(separator: ", "))"
      }
    let statistics = plan.bnUpdate == .pooled ? "estimated again at each point" : "those of \(names[0]) everywhere"
    // What is at the weights themselves, for those who cannot see the picture.
    let known = (document["named"]?.items ?? []).map { point in
      "\(point["name"]?.text ?? ""): "
        + plan.parts.map { part in
          let error = point[part.rawValue]?["error"]?.number.map { String(format: " and error %.2f %%", 100 * $0) } ?? ""
          return "\(part.rawValue) loss \(number(point[part.rawValue]?["loss"]))\(error)"
        }.joined(separator: ", ")
    }
    return "Loss and error \(place); normalization statistics are \(statistics). At the weights, \(known.joined(separator: "; "))."
  }

  private static func caption(_ document: JSONValue, _ runs: [JSONValue]) -> String {
    let known = runs.map { run in
      let greatest = run["eigenvalues"]?.items.first?["value"]
      return "\(run["name"]?.text ?? ""): loss \(number(run["loss"])), SAM's sharpness \(number(run["sam"]?["sharpness"]))"
        + (greatest.map { ", greatest eigenvalue of the Hessian \(number($0))" } ?? "")
    }
    return "Over the examples of \(document["part"]?.text ?? ""). \(known.joined(separator: "; "))."
  }
}
