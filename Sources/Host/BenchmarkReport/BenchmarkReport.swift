import Foundation

/// A benchmark's report: computed once from a document, written in four forms.
public struct BenchmarkReport: Sendable {
  public let analysis: ReportAnalysis
  public let summary: ReportSummary

  public init(_ document: ReportDocument) {
    analysis = ReportAnalysis(document)
    summary = ReportSummary(analysis)
  }

  /// One HTML file that needs nothing else.
  ///
  /// - Parameter refreshSeconds: for a page that is served while runs go on, how often the browser fetches it again.
  public func html(refreshSeconds: Int? = nil) -> String {
    HTMLReport(analysis: analysis, summary: summary, refreshSeconds: refreshSeconds).html
  }

  /// Every figure as an SVG file that stands alone, with its name.
  public func figureFiles() -> [(name: String, svg: String)] {
    FigureFiles(html: html(), methods: analysis.document.methods.map(\.name)).all
  }

  /// The summary and the tables, without figures.
  public func markdown() -> String { MarkdownReport(analysis: analysis, summary: summary).text }

  /// In long form, a row for each run and figure; columns as ``CSVReport/header``.
  public func csv() -> String { CSVReport(document: analysis.document).text }

  /// The document, `{"document": ...}`, with what was computed from it, `"analysis"` and `"summary"`. Numbers that are not
  /// finite are the texts `nan`, `inf` and `-inf`.
  public func json() throws -> Data { try JSONReport(analysis: analysis, summary: summary).data() }
}

extension ReportDocument {
  /// A document from the `document` of a report's JSON, or from its own JSON.
  public init(json data: Data) throws {
    struct Wrapper: Decodable { let document: ReportDocument }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    decoder.nonConformingFloatDecodingStrategy = JSONReport.decodingOfWhatIsNotFinite
    do { self = try decoder.decode(Wrapper.self, from: data).document } catch DecodingError.keyNotFound(let key, _)
      where key.stringValue == "document"
    { self = try decoder.decode(ReportDocument.self, from: data) }
  }
}
