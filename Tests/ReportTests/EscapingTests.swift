import Foundation
import Report
import Testing

/// Names come from plug-ins, messages from whatever failed: none of it may become markup.
@Suite("Text from outside") struct EscapingTests {
  static let evil = "<script>alert(1)</script>\"'&amp; | *b* `c` [x](y) \u{202E}rtl\u{7}\u{0} 漢字 é 👩‍🔬 ]]> </title>"

  static func document() -> ReportDocument {
    var document = SampleDocument.make([SampleDocument.shapes[0]], curvePoints: 10)
    let evil = Self.evil
    document.title += evil
    document.notes.append(evil)
    document.methods = document.methods.map { .init(name: $0.name + evil, summary: evil) }
    document.reference += evil
    document.workloads = document.workloads.map {
      .init(
        id: $0.id, domain: evil, model: evil, dataset: evil, label: evil,
        metric: .init(name: evil, isFraction: false), division: evil, dataHash: evil)
    }
    document.environment = .init(
      machine: [.init(evil, evil)], versions: [.init(evil, evil)], modules: [.init(name: evil, version: evil, origin: evil)])
    document.commands = [.init(purpose: evil, text: evil + "\n```\n````")]
    document.figures = [
      .init(title: evil, caption: evil, content: .svg("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(2)</script></svg>"))
    ]
    for index in document.runs.indices {
      document.runs[index].method += evil
      document.runs[index].id += evil
      document.runs[index].message = evil
      document.runs[index].command = evil
      document.runs[index].observed = [evil: .init(test: [evil: 1])]
      func renamed(_ scores: ReportDocument.Run.Scores?) -> ReportDocument.Run.Scores? {
        scores.map { .init(validation: [evil: $0.validation.values.first ?? 0], test: [evil: $0.test.values.first ?? 0]) }
      }
      document.runs[index].last = renamed(document.runs[index].last)
      document.runs[index].selected = renamed(document.runs[index].selected)
      document.runs[index].averaged = renamed(document.runs[index].averaged)
    }
    return document
  }

  @Test func html() throws {
    let html = BenchmarkReport(Self.document()).html()
    #expect(html.components(separatedBy: "<script").count == 2 && !html.contains("<script>alert"))
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;"))
    #expect(!html.contains("\u{202E}") && !html.contains("\u{0}") && !html.contains("\u{7}"))
    #expect(html.contains("漢字 é 👩‍🔬"))
    let page = try HTMLPage(html)
    #expect(page.problems.isEmpty, "\(page.problems.prefix(3))")
    #expect(Set(page.links).isSubset(of: Set(page.ids)) && page.ids.count == Set(page.ids).count)
  }

  @Test func markdown() {
    let text = BenchmarkReport(Self.document()).markdown()
    // But for the commands, which stand in a fence.
    let prose = text.components(separatedBy: "`````sh")[0]
    #expect(
      !prose.contains("<script>") && prose.contains("&lt;script&gt;") && prose.contains("\\[x\\](y)")
        && prose.contains("\\| \\*b\\*"))
    #expect(text.contains("`````sh\n"))
    // No cell breaks its row.
    for line in prose.split(separator: "\n") where line.hasPrefix("| ") {
      #expect(line.replacing("\\|", with: "").count { $0 == "|" } >= 4 && line.hasSuffix(" |"))
    }
  }

  @Test("CSV reads back, whatever the names hold")
  func csv() throws {
    var document = Self.document()
    document.runs[0].message = "a \"quoted\", one\nover two lines"
    let rows = CSVRows.read(BenchmarkReport(document).csv())
    #expect(rows.first?.joined(separator: ",") == CSVReport.header)
    #expect(rows.allSatisfy { $0.count == 15 })
    #expect(rows[1].last == "a \"quoted\", one\nover two lines")
    #expect(Set(rows.dropFirst().map { $0[6] }) == Set(document.methods.map(\.name)))
  }

  @Test("JSON gives the same document again")
  func json() throws {
    let document = Self.document()
    let data = try BenchmarkReport(document).json()
    let again = try ReportDocument(json: data)
    #expect(again.title == document.title && again.runs.count == document.runs.count)
    #expect(try BenchmarkReport(again).json() == data)
    #expect(BenchmarkReport(again).html() == BenchmarkReport(document).html())
  }
}

/// A reader of CSV written from RFC 4180.
enum CSVRows {
  static func read(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field = ""
    var isQuoted = false
    var scalars = Array(text.unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      if isQuoted {
        if scalar == "\"" {
          if scalars.first == "\"" {
            field.unicodeScalars.append("\"")
            scalars.removeFirst()
          } else {
            isQuoted = false
          }
        } else {
          field.unicodeScalars.append(scalar)
        }
      } else if scalar == "\"" {
        isQuoted = true
      } else if scalar == "," || scalar == "\n" {
        row.append(field)
        field = ""
        if scalar == "\n" {
          rows.append(row)
          row = []
        }
      } else {
        field.unicodeScalars.append(scalar)
      }
    }
    return rows
  }
}
