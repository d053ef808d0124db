/// A table that sorts by script. Cells are HTML; what they sort by stands beside.
struct HTMLTable {
  struct Column {
    let title: String
    /// To the right, and sorted as numbers.
    var isNumber = false
    var help: String?
    var isWide = false
  }

  struct Cell {
    let html: String
    /// What a numeric column sorts by; nil comes last.
    var value: Double?
    init(_ html: String, _ value: Double? = nil) {
      self.html = html
      self.value = value
    }
    static func text(_ text: String) -> Cell { Cell(EscapedText.html(text)) }
  }

  let columns: [Column]
  let caption: String
  private var rows: [(id: String?, cells: [Cell])] = []

  init(_ columns: [Column], caption: String) {
    self.columns = columns
    self.caption = caption
  }

  /// The first cell is the row's heading.
  mutating func add(id: String? = nil, _ cells: [Cell]) { rows.append((id, cells)) }

  var isEmpty: Bool { rows.isEmpty }

  /// What comes before the head. The caption stands above the part that scrolls, so that a phone shows all of it.
  static func open(_ caption: String, id: String? = nil, isSortable: Bool = true) -> String {
    let text = EscapedText.html(caption)
    return
      "<p class=\"caption\" aria-hidden=\"true\">\(text)</p><div class=\"scroll\" tabindex=\"0\" role=\"region\""
      + " aria-label=\"\(text)\">"
      + "<table aria-label=\"\(text)\"\(isSortable ? " class=\"sortable\"" : "")\(id.map { " id=\"\($0)\"" } ?? "")>"
  }

  /// Long headings may wrap; short ones stay on a line.
  private static func wrapped(_ html: String) -> String { html.utf8.count > 24 ? "<span class=\"nm\">\(html)</span>" : html }

  static func head(_ columns: [Column]) -> String {
    "<thead><tr>"
      + columns.map { column in
        "<th scope=\"col\"\(column.isNumber ? " class=\"n\"" : "")\(column.help.map { " title=\"\(EscapedText.html($0))\"" } ?? "")>\(wrapped(EscapedText.html(column.title)))</th>"
      }.joined() + "</tr></thead>"
  }

  static func row(_ columns: [Column], id: String?, _ cells: [Cell]) -> String {
    var out = id.map { "<tr id=\"\($0)\">" } ?? "<tr>"
    for (index, cell) in cells.enumerated() {
      let column = columns[index]
      let sort = column.isNumber ? " data-v=\"\(cell.value.map { $0.isFinite ? "\($0)" : "" } ?? "")\"" : ""
      if index == 0 {
        out += "<th scope=\"row\"\(sort)>\(wrapped(cell.html))</th>"
      } else {
        out += "<td\(column.isNumber ? " class=\"n\"" : column.isWide ? " class=\"wide\"" : "")\(sort)>\(cell.html)</td>"
      }
    }
    return out + "</tr>"
  }

  var html: String {
    Self.open(caption) + Self.head(columns) + "<tbody>" + rows.map { Self.row(columns, id: $0.id, $0.cells) }.joined()
      + "</tbody></table></div>"
  }
}
