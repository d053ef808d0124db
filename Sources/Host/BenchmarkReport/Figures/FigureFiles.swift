import Foundation

/// The page's figures as SVG files that stand alone: for a paper, a README, slides. Colours are those of the light page, written out, for many
/// programs that read SVG know no variables; lines and bars, whose names stand beside the figure in the page, get a legend of their own.
struct FigureFiles {
  let html: String
  /// Of the document, in their order: a figure's series have their numbers.
  let methods: [String]

  private static let colors = ["#005fa3", "#c24d00", "#007a5a", "#a3458a", "#8a6a00", "#4b4b4b", "#1d87a3", "#6a3fb5"]

  /// Names, `validation-by-epoch-gcn-on-cora.svg`, and contents.
  var all: [(name: String, svg: String)] {
    var names: Set<String> = []
    return html.components(separatedBy: "<svg class=\"plot\"").dropFirst().compactMap { part in
      guard let end = part.range(of: "</svg>"), let head = part.range(of: ">") else { return nil }
      let tag = part[..<head.lowerBound], body = String(part[head.upperBound..<end.lowerBound])
      guard let size = Self.size(tag) else { return nil }
      let title = Self.between(body, ">", "</title>") ?? "figure"
      let base = Self.fileName(title)
      var name = base
      var number = 2
      while !names.insert(name).inserted {
        name = "\(base)-\(number)"
        number += 1
      }
      return (name + ".svg", file(tag: String(tag), body, size))
    }
  }

  private func file(tag: String, _ body: String, _ size: (width: Double, height: Double)) -> String {
    let legend = legend(body)
    let height = size.height + Double(legend.count) * 18
    var result =
      "<svg xmlns=\"http://www.w3.org/2000/svg\"\(tag.replacing("viewBox=\"0 0 \(SVGCanvas.number(size.width)) \(SVGCanvas.number(size.height))\"", with: "viewBox=\"0 0 \(SVGCanvas.number(size.width)) \(SVGCanvas.number(height))\""))"
    result += " width=\"\(SVGCanvas.number(size.width))\" height=\"\(SVGCanvas.number(height))\">"
    result += "<style>\(Self.css)</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>" + body
    for (line, entry) in legend.enumerated() {
      let y = size.height + Double(line) * 18 + 6
      result += "<g transform=\"translate(12 \(SVGCanvas.number(y - 6)))\">\(entry.sample)</g>"
      result += "<text x=\"50\" y=\"\(SVGCanvas.number(y + 4))\">\(EscapedText.html(entry.name))</text>"
    }
    return result + "</svg>\n"
  }

  /// What the lines or bars of a figure are; empty where their names stand in it.
  private func legend(_ body: String) -> [(sample: String, name: String)] {
    let lines = methods.indices.filter { body.contains("class=\"\(SeriesStyle.line($0))\"") }
    // The critical-difference diagram and forest plots have marks without such lines.
    if !lines.isEmpty {
      return lines.map { number in
        let mark = SeriesStyle.marker(number, 15, 6, 4)
        return (
          "<path class=\"\(SeriesStyle.line(number))\" d=\"M1 6L29 6\"/><path class=\"m \(SeriesStyle.color(number))\" d=\"\(mark)\"/>",
          methods[number]
        )
      }
    }
    guard body.contains("class=\"bar ") else { return [] }
    return CostFigure.parts.enumerated().filter { body.contains("class=\"bar c\($0.offset)\"") }
      .map { ("<rect class=\"bar c\($0.offset)\" x=\"9\" y=\"0\" width=\"12\" height=\"12\"/>", $0.element) }
  }

  /// The part of the page's style sheet that figures need.
  private static let css: String = {
    var rules = [
      "svg{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans',sans-serif}",
      "text{fill:#1b1b1b}.label{fill:#565656}.name{font-weight:600}.grid{stroke:#d9d9d9;stroke-width:.8}.axis{stroke:#565656;fill:none}",
      ".zero{stroke:#1b1b1b;stroke-width:1.2}.paper{fill:#fff}.group{stroke:#1b1b1b;stroke-width:4;stroke-linecap:round}",
      ".l{fill:none;stroke-width:1.8;stroke-linejoin:round}.m{stroke:#fff;stroke-width:.9}.b1{opacity:.24}.b2{opacity:.08}.tick{opacity:.5}",
      ".whisker{stroke-width:2.6;stroke-linecap:round}.stem{fill:none;stroke-width:1.2}.thin{stroke-width:1.1}",
    ]
    for (number, color) in colors.enumerated() {
      let of = { (names: [String]) in names.map { ".\($0).c\(number)" }.joined(separator: ",") }
      rules.append("\(of(["l", "whisker", "stem", "tick"])){stroke:\(color)}\(of(["m", "bar", "b1", "b2"])){fill:\(color)}")
    }
    let dashes = ["7 3", "2 2.5", "8 3 2 3", "12 4", "4 2 1 2", "1 3", "10 3 2 3 2 3"]
    rules += dashes.enumerated().map { ".d\($0.offset + 1){stroke-dasharray:\($0.element)}" }
    return rules.joined()
  }()

  // MARK: Reading the page

  private static func size(_ tag: Substring) -> (width: Double, height: Double)? {
    let numbers = between(String(tag), "viewBox=\"0 0 ", "\"")?.split(separator: " ").compactMap { Double($0) } ?? []
    return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
  }

  private static func between(_ text: String, _ begin: String, _ end: String) -> String? {
    guard let from = text.range(of: begin), let to = text.range(of: end, range: from.upperBound..<text.endIndex) else { return nil }
    return String(text[from.upperBound..<to.lowerBound])
  }

  private static func fileName(_ title: String) -> String {
    let words = title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return words.isEmpty ? "figure" : String(words.joined(separator: "-").prefix(100))
  }
}
