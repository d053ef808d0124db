import Foundation
import Report
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("Figures as files") struct FigureFilesTests {
  @Test("each figure of the page stands alone: well-formed, with its colours, and a legend where names stood beside it")
  func files() {
    let document = SampleDocument.make(curvePoints: 20)
    let report = BenchmarkReport(document)
    let files = report.figureFiles()
    #expect(files.count == report.html().components(separatedBy: "<svg class=\"plot\"").count - 1 && Set(files.map(\.name)).count == files.count)
    for (name, svg) in files {
      let parser = XMLParser(data: Data(svg.utf8))
      #expect(parser.parse(), "\(name): \(String(describing: parser.parserError))")
      #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\"") && !svg.contains("var(--") && name.hasSuffix(".svg"), "\(name)")
    }
    let curves = files.filter { $0.name.hasPrefix("validation-by-epoch") }
    #expect(!curves.isEmpty)
    for (name, svg) in curves {
      // A name for each line, and the picture as much longer.
      let lines = document.methods.indices.filter { svg.contains("class=\"l c\($0) d\($0)\"") }
      #expect(!lines.isEmpty && lines.allSatisfy { svg.contains(">\(document.methods[$0].name)</text>") }, "\(name)")
      #expect(svg.contains("height=\"\(250 + 18 * lines.count)\"") && svg.contains("viewBox=\"0 0 440 \(250 + 18 * lines.count)\""), "\(name)")
    }
    #expect(files.contains { $0.name.hasPrefix("seconds-a-run-by-part") && $0.svg.contains(">waiting for data</text>") })
  }
}
