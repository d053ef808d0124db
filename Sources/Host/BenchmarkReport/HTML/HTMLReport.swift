import Foundation

/// The report as one HTML file that needs nothing else: no network, no fonts, and no script to be read.
struct HTMLReport {
  let analysis: ReportAnalysis
  let summary: ReportSummary
  /// For a page that is shown while runs go on: how often the browser fetches it again. Nil: never.
  var refreshSeconds: Int?

  var document: ReportDocument { analysis.document }

  /// What the sections' headings are, with their anchors, in order; and their content, nil where there is nothing to tell.
  private var sections: [(anchor: String, title: String, body: String?)] {
    [
      ("comparison", "Comparison", ComparisonSection(analysis: analysis).html),
      ("ranks", "Average ranks", RankSection(analysis: analysis).html),
      ("speed", "Time to target", SpeedSection(analysis: analysis).html),
      ("course", "Course of training", CourseSection(analysis: analysis).html),
      ("factorial", "Averaging or learning rate?", FactorialSection(analysis: analysis).html),
      ("costs", "Costs", CostSection(analysis: analysis).html),
      ("figures", "Landscapes and other figures", FigureSection(figures: document.figures).html),
      ("runs", "Runs", RunSection(analysis: analysis).html),
      ("reading", "How to read this", ReadingSection(analysis: analysis).html),
      ("repeat", "To repeat this", RepeatSection(document: document).html),
    ]
  }

  var html: String {
    let sections = sections.filter { $0.body != nil }
    var out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\""
      + " content=\"width=device-width,initial-scale=1\">"
    // Nothing but what is in the file may be loaded or run.
    out +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src"
      + " 'unsafe-inline'; script-src 'unsafe-inline'\">"
    if let refreshSeconds { out += "<meta http-equiv=\"refresh\" content=\"\(max(1, refreshSeconds))\">" }
    out +=
      "<meta name=\"generator\""
      + " content=\"basin\"><title>\(EscapedText.html(document.title))</title><style>\(PageStyle.css)</style></head>\n<body>"
    out += "<a class=\"skip\" href=\"#summary\">To the summary</a>\n<header><h1>\(EscapedText.html(document.title))</h1>"
    out +=
      "<p class=\"soft\">\(Self.date(document.date)) · reference: <strong>\(EscapedText.html(analysis.referenceName))</strong>"
    if refreshSeconds != nil {
      out += " · live: \(analysis.document.runs.count - analysis.pending) of \(analysis.document.runs.count) runs done"
    }
    out += "</p><nav aria-label=\"Contents\"><ul><li><a href=\"#summary\">Summary</a></li>"
    for section in sections { out += "<li><a href=\"#\(section.anchor)\">\(section.title)</a></li>" }
    out += "</ul></nav></header>\n<main>" + summaryHTML
    for section in sections {
      out +=
        "\n<section id=\"\(section.anchor)\" aria-labelledby=\"\(section.anchor)-h\"><h2"
        + " id=\"\(section.anchor)-h\">\(section.title)</h2>\(section.body ?? "")</section>"
    }
    out +=
      "</main>\n<footer><p class=\"soft\">Made by basin.</p></footer>\n<script>\(PageScript.javaScript)</script></body></html>\n"
    return out
  }

  private var summaryHTML: String {
    func list(_ texts: [ReportText]) -> String {
      texts.isEmpty ? "" : "<ul>" + texts.map { "<li>\($0.html)</li>" }.joined() + "</ul>"
    }
    var out =
      "<section id=\"summary\" aria-labelledby=\"summary-h\"><h2 id=\"summary-h\">Summary</h2><p>\(summary.scope.html)</p>"
    out += list(summary.methods)
    if !summary.limits.isEmpty { out += "<h3>What cannot be said</h3>" + list(summary.limits) }
    if !summary.further.isEmpty { out += "<h3>Beyond single workloads</h3>" + list(summary.further) }
    if !summary.failures.isEmpty {
      out += "<div class=\"alert\" id=\"failures\"><h3>What failed</h3>\(list(summary.failures))</div>"
    }
    for note in document.notes { out += "<p class=\"note\">\(EscapedText.html(note))</p>" }
    return out + "</section>"
  }

  static func date(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space)).replacing("Z", with: " UTC")
  }

  /// Names of series with line and mark; `numbers` are the methods'.
  static func legend(_ document: ReportDocument, _ numbers: [Int]) -> String {
    "<ul class=\"legend\">"
      + numbers.map { "<li>\(SeriesStyle.sample($0))<span>\(EscapedText.html(document.methods[$0].name))</span></li>" }.joined()
      + "</ul>"
  }

  static func figure(_ svg: String, _ caption: String) -> String { "<figure>\(svg)<figcaption>\(caption)</figcaption></figure>" }
}
