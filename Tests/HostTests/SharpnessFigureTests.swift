import Foundation
import Host
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("sharpness figure") struct SharpnessFigureTests {
  private func numbers(_ values: [Double]) -> JSONValue { .array(values.map { JSONValue($0) }) }

  private func run(_ index: Int, name: String, eigenvalues: Int = 5, scale: Double = 1) -> JSONValue {
    let top = (0..<eigenvalues).map { scale * (20 / Double($0 + 1) + Double(index)) }
    func curve(_ rho: Double) -> JSONValue {
      [
        "rho": JSONValue(rho), "steps": 1, "sharpness": JSONValue(0.1 * scale),
        "curve": .array(
          (1...8).map {
            ["rho": JSONValue(rho * Double($0) / 4), "sharpness": JSONValue(scale * Double($0 * $0) / 90)]
          }),
      ]
    }
    return [
      "name": .string(name), "model": "preresnet8", "dataset": "shapes", "examples": 200, "sam": curve(0.05),
      "asam": curve(0.5),
      "eigenvalues": .array(top.map { ["value": JSONValue($0), "residual": JSONValue($0 / 100)] }),
      "smallestEigenvalue": ["value": JSONValue(-scale), "residual": JSONValue(0.01)],
      "spectrum": [
        "values": numbers([-1, 0, 0.1] + top.reversed()),
        "weights": numbers([0.001, 0.9, 0.09] + top.map { _ in 1e-4 }),
      ],
      "trace": [
        "estimate": JSONValue(30 * scale), "standardError": JSONValue(4 * scale), "samples": 3,
        "values": numbers([20, 31, 39].map { $0 * scale }),
      ],
    ]
  }

  private func document(_ runs: [JSONValue], among names: [String] = []) -> JSONValue {
    let rows = names.indices.map { i in numbers(names.indices.map { j in abs(Double(i - j)) * 1.2345 }) }
    return [
      "part": "train", "runs": .array(runs),
      "among": names.isEmpty ? .null : ["weights": JSONValue(names), "distances": .array(rows)],
    ]
  }

  /// Where each text of a drawing lies.
  private func boxes(_ drawing: Drawing) -> [(text: String, left: Double, right: Double, top: Double, bottom: Double)] {
    drawing.items.compactMap { item in
      guard case .text(let text, let point, let size, let anchor, _, let upwards) = item else { return nil }
      // Narrower than the widest font may be, as a Helvetica has it.
      let width = 0.5 * size * Double(text.count)
      let start = anchor == .start ? 0 : anchor == .middle ? -width / 2 : -width
      return upwards
        ? (text, point.x - 0.75 * size, point.x, point.y - start - width, point.y - start)
        : (text, point.x + start, point.x + start + width, point.y - 0.75 * size, point.y)
    }
  }

  private func check(_ drawing: Drawing, saying words: [String], line: SourceLocation = #_sourceLocation) throws {
    let boxes = boxes(drawing)
    for word in words { #expect(boxes.contains { $0.text.contains(word) }, "\(word)", sourceLocation: line) }
    for (index, one) in boxes.enumerated() {
      #expect(
        one.left >= 0 && one.right <= drawing.width && one.top >= 0 && one.bottom <= drawing.height,
        "\(one) is cut off",
        sourceLocation: line)
      for other in boxes[(index + 1)...] {
        let isApart =
          one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top
        #expect(isApart, "\(one) lies over \(other)", sourceLocation: line)
      }
    }
    let parser = XMLParser(data: Data(drawing.svg.utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError))", sourceLocation: line)
    let raster = Raster(drawing)
    #expect(try decodedPNG(raster.png()) == raster.pixels, sourceLocation: line)
  }

  @Test("one run, several, and many with long names: every label has its place", arguments: [1, 2, 4, 10])
  func labels(count: Int) throws {
    let names = (0..<count).map { count == 10 ? "a-run-with-a-long-name-\($0)" : "run \($0)" }
    let runs = names.enumerated().map { run($0.offset, name: $0.element) }
    let drawing = SharpnessFigure(document(runs, among: count > 1 ? names : [])).drawing()
    try check(
      drawing,
      saying: ["Hessian: density", "SAM: rise", "ASAM: rise", "trace", "preresnet8 on shapes", names[0], "min"])
    #expect(drawing.svg.contains("distances") == (count > 1))
  }

  @Test("values of any size have labels that fit", arguments: [1e-9, 1e-4, 1, 1e5, 1e12])
  func scales(scale: Double) throws {
    try check(
      SharpnessFigure(document([run(0, name: "a", scale: scale), run(1, name: "b", scale: scale)])).drawing(),
      saying: ["min"])
  }

  @Test("many eigenvalues, none, and figures that are not there")
  func parts() throws {
    for count in [1, 12, 13, 40] {
      try check(SharpnessFigure(document([run(0, name: "a", eigenvalues: count)])).drawing(), saying: ["min", "1"])
    }
    guard case .object(var bare) = run(0, name: "a") else { return }
    for key in ["eigenvalues", "smallestEigenvalue", "spectrum", "trace"] { bare[key] = .null }
    let drawing = SharpnessFigure(document([.object(bare)])).drawing()
    try check(drawing, saying: ["SAM"])
    #expect(!drawing.svg.contains("Hessian"))
    bare["sam"] = [
      "rho": JSONValue(0.05),
      "curve": .array([["rho": JSONValue(0.05), "sharpness": .null], ["rho": JSONValue(0.1), "sharpness": 1]]),
    ]
    try check(SharpnessFigure(document([.object(bare)])).drawing(), saying: ["SAM"])
    bare["sam"] = .null
    bare["asam"] = .null
    try check(SharpnessFigure(document([.object(bare)])).drawing(), saying: ["preresnet8"])
  }
}
