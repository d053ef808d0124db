import Foundation
import Testing

@Suite struct ParityFormulaTests {
  private struct Document: Decodable {
    struct Parameter: Decodable {
      var path: String
      var shape: [Int]
      var gain: Double
      var fnv1a32: UInt32
      var u: [Double]
      var first, last: [String]
    }
    struct Pictures: Decodable {
      var path: String
      var shape: [Int]
      var first, last: [String]
    }
    struct Labels: Decodable {
      var count, classes: Int
      var values: [Int64]
    }
    var parameters: [Parameter]
    var pictures: Pictures
    var labels: Labels
  }

  private func bits(_ values: some Sequence<Float>) -> [String] {
    values.map { value in
      let text = String(value.bitPattern, radix: 16)
      return String(repeating: "0", count: 8 - text.count) + text
    }
  }

  @Test func theSameBitsAsPython() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: ParityFixture.folder + "/formula.json"))
    let document = try JSONDecoder().decode(Document.self, from: data)
    #expect(document.parameters.count >= 5)
    for item in document.parameters {
      let digest = ParityFormula.fnv1a32(item.path)
      #expect(digest == item.fnv1a32)
      #expect(item.u.indices.map { ParityFormula.unit(digest, $0) } == item.u)
      let values = ParityFormula.parameter(item.path, item.shape, gain: item.gain)
      #expect(bits(values.prefix(item.first.count)) == item.first)
      #expect(bits(values.suffix(item.last.count)) == item.last)
    }
    let pictures = ParityFormula.pictures(document.pictures.path, document.pictures.shape)
    #expect(bits(pictures.prefix(4)) == document.pictures.first)
    #expect(bits(pictures.suffix(4)) == document.pictures.last)
    let labels = document.labels
    #expect(ParityFormula.labels(labels.count, classes: labels.classes) == labels.values)
  }
}
