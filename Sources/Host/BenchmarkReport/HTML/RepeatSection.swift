/// Commands, machine, versions, modules, data.
struct RepeatSection {
  let document: ReportDocument

  var html: String? {
    var out = ""
    for command in document.commands {
      out += "<h3>\(EscapedText.html(command.purpose))</h3><pre><code>\(EscapedText.html(command.text))</code></pre>"
    }
    let environment = document.environment
    for (title, items) in [("Machine", environment.machine), ("Versions", environment.versions)] where !items.isEmpty {
      out +=
        "<h3>\(title)</h3><dl>"
        + items.map { "<dt>\(EscapedText.html($0.name))</dt><dd>\(EscapedText.html($0.value))</dd>" }.joined() + "</dl>"
    }
    if !environment.modules.isEmpty {
      var table = HTMLTable([.init(title: "module"), .init(title: "version"), .init(title: "from")], caption: "Modules")
      for module in environment.modules { table.add([.text(module.name), .text(module.version ?? ""), .text(module.origin)]) }
      out += "<h3>Modules</h3>" + table.html
    }
    let hashes = document.workloads.filter { $0.dataHash != nil }
    if !hashes.isEmpty {
      out +=
        "<h3>Data</h3><dl>"
        + hashes.map { "<dt>\(EscapedText.html($0.dataset))</dt><dd><code>\(EscapedText.html($0.dataHash ?? ""))</code></dd>" }
        .joined() + "</dl>"
    }
    return out.isEmpty ? nil : out
  }
}
