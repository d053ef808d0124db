import Foundation
import Graph
import Pickle
import PluginAPI
import Testing

@Suite("Pickle reader")
struct ReaderPickleTests {
  private func read(_ parts: [UInt8]...) throws -> PickleValue {
    try PickleReader.read(parts.flatMap { $0 }, file: "t.pkl")
  }
  private func op(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// `_reconstruct` and the state of an array, up to the memory.
  private func array(type: String, order: String, shape: [UInt8], fortran: Bool = false, memory: [UInt8]) -> [UInt8] {
    var bytes = op("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\u{0}") + [0x85] + op("U\u{1}b") + [0x87]
    bytes += op("R(K\u{1}(") + shape.flatMap { [UInt8(ascii: "K"), $0] } + op("t")
    bytes += op("cnumpy\ndtype\nU\u{2}\(type)K\u{0}K\u{1}") + [0x87] + op("R(K\u{3}U\u{1}\(order)NNNJ")
    bytes += [255, 255, 255, 255] + op("J") + [255, 255, 255, 255] + op("K\u{0}tb") + [fortran ? 0x88 : 0x89]
    return bytes + op("U") + [UInt8(memory.count)] + memory + op("tb")
  }

  @Test func scalarsAndContainers() throws {
    let value = try read(op("(I-7\nK\u{5}M\u{1}\u{1}F1.5\nNI01\nS'a\\x41\\n'\nU\u{2}hi(lp1\nI3\nag1\nt."))
    guard case .tuple(let items) = value, items.count == 10 else {
      Issue.record("expected a tuple of ten, got \(value)")
      return
    }
    if case .int(-7) = items[0], case .int(5) = items[1], case .int(257) = items[2], case .float(1.5) = items[3],
      case .none = items[4], case .bool(true) = items[5], case .bytes(let escaped) = items[6],
      case .bytes(let short) = items[7], case .list(let list) = items[8], case .list(let again) = items[9]
    {
      #expect(escaped == Array("aA\n".utf8))
      #expect(short == Array("hi".utf8))
      #expect(list.count == 1 && again.count == 1)
    } else {
      Issue.record("wrong items: \(items)")
    }
  }

  @Test(arguments: [
    ([UInt8](), 0), ([0x7f], 127), ([0xff], -1), ([0x00, 0x80], -32768), ([UInt8](repeating: 0xff, count: 8), -1),
  ])
  func longs(_ digits: [UInt8], _ expected: Int) throws {
    guard case .int(let value) = try read([0x8a, UInt8(digits.count)] + digits + op(".")) else {
      Issue.record("expected an integer")
      return
    }
    #expect(value == expected)
  }

  @Test func laterProtocols() throws {
    let value = try read([0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0], op("}"), [0x94, 0x8c, 1], op("kK\u{9}s."))
    guard case .dictionary(let pairs) = value, pairs.count == 1, case .text("k") = pairs[0].key,
      case .int(9) = pairs[0].value
    else {
      Issue.record("got \(value)")
      return
    }
  }

  @Test func arraysOfAllTypesAndByteOrders() throws {
    func elements(_ bytes: [UInt8]) throws -> NumericArray? {
      guard case .array(let array) = try read(bytes + op(".")) else { return nil }
      return array
    }
    #expect(
      try elements(array(type: "i4", order: "<", shape: [2], memory: [1, 0, 0, 0, 255, 255, 255, 255]))?.elements
        == .int32([1, -1]))
    #expect(try elements(array(type: "i4", order: ">", shape: [1], memory: [0, 0, 1, 2]))?.elements == .int32([258]))
    #expect(
      try elements(array(type: "i8", order: ">", shape: [1], memory: [255, 255, 255, 255, 255, 255, 255, 254]))?
        .elements
        == .int64([-2]))
    #expect(
      try elements(array(type: "f4", order: "<", shape: [1], memory: [0, 0, 0x80, 0x3f]))?.elements == .float32([1]))
    #expect(
      try elements(array(type: "f8", order: ">", shape: [1], memory: [0xbf, 0xf8, 0, 0, 0, 0, 0, 0]))?.elements
        == .float64([-1.5]))
    let words: [UInt8] = [1, 2, 3, 4, 5, 6].flatMap { [$0, 0, 0, 0] }
    #expect(
      try elements(array(type: "i4", order: "<", shape: [2, 3], fortran: true, memory: words))?.elements
        == .int32([1, 3, 5, 2, 4, 6]))
  }

  @Test func arraysThatDoNotFit() {
    for bad in [
      array(type: "i4", order: "<", shape: [3], memory: [0, 0, 0, 0]),
      array(type: "U4", order: "<", shape: [1], memory: [0, 0, 0, 0]),
      array(type: "i4", order: "?", shape: [1], memory: [0, 0, 0, 0]),
      array(type: "i8", order: "<", shape: [255, 255, 255, 255, 255, 255, 255, 255], memory: []),
    ] {
      #expect(ReaderTestData.error { _ = try read(bad + op(".")) }?.kind == .badData)
    }
  }

  @Test func anyOtherClassIsRefusedByNameAndOffset() {
    let error = ReaderTestData.error { _ = try read(op("N0cos\nsystem\n(S'echo'\ntR.")) }
    #expect(error?.kind == .badData)
    #expect(error?.message.contains("os.system") == true)
    #expect(error?.place == "byte 2")
    #expect(error?.file == "t.pkl")
    let stacked = ReaderTestData.error {
      _ = try read([0x80, 4, 0x8c, 8], op("builtins"), [0x8c, 4], op("eval"), [0x93], op("."))
    }
    #expect(stacked?.message.contains("builtins.eval") == true)
    for program in ["(ios\nsystem\n.", "Ppersistent\n.", "(cnumpy\nndarray\no."] {
      #expect(ReaderTestData.error { _ = try read(op(program)) }?.message.contains("safe subset") == true)
    }
    // A permitted name still may not be called with anything else.
    #expect(ReaderTestData.error { _ = try read(op("ccollections\ndefaultdict\n(cnumpy\nndarray\ntR.")) } != nil)
    #expect(ReaderTestData.error { _ = try read(op("cnumpy\nndarray\n(tR.")) } != nil)
    #expect(ReaderTestData.error { _ = try read(op("cnumpy\ndtype\n.")) } != nil)
  }

  @Test func selfReferenceAndExplosionEnd() {
    #expect(ReaderTestData.error { _ = try read(op("(lp0\ng0\na.")) }?.message.contains("contains itself") == true)
    // Every list holds the one before ten times: 10^20 values when written out.
    var program = "(lp0\n"
    for level in 1...20 { program += "(" + String(repeating: "g\(level - 1)\n", count: 10) + "lp\(level)\n" }
    #expect(ReaderTestData.error { _ = try read(op(program + ".")) }?.message.contains("repeats") == true)
    var nested = String(repeating: "(", count: 100_000)
    nested += String(repeating: "l", count: 100_000) + "."
    #expect(ReaderTestData.error { _ = try read(op(nested)) }?.message.contains("levels") == true)
  }

  @Test(arguments: ["", ".", "a.", "t.", "K", "X\u{ff}", "g3\n.", "}K\u{1}s.", "I12x\n.", "S'abc\n.", "R.", "b.", "U"])
  func damagedPrograms(_ program: String) {
    let error = ReaderTestData.error { _ = try read(op(program)) }
    #expect(error?.kind == .badData)
    #expect(error?.file == "t.pkl")
  }

  @Test(.enabled(if: ReaderTestData.isPresent), arguments: ["x", "y", "graph"])
  func damagedFilesNeverCrash(_ part: String) throws {
    let bytes = try ReaderTestData.bytes("\(ReaderTestData.root ?? "")/planetoid/cora/ind.cora.\(part)")
    let result = ReaderTestData.fuzz(bytes, cuts: 150, flips: 300) { _ = try PickleReader.read($0, file: part) }
    #expect(result.failed >= 150)
    #expect(result.total == 450)
  }
}
