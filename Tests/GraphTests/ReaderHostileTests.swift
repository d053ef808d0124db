import Foundation
import Graph
import PluginAPI
import Testing

/// Documents made to exhaust memory or time, or to reach outside. Each is streamed into a process of its own, whose
/// peak memory and
/// processor time are asserted.
@Suite("Hostile graph files", .serialized)
struct ReaderHostileTests {
  struct Outcome: Decodable {
    var error: String?
    var nodes: Int?
    var seconds: Double
    var baselineBytes: Int
    var peakBytes: Int

    var grown: Int { peakBytes - baselineBytes }
  }

  /// A document by its pieces.
  struct Document: CustomTestStringConvertible, Sendable {
    var name: String
    var head: String
    /// This many times the middle; `#` in it becomes the number of the repetition.
    var count = 0
    var middle = ""
    var tail = ""
    /// Part of the error; nil where the document is fine.
    var error: String?
    var megabytes = 60

    var testDescription: String { name }

    func write(to file: Int32) {
      let isNumbered = middle.contains("#")
      var number = 0
      func send(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
          let sent = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
          // The reader has had enough.
          guard sent > 0 else { return false }
          bytes = bytes.dropFirst(sent)
        }
        return true
      }
      guard send(head) else { return }
      let batch = isNumbered ? 2000 : max(1, 65_536 / max(1, middle.utf8.count))
      let block = isNumbered ? "" : String(repeating: middle, count: batch)
      while number < count {
        let size = min(batch, count - number)
        var text = size == batch ? block : String(repeating: middle, count: size)
        if isNumbered {
          text = (number..<(number + size)).map { middle.replacingOccurrences(of: "#", with: String($0)) }.joined()
        }
        guard send(text) else { return }
        number += size
      }
      _ = send(tail)
    }
  }

  static let program: String? = {
    guard let basin = ProcessInfo.processInfo.environment["BASIN_TEST_PROGRAM"] else { return nil }
    return URL(fileURLWithPath: basin).deletingLastPathComponent().appendingPathComponent("graph-reading").path
  }()

  /// Runs the reader on a file or folder.
  static func read(path: String) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(program))
    process.arguments = [path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try JSONDecoder().decode(Outcome.self, from: text)
  }

  /// Runs the reader on a document that is written while it reads.
  static func read(_ document: Document) throws -> Outcome {
    signal(SIGPIPE, SIG_IGN)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(program))
    process.arguments = ["/dev/stdin"]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try input.fileHandleForReading.close()
    document.write(to: input.fileHandleForWriting.fileDescriptor)
    try input.fileHandleForWriting.close()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try JSONDecoder().decode(Outcome.self, from: text)
  }

  private static let graphml = "<graphml><graph edgedefault='directed'>"
  private static let key =
    "<graphml><key id='k' for='node' attr.name='k' attr.type='string'/><graph edgedefault='directed'>"
  private static let doctype = "<!DOCTYPE graphml ["

  static let documents: [Document] = [
    Document(
      name: "entities of entities", head: doctype + "<!ENTITY a0 'ha'>", count: 30,
      middle: "<!ENTITY b# '&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;'>", tail: "]><graphml><graph><node id='&b29;'/>",
      error: "other entities"),
    Document(
      name: "one large entity, many times", head: doctype + "<!ENTITY a '", count: 100_000, middle: "0123456789",
      tail: "'>]><graphml><graph><node id='&a;&a;&a;&a;&a;&a;'/>", error: "longer than 10000 bytes"),
    Document(
      name: "a small entity in an attribute, many times",
      head: doctype + "<!ENTITY a '" + String(repeating: "x", count: 9_999) + "'>]>" + graphml, count: 1_000_000,
      middle: "<node id='#&a;&a;&a;'/>", error: "than the file can justify"),
    Document(
      name: "a small entity in a text, many times",
      head: doctype + "<!ENTITY a '" + String(repeating: "x", count: 9_999) + "'>]>" + key, count: 1_000_000,
      middle: "<node id='#'><data key='k'>#&a;</data></node>", error: "than the file can justify"),
    Document(
      name: "an empty entity without end", head: doctype + "<!ENTITY a ''>]>" + graphml, count: 30_000_000,
      middle: "&a;", error: "than the file can justify"),
    Document(
      name: "many entities", head: doctype, count: 100_000, middle: "<!ENTITY a# 'x'>", tail: "]><graphml/>",
      error: "more than 1000 entities"),
    Document(
      name: "declared attributes of many elements",
      head: "<!DOCTYPE gexf [<!ATTLIST node label CDATA '" + String(repeating: "x", count: 100_000) + "'>]><gexf><graph><nodes>",
      count: 1_000_000, middle: "<node id='#'/>", error: "than the file can justify"),
    Document(
      name: "parameter entities", head: doctype + "<!ENTITY % p '<!ENTITY q \"x\">'>%p;]>" + graphml,
      error: "parameter entity"),
    Document(name: "deep nodes", head: "<graphml>", count: 1_000_000, middle: "<graph><node id='#'>", error: "nested"),
    Document(name: "deep unknown elements", head: graphml, count: 1_000_000, middle: "<x>", error: "nested"),
    Document(
      name: "deep GEXF", head: "<gexf><graph>", count: 1_000_000, middle: "<nodes><node id='#'>", error: "nested"),
    Document(name: "deep GXL", head: "<gxl>", count: 1_000_000, middle: "<graph><node id='#'>", error: "nested"),
    Document(
      name: "deep list in GXL", head: "<gxl><graph><node id='a'><attr name='x'>", count: 1_000_000, middle: "<seq>",
      error: "nested"),
    Document(
      name: "a gigabyte of id", head: graphml + "<node id='", count: 64_000_000, middle: "0123456789abcdef", error: ""),
    Document(
      name: "a gigabyte of text", head: key + "<node id='a'><data key='k'>", count: 64_000_000,
      middle: "0123456789abcdef",
      error: "longer than"),
    Document(
      name: "a gigabyte of CDATA", head: key + "<node id='a'><data key='k'><![CDATA[", count: 64_000_000,
      middle: "0123456789abcdef", error: "more than 10 million bytes"),
    Document(
      name: "a gigabyte of comment", head: graphml + "<!--", count: 64_000_000, middle: "0123456789abcdef", error: ""),
    Document(name: "a gigabyte of name", head: graphml + "<", count: 64_000_000, middle: "abcdefghijklmnop", error: ""),
    Document(name: "a gigabyte of instruction", head: "<?", count: 64_000_000, middle: "abcdefghijklmnop", error: ""),
    Document(
      name: "a gigabyte of blanks", head: graphml, count: 64_000_000, middle: "                ",
      tail: "</graph></graphml>"),
    Document(
      name: "a gigabyte of value in GEXF", head: "<gexf><graph><nodes><node id='a' label='", count: 64_000_000,
      middle: "0123456789abcdef", error: ""),
    Document(
      name: "a million attributes", head: graphml + "<node ", count: 1_000_000, middle: "a#='' ",
      error: "10000 attributes"),
    Document(
      name: "a million namespaces", head: graphml + "<node ", count: 1_000_000, middle: "xmlns:a#='u' ",
      error: "10000 attributes"),
    Document(
      name: "namespaces at every depth", head: graphml, count: 990,
      middle: "<x xmlns:a#='u' xmlns:b#='u' xmlns:c#='u'>",
      error: "namespaces"),
    Document(
      name: "declared attributes", head: doctype, count: 10_000, middle: "<!ATTLIST node a# CDATA 'x'>",
      tail: "]>" + graphml, error: "declares more than 64"),
    Document(
      name: "more columns than a file can fill", head: "<graphml>", count: 10_000,
      middle: "<key id='#' for='node' attr.name='a#' attr.type='double'/>",
      tail: graphml.dropFirst(9) + (0..<20_000).map { "<node id='\($0)'/>" }.joined() + "</graph></graphml>",
      error: "more memory than the file can justify", megabytes: 400),
    Document(
      name: "undeclared columns", head: "<gexf><graph><nodes>", count: 30_000,
      middle: "<node id='#'><attvalue for='a#' value='1'/></node>", tail: "</nodes></graph></gexf>",
      error: "more memory than the file can justify", megabytes: 400),
    Document(
      name: "distinct names without end", head: graphml, count: 3_000_000, middle: "<name-of-an-element-#/>", error: "",
      megabytes: 150),
    Document(
      name: "warnings without end", head: graphml, count: 200_000, middle: "<n# a='1'/>", tail: "</graph></graphml>"),
    Document(
      name: "a million edges to nowhere", head: graphml, count: 1_000_000, middle: "<edge source='a#' target='b'/>",
      tail: "</graph></graphml>", error: "does not exist", megabytes: 200),
    Document(
      name: "a number of ten million digits",
      head: "<graphml><key id='k' attr.name='k' attr.type='double'/>"
        + "<graph edgedefault='directed'><node id='a'><data key='k'>1", count: 990_000, middle: "0123456789",
      tail: "e-9900000</data></node></graph></graphml>"),
  ]

  @Test(.enabled(if: program != nil), arguments: documents)
  func boundedMemoryAndTime(_ document: Document) throws {
    let outcome = try Self.read(document)
    if let expected = document.error {
      #expect(outcome.error != nil && (expected.isEmpty || outcome.error?.contains(expected) == true), "\(outcome)")
      let hasPlace = !expected.contains("more memory than") || document.name.hasPrefix("undeclared")
      #expect(outcome.error?.hasPrefix(hasPlace ? "/dev/stdin: line " : "/dev/stdin: ") == true, "\(outcome)")
      #expect((outcome.error?.utf8.count ?? 0) < 1000)
    } else {
      #expect(outcome.error == nil, "\(outcome)")
    }
    #expect(outcome.grown < document.megabytes << 20, "\(outcome.grown >> 20) MB")
    #expect(outcome.seconds < 20, "\(outcome.seconds) s")
  }

  @Test(.enabled(if: program != nil)) func nothingOutsideIsOpened() throws {
    // Opening a pipe that nobody writes to would never return.
    let fifo = NSTemporaryDirectory() + "fifo-" + UUID().uuidString
    #expect(mkfifo(fifo, 0o600) == 0)
    defer { unlink(fifo) }
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> UInt16 in
        #expect(bind(listener, pointer, length) == 0 && listen(listener, 8) == 0)
        getsockname(listener, pointer, &length)
        return 0
      }
    }
    _ = port
    let url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/x.dtd"
    for root in [
      "<graphml><graph edgedefault='directed'><node id='a'/></graph></graphml>",
      "<gexf><graph defaultedgetype='directed'><nodes><node id='a'/></nodes></graph></gexf>",
      "<gxl><graph id='g'><node id='a'/></graph></gxl>",
    ] {
      let name = root.dropFirst().prefix { $0 != ">" }
      for place in [fifo, "file://" + fifo, url] {
        let named = try Self.read(Document(name: "", head: "<!DOCTYPE \(name) SYSTEM '\(place)'>" + root))
        #expect(named.error == nil && named.nodes == 1)
        let named2 = try Self.read(Document(name: "", head: "<!DOCTYPE \(name) PUBLIC '-//x' '\(place)' []>" + root))
        #expect(named2.error == nil && named2.nodes == 1)
        let entity = try Self.read(
          Document(
            name: "",
            head: "<!DOCTYPE \(name) [<!ENTITY x SYSTEM '\(place)'>]>"
              + root.replacingOccurrences(of: "'a'", with: "'&x;'")))
        #expect(entity.error?.contains("entity") == true)
        let parameter = try Self.read(
          Document(name: "", head: "<!DOCTYPE \(name) [<!ENTITY % x SYSTEM '\(place)'> %x;]>" + root))
        #expect(parameter.error?.contains("entity") == true)
        let include = "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='\(place)'/>"
        #expect(
          try Self.read(Document(name: "", head: root.replacingOccurrences(of: "<node", with: include + "<node"))).error
            == nil)
      }
      let host = (try? String(contentsOfFile: "/etc/hostname", encoding: .utf8))?.trimmingCharacters(
        in: .whitespacesAndNewlines)
      let stolen = try Self.read(
        Document(
          name: "",
          head: "<!DOCTYPE \(name) [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
            + root.replacingOccurrences(of: "'a'", with: "'&x;'")))
      #expect(stolen.error != nil && (host.map { $0.isEmpty || stolen.error?.contains($0) == false } ?? true))
    }
    #expect(accept(listener, nil, nil) == -1 && errno == EAGAIN, "somebody connected")
  }

  @Test(.enabled(if: program != nil)) func aGzipBombIsReadInLittleMemory() throws {
    let path = NSTemporaryDirectory() + "bomb-\(UUID().uuidString).graphml.gz"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let make = Process()
    make.executableURL = URL(fileURLWithPath: "/bin/bash")
    make.arguments = [
      "-c",
      "{ echo \"<graphml><graph edgedefault='directed'>\"; head -c 300000000 /dev/zero | tr '\\0' ' '; echo '</graph></graphml>'; } | gzip -1 >\(path)",
    ]
    try make.run()
    make.waitUntilExit()
    let outcome = try Self.read(path: path)
    #expect(outcome.error == nil && outcome.grown < 60 << 20 && outcome.seconds < 20, "\(outcome)")
  }
}
