import CLibXML2
import Foundation
import PluginAPI

/// The attributes of a start tag as libxml2 hands them over. Valid only during the event.
struct XMLAttributes {
  private let base: UnsafeMutablePointer<UnsafePointer<UInt8>?>?
  let count: Int

  fileprivate init(base: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, count: Int) {
    self.base = base
    self.count = base == nil ? 0 : count
  }

  /// The local name of an attribute, ending with a zero byte.
  func name(_ index: Int) -> UnsafePointer<UInt8>? { base?[5 * index] }

  /// Whether an attribute has a namespace prefix, as `xsi:schemaLocation` has.
  func hasPrefix(_ index: Int) -> Bool { base?[5 * index + 1] != nil }

  /// The bytes of an attribute's value, UTF-8 without a zero byte at the end.
  func value(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    guard let start = base?[5 * index + 3], let end = base?[5 * index + 4] else { return .init(start: nil, count: 0) }
    return UnsafeBufferPointer(start: start, count: end - start)
  }
}

/// Receives the events of ``XMLPushParser``. A subclass overrides what it needs; an error it throws ends the parse.
class XMLEventSink {
  fileprivate var context: xmlParserCtxtPtr?
  fileprivate var failure: BasinError?
  /// The same as a flag: asking an optional error costs a copy for every event.
  fileprivate var hasFailed = false
  fileprivate let file: String

  /// - Parameter file: the name errors carry.
  init(file: String) { self.file = file }

  func startElement(
    _ name: UnsafePointer<UInt8>, namespace: UnsafePointer<UInt8>?, attributes: XMLAttributes
  ) throws(BasinError) {}

  func endElement() throws(BasinError) {}

  /// A piece of text; a text may come in several pieces.
  func characters(_ bytes: UnsafeBufferPointer<UInt8>) throws(BasinError) {}

  /// A problem the parser could go on after.
  func parserWarning(_ message: String, line: Int, column: Int) {}

  /// Where the parser is: line and column, both counted from 1. At a start tag that is the tag's end.
  final var position: (line: Int, column: Int) {
    guard let input = context?.pointee.input else { return (0, 0) }
    return (Int(input.pointee.line), Int(input.pointee.col))
  }

  /// An error at the place where the parser is.
  final func error(_ message: String, detail: String? = nil, advice: String? = nil) -> BasinError {
    let (line, column) = position
    let place = "line \(line), column \(column)" + (detail.map { ", " + $0 } ?? "")
    return .badData(message, file: file, place: place, advice: advice)
  }

  fileprivate final func stop(_ error: BasinError) {
    if !hasFailed { failure = error }
    hasFailed = true
    if let context { xmlStopParser(context) }
  }
}

/// Feeds a file to libxml2's SAX2 parser piece by piece: memory does not grow with the file.
///
/// Nothing outside the file is ever read: no network, no external DTD, no external entity. A document that declares entities
/// of its own is refused (no graph format needs them), which also rules out entities that expand without end; libxml2's own
/// limits on depth and text size stay on.
enum XMLPushParser {
  /// Bytes handed to libxml2 at a time.
  static let chunkSize = 256 * 1024

  static func parse(path: String, sink: XMLEventSink) throws(BasinError) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw .missing("there is no such file", file: path, advice: "Check the path")
    }
    guard let file = fopen(path, "rb") else {
      throw BasinError(.inputOutput, "the file cannot be opened: \(String(cString: strerror(errno)))", file: path)
    }
    defer { fclose(file) }
    try parse(sink: sink) { (buffer) throws(BasinError) in
      let count = fread(buffer.baseAddress, 1, buffer.count, file)
      if count == 0, ferror(file) != 0 {
        throw BasinError(.inputOutput, "reading failed: \(String(cString: strerror(errno)))", file: path)
      }
      return count
    }
  }

  static func parse(bytes: [UInt8], sink: XMLEventSink) throws(BasinError) {
    var offset = 0
    try parse(sink: sink) { (buffer) throws(BasinError) in
      let count = min(buffer.count, bytes.count - offset)
      bytes.withUnsafeBytes { source in
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<(offset + count)]))
      }
      offset += count
      return count
    }
  }

  /// - Parameter read: fills the buffer and tells how many bytes it got, 0 at the end.
  private static func parse(
    sink: XMLEventSink, read: (UnsafeMutableRawBufferPointer) throws(BasinError) -> Int
  ) throws(BasinError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 16)
    defer { buffer.deallocate() }
    var count = try read(buffer)
    guard count > 0, let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else {
      throw .badData("the file is empty", file: sink.file, advice: "Write or fetch it again")
    }
    _ = initialized
    var handler = makeHandler()
    // libxml2 guesses the encoding from the first four bytes.
    let head = min(count, 4)
    let user = Unmanaged.passUnretained(sink).toOpaque()
    guard let context = xmlCreatePushParserCtxt(&handler, user, start, Int32(head), sink.file) else {
      throw .internalError("libxml2 could not make a parser")
    }
    defer {
      sink.context = nil
      if let document = context.pointee.myDoc {
        xmlFreeDoc(document)
        context.pointee.myDoc = nil
      }
      xmlFreeParserCtxt(context)
    }
    // Without NOENT an attribute's `&amp;` arrives as `&#38;`. It cannot expand anything else: `entityDecl` below refuses every
    // declaration, and no DTD is loaded.
    xmlCtxtUseOptions(context, Int32(truncatingIfNeeded: XML_PARSE_NONET.rawValue | XML_PARSE_NOENT.rawValue))
    sink.context = context
    var skip = head
    while count > 0 {
      _ = xmlParseChunk(context, start + skip, Int32(truncatingIfNeeded: count - skip), 0)
      if let failure = sink.failure { throw failure }
      skip = 0
      count = try read(buffer)
    }
    _ = xmlParseChunk(context, start, 0, 1)
    if let failure = sink.failure { throw failure }
    guard context.pointee.wellFormed == 1 else {
      throw sink.error("the document is not well-formed XML", advice: "Write or fetch it again")
    }
  }

  private static let initialized: Void = xmlInitParser()
}

// C function pointers cannot capture, not even a metatype: these stay outside of any type.

private func receiver(_ user: UnsafeMutableRawPointer?) -> XMLEventSink? {
  user.map { Unmanaged<XMLEventSink>.fromOpaque($0).takeUnretainedValue() }
}

private func makeHandler() -> xmlSAXHandler {
  var handler = xmlSAXHandler()
  handler.initialized = UInt32(XML_SAX2_MAGIC)
  handler.startElementNs = { user, name, _, namespace, _, _, attributeCount, _, attributes in
    guard let sink = receiver(user), !sink.hasFailed, let name else { return }
    do throws(BasinError) {
      try sink.startElement(
        name, namespace: namespace, attributes: XMLAttributes(base: attributes, count: Int(attributeCount)))
    } catch { sink.stop(error) }
  }
  handler.endElementNs = { user, _, _, _ in
    guard let sink = receiver(user), !sink.hasFailed else { return }
    do throws(BasinError) { try sink.endElement() } catch { sink.stop(error) }
  }
  // One function for all three: libxml2 then does not try to tell layout from text.
  let characters: charactersSAXFunc = { user, text, length in
    guard let sink = receiver(user), !sink.hasFailed, let text else { return }
    do throws(BasinError) {
      try sink.characters(UnsafeBufferPointer(start: text, count: Int(length)))
    } catch { sink.stop(error) }
  }
  handler.characters = characters
  handler.ignorableWhitespace = characters
  handler.cdataBlock = characters
  handler.entityDecl = { user, name, _, _, _, _ in
    refuseEntity(user, name)
  }
  handler.reference = { user, name in
    refuseEntity(user, name)
  }
  handler.serror = { user, error in
    guard let sink = receiver(user), !sink.hasFailed, let error = error?.pointee else { return }
    let text =
      error.message.map { String(cString: $0).split(separator: "\n").joined(separator: " ") } ?? "unknown error"
    let (line, column) = (Int(error.line), Int(error.int2))
    // An entity from a DTD that is not read would silently vanish from an attribute.
    let isFatal = error.level == XML_ERR_FATAL || error.code == Int32(XML_WAR_UNDECLARED_ENTITY.rawValue)
    if isFatal {
      sink.stop(
        .badData(
          "not well-formed XML: \(text)", file: sink.file, place: "line \(line), column \(column)",
          advice: "Correct the file, or write it again as UTF-8"))
    } else {
      sink.parserWarning(text, line: line, column: column)
    }
  }
  return handler
}

private func refuseEntity(_ user: UnsafeMutableRawPointer?, _ name: UnsafePointer<UInt8>?) {
  guard let sink = receiver(user), !sink.hasFailed else { return }
  let name = name.map { String(cString: $0) } ?? ""
  sink.stop(sink.error("the document uses an entity of its own, `\(name)`", advice: "Write its text in place"))
}
