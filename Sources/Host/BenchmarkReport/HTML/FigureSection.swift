import Foundation

/// Landscapes and other pictures that came with the document.
struct FigureSection {
  let figures: [ReportDocument.Figure]

  var html: String? {
    guard !figures.isEmpty else { return nil }
    return "<div class=\"figures drawn\">"
      + figures.map { figure in
        let source =
          switch figure.content {
          // As an image nothing in it runs, and its names meet none of the page's.
          case .svg(let text): "data:image/svg+xml;base64," + Data(text.utf8).base64EncodedString()
          case .png(let data): "data:image/png;base64," + data.base64EncodedString()
          }
        return
          "<figure><img src=\"\(source)\" alt=\"\(EscapedText.html(figure.title + ": " + figure.caption))\"><figcaption><strong>\(EscapedText.html(figure.title))</strong> \(EscapedText.html(figure.caption))</figcaption></figure>"
      }.joined() + "</div>"
  }
}
