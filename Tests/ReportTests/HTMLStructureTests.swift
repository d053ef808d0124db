import Foundation
import Report
import Testing

@Suite("The HTML report's structure") struct HTMLStructureTests {
  let html = BenchmarkReport(SampleDocument.make(curvePoints: 20)).html()

  @Test("all sections are there, with headings")
  func sections() {
    for id in [
      "summary", "failures", "comparison", "ranks", "speed", "course", "factorial", "costs", "figures", "runs", "reading",
      "repeat",
    ] {
      #expect(html.contains("id=\"\(id)\""), "\(id)")
    }
    #expect(html.hasPrefix("<!DOCTYPE html>") && html.components(separatedBy: "<h1>").count == 2)
    for word in [
      "href=\"#summary\">To the summary", "prefers-color-scheme:dark", "@media print", "max-width:40rem", "lang=\"en\"",
      "name=\"viewport\"",
    ] {
      #expect(html.contains(word), "\(word)")
    }
    #expect(!html.contains("http-equiv=\"refresh\""))
    #expect(
      BenchmarkReport(SampleDocument.make(curvePoints: 5)).html(refreshSeconds: 5).contains(
        "http-equiv=\"refresh\" content=\"5\""))
  }

  @Test("nothing is loaded from anywhere")
  func selfContained() {
    for attribute in ["src=\"", "href=\""] {
      for part in html.components(separatedBy: attribute).dropFirst() {
        #expect(part.hasPrefix("#") || part.hasPrefix("data:"), "\(attribute)\(part.prefix(60))")
      }
    }
    for word in ["url(", "@import", "<link", "<iframe", "fetch(", "XMLHttpRequest", "@font-face"] {
      #expect(!html.contains(word), "\(word)")
    }
    #expect(html.contains("Content-Security-Policy"))
  }

  @Test("tags close in order, ids are unique and links lead somewhere")
  func links() throws {
    let page = try HTMLPage(html)
    #expect(page.problems.isEmpty, "\(page.problems.prefix(5))")
    #expect(page.ids.count == Set(page.ids).count)
    let ids = Set(page.ids)
    let dangling = page.links.filter { !ids.contains($0) }
    #expect(dangling.isEmpty, "\(dangling.prefix(5))")
    #expect(page.links.count > 400)
  }

  @Test("every figure has a text alternative, every table a name and headed columns")
  func alternatives() throws {
    let page = try HTMLPage(html)
    let plots = html.components(separatedBy: "<svg class=\"plot\"").dropFirst()
    #expect(plots.count > 30)
    for plot in plots {
      #expect(plot.hasPrefix(" role=\"img\" aria-labelledby=\""))
      let title = plot.components(separatedBy: "<title id=")[1].components(separatedBy: ">")[1]
      let description = plot.components(separatedBy: "<desc id=")[1]
      #expect(!title.hasPrefix("<") && !description.components(separatedBy: ">")[1].hasPrefix("<"))
      // No empty chart.
      #expect(
        ["class=\"l ", "class=\"whisker", "class=\"bar", "class=\"stem"].contains {
          plot.components(separatedBy: "</svg>")[0].contains($0)
        })
    }
    #expect(!html.contains("<img src") || html.contains("alt=\"Loss along"))
    for table in html.components(separatedBy: "<table").dropFirst() { #expect(table.hasPrefix(" aria-label=\"")) }
    #expect(page.labels.isSubset(of: Set(page.ids)))
  }

  @Test("the document's own SVG is shown as an image, in which nothing runs")
  func figures() {
    #expect(html.contains("<img src=\"data:image/svg+xml;base64,") && !html.contains("<svg xmlns"))
  }
}

/// Reads HTML as far as these tests need it: whether tags close in order, ids, links within the page.
struct HTMLPage {
  var problems: [String] = []
  var ids: [String] = []
  var links: [String] = []
  /// What aria-labelledby names.
  var labels: Set<String> = []

  init(_ html: String) throws {
    let empty: Set<String> = ["meta", "br", "img", "path", "rect", "circle", "line"]
    // Script and style are text.
    let text = html.replacing(/<(script|style)>.*?<\/(script|style)>/.dotMatchesNewlines(), with: "")
    var open: [String] = []
    for match in text.matches(of: /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"]*")?)*)\s*(\/?)>/) {
      let name = String(match.2).lowercased()
      if match.1 == "/" {
        if open.last == name { open.removeLast() } else { problems.append("</\(name)> closes \(open.last ?? "nothing")") }
      } else {
        for attribute in match.3.matches(of: /([a-zA-Z:-]+)="([^"]*)"/) {
          let value = String(attribute.2)
          switch attribute.1 {
          case "id": ids.append(value)
          case "href": links.append(value.hasPrefix("#") ? String(value.dropFirst()) : value)
          case "aria-labelledby": labels.formUnion(value.split(separator: " ").map(String.init))
          default: break
          }
        }
        if !empty.contains(name), match.4 != "/" { open.append(name) }
      }
    }
    if !open.isEmpty { problems.append("left open: \(open)") }
    // What is left of < is no tag.
    let rest = text.replacing(/<\/?[a-zA-Z][a-zA-Z0-9]*(?:\s+[a-zA-Z:-]+(?:="[^"]*")?)*\s*\/?>/, with: "").replacing(
      "<!DOCTYPE html>", with: "")
    if rest.contains("<") { problems.append("a bare < near \(rest.components(separatedBy: "<")[1].prefix(40))") }
  }
}
