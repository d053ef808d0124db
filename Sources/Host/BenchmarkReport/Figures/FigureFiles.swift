import Foundation

/// The page's figures as SVG files that stand alone: for a paper, a README, slides. Colours are those of the light page, written out, for many
/// programs that read SVG know no variables; lines and bars, whose names stand beside the figure in the page, get a legend of their own.
struct FigureFiles {
  let html: String
  /// Of the document, in their order: a figure's series have their numbers.
  let methods: [String]

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
      return (name + ".svg", file(body, size))
    }
  }

  private func file(_ body: String, _ size: (width: Double, height: Double)) -> String {
    let legend = legend(body)
    let width = SVGCanvas.number(size.width), height = SVGCanvas.number(size.height + Double(legend.count) * 18)
    var result =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\">"
    result += "<style>\(Self.css)</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>" + body
    for (line, entry) in legend.enumerated() {
      let y = size.height + Double(line) * 18
      result += "<g transform=\"translate(12 \(SVGCanvas.number(y)))\">\(entry.sample)</g>"
      result += "<text x=\"50\" y=\"\(SVGCanvas.number(y + 10))\">\(EscapedText.html(entry.name))</text>"
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

  /// The page's rules for figures without its variables.
  private static let css = PageStyle.figures.split(separator: "}").map { rule in
    let parts = rule.split(separator: "{", maxSplits: 1)
    guard parts.count == 2, !parts[1].hasPrefix("--c:") else { return "" }
    let selector = parts[0].trimmingCharacters(in: .whitespacesAndNewlines)
    let declarations = parts[1].split(separator: ";").map(String.init)
    let plain = declarations.filter { !$0.contains("var(--c)") }.map { declaration in
      PageStyle.lightGround.reduce(declaration) { $0.replacing("var(--\($1.0))", with: $1.1) }
    }
    let colored = declarations.filter { $0.contains("var(--c)") }.flatMap { declaration in
      PageStyle.lightColors.enumerated().map { "\(selector).c\($0.offset){\(declaration.replacing("var(--c)", with: $0.element))}" }
    }
    return (plain.isEmpty ? "" : "\(selector){\(plain.joined(separator: ";"))}") + colored.joined()
  }.joined()

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
