import Foundation
import Report
import Testing

/// The page in headless Chromium: no script error, no text over another, none cut off, no chart empty, nothing wider than
/// the window; on a desktop, a phone, in dark mode. Skipped where Chromium is not installed.
@Suite("The report in a browser", .serialized, .enabled(if: Browser.path != nil, "Chromium is not installed")) struct BrowserTests
{
  @Test("the sample", arguments: [1300, 768, 360])
  func sample(width: Int) throws {
    try check(SampleDocument.make(), width: width)
  }

  @Test("hostile names") func hostile() throws { try check(EscapingTests.document(), width: 360) }

  @Test("dark") func dark() throws { try check(SampleDocument.make(curvePoints: 10), width: 1300, dark: true) }

  @Test("sorting and revealing work")
  func script() throws {
    let html = BenchmarkReport(SampleDocument.make(curvePoints: 5)).html()
    let script = """
      <script>(function(){var out={};try{
      var table=document.querySelector("#comparison table"),button=table.querySelectorAll("thead button")[1];
      button.click();out.up=Array.from(table.tBodies[0].rows).map(function(r){return r.cells[1].getAttribute("data-v")}).join(" ");
      button.click();out.sort=button.parentElement.getAttribute("aria-sort");
      location.hash="#runs-w0-m0";window.dispatchEvent(new HashChangeEvent("hashchange"));
      out.open=document.getElementById("runs-w0").open}catch(e){out.error=String(e)}
      document.body.setAttribute("data-result",JSON.stringify(out))})()</script>
      """
    let result = try Browser.result(html.replacingOccurrences(of: "</body>", with: script + "</body>"), width: 1300)
    let text = String(decoding: result.json, as: UTF8.self)
    struct Out: Decodable {
      let up, sort, error: String?
      let open: Bool?
    }
    let out = try JSONDecoder().decode(Out.self, from: result.json)
    #expect(out.error == nil && out.open == true && out.sort == "descending", "\(text)")
    let values = (out.up ?? "").split(separator: " ").compactMap { Double($0) }
    #expect(values == values.sorted() && values.count == 7, "\(text)")
  }

  private func check(_ document: ReportDocument, width: Int, dark: Bool = false) throws {
    struct Found: Decodable {
      let overlaps, outside, empty, wide: [String]
      let texts: Int
      let contrast: [String]
    }
    let html = BenchmarkReport(document).html()
    // In a frame: a window cannot be as narrow as a phone.
    let attribute = html.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "\"", with: "&quot;")
    let page = """
      <!DOCTYPE html><html><body style="margin:0"><iframe id="f" style="border:0;width:\(width)px;height:4000px" srcdoc="\(attribute)"></iframe>
      <script>document.getElementById("f").onload=function(){\(Browser.layoutCheck)
      document.body.setAttribute("data-result",JSON.stringify(check(document.getElementById("f").contentWindow)))}</script></body></html>
      """
    let result = try Browser.result(page, width: max(width + 20, 600), dark: dark)
    let found = try JSONDecoder().decode(Found.self, from: result.json)
    #expect(found.texts > 20)
    #expect(found.overlaps.isEmpty, "\(found.overlaps.prefix(5))")
    #expect(found.outside.isEmpty, "\(found.outside.prefix(5))")
    #expect(found.empty.isEmpty && found.wide.isEmpty, "\(found.empty.prefix(3)) \(found.wide.prefix(3))")
    #expect(found.contrast.isEmpty, "\(found.contrast.prefix(5))")
    #expect(result.console.isEmpty, "\(result.console)")
  }
}

enum Browser {
  static let path: String? = [
    "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable",
  ]
  .first { FileManager.default.isExecutableFile(atPath: $0) }

  /// What the page put into its body's data-result, and what it wrote to the console.
  static func result(_ html: String, width: Int, dark: Bool = false) throws -> (json: Data, console: [String]) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-browser-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("page.html")
    let out = folder.appendingPathComponent("out")
    let log = folder.appendingPathComponent("log")
    try html.write(to: file, atomically: true, encoding: .utf8)
    for url in [out, log] { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments =
      [
        "120", try #require(path), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--enable-logging=stderr", "--v=0",
        "--user-data-dir=\(folder.path)/profile", "--window-size=\(width),4000", "--virtual-time-budget=20000", "--dump-dom",
      ] + (dark ? ["--blink-settings=preferredColorScheme=0"] : []) + [file.absoluteString]
    let outHandle = try FileHandle(forWritingTo: out)
    let logHandle = try FileHandle(forWritingTo: log)
    process.standardOutput = outHandle
    process.standardError = logHandle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let dom = try String(contentsOf: out, encoding: .utf8)
    let console = try String(decoding: Data(contentsOf: log), as: UTF8.self).split(separator: "\n").filter {
      $0.contains("CONSOLE")
    }.map(String.init)
    let start = try #require(dom.range(of: "data-result=\""), "no result: \(dom.suffix(200)) \(console)")
    let json = String(dom[start.upperBound...].prefix { $0 != "\"" }).replacing("&quot;", with: "\"").replacing("&lt;", with: "<")
      .replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    return (Data(json.utf8), console)
  }

  /// Of a window with the report: texts in a plot that lie over each other or outside it, plots without marks, contents wider
  /// than the window, text colours with a contrast below 4.5 to the page.
  static let layoutCheck = """
    function check(w){var d=w.document,r={overlaps:[],outside:[],empty:[],wide:[],texts:0,contrast:[]};
    d.querySelectorAll("details").forEach(function(e){e.open=true});
    function rgb(s){return s.match(/[0-9.]+/g).slice(0,3).map(Number)}
    function light(c){return c.map(function(v){v/=255;return v<=.03928?v/12.92:Math.pow((v+.055)/1.055,2.4)}).reduce(function(s,v,i){return s+v*[.2126,.7152,.0722][i]},0)}
    var ground=light(rgb(w.getComputedStyle(d.body).backgroundColor));
    function contrast(s){var a=light(rgb(s));return (Math.max(a,ground)+.05)/(Math.min(a,ground)+.05)}
    [["body","color",4.5],["a","color",4.5],[".soft","color",4.5],[".good","color",4.5],[".bad","color",4.5],[".plot text","fill",4.5],[".plot .label","fill",4.5],[".m","fill",3],[".l","stroke",3],[".bar","fill",3]].forEach(function(x){
    d.querySelectorAll(x[0]).forEach(function(e){var c=contrast(w.getComputedStyle(e)[x[1]]);if(c<x[2]&&r.contrast.length<20)r.contrast.push(x[0]+" "+e.getAttribute("class")+" "+c.toFixed(2))})});
    d.querySelectorAll("svg.plot").forEach(function(svg){var title=svg.querySelector("title").textContent.slice(0,60),box=svg.getBoundingClientRect();
    if(!svg.querySelector(".l,.whisker,.bar,.stem,.m"))r.empty.push(title);
    var all=Array.from(svg.querySelectorAll("text")).map(function(t){return{t:t.textContent.slice(0,40),b:t.getBoundingClientRect()}});r.texts+=all.length;
    all.forEach(function(a,i){if(a.b.left<box.left-1.5||a.b.right>box.right+1.5||a.b.top<box.top-2||a.b.bottom>box.bottom+2)r.outside.push(title+": "+a.t);
    for(var j=0;j<i;j++){var c=all[j].b,x=Math.min(a.b.right,c.right)-Math.max(a.b.left,c.left),y=Math.min(a.b.bottom,c.bottom)-Math.max(a.b.top,c.top);
    if(x>1&&y>.25*Math.min(a.b.height,c.height))r.overlaps.push(title+": "+a.t+" / "+all[j].t)}})});
    var width=w.innerWidth;if(d.documentElement.scrollWidth>width+1)r.wide.push("page "+d.documentElement.scrollWidth);
    d.querySelectorAll("p,h1,h2,h3,li,figure,.scroll,dl,pre,nav").forEach(function(e){var b=e.getBoundingClientRect();if(b.width&&b.right>width+1&&!(e.parentElement&&e.parentElement.closest(".scroll"))&&r.wide.length<20)r.wide.push(e.tagName+" "+e.textContent.slice(0,40)+" "+b.right)});
    return r}
    """
}
