import Foundation
import PluginAPI
import Tabular
import Testing

@Suite struct CSVReaderTests {
  private func records(_ text: String, delimiter: Character = ",") throws -> [CSVReader.Record] {
    try records(Array(text.utf8), delimiter: delimiter)
  }

  private func records(_ bytes: [UInt8], delimiter: Character = ",") throws -> [CSVReader.Record] {
    var reader = CSVReader(bytes: bytes, file: "t.csv", delimiter: delimiter)
    var result: [CSVReader.Record] = []
    while let record = try reader.next() { result.append(record) }
    return result
  }

  @Test("fields in quotes hold delimiters, line ends and quotes; lines are counted through them")
  func quotes() throws {
    let found = try records("a,b\r\n\"x, y\",\"he said \"\"no\"\"\"\r\n\n\"two\nlines\",\r\nlast,\"\"")
    #expect(found.map(\.fields) == [["a", "b"], ["x, y", "he said \"no\""], ["two\nlines", ""], ["last", ""]])
    #expect(found.map(\.line) == [1, 2, 4, 6])
  }

  @Test("a byte order mark, old Mac line ends, other delimiters, no line end at the end")
  func forms() throws {
    #expect(try records([0xEF, 0xBB, 0xBF] + Array("a,b\r1,2\r".utf8)).map(\.fields) == [["a", "b"], ["1", "2"]])
    #expect(try records("a;b\n1,5;2", delimiter: ";").map(\.fields) == [["a", "b"], ["1,5", "2"]])
    #expect(try records("a\tb\n\t", delimiter: "\t").map(\.fields) == [["a", "b"], ["", ""]])
    #expect(try records("").isEmpty && records("\n\r\n\n").isEmpty)
  }

  struct Damage: Sendable {
    let bytes: [UInt8]
    let place, word: String
    init(_ text: String, _ place: String, _ word: String) { (bytes, self.place, self.word) = (Array(text.utf8), place, word) }
    init(bytes: [UInt8], _ place: String, _ word: String) { (self.bytes, self.place, self.word) = (bytes, place, word) }
  }

  @Test(
    "damage is told with its line and field",
    arguments: [
      Damage("a,b\n1,\"2\n3,4\n", "line 2, field 2", "never ends"), Damage("a\n\"x\"y\n", "line 2, field 1", "closing quote"),
      Damage("a,b\n1,x\"y\"\n", "line 2, field 2", "within a field"), Damage(bytes: [0x61, 10, 0xFF, 10], "line 2, field 1", "UTF-8"),
      Damage(bytes: [0x61, 44, 0x62, 10, 0, 44, 0x31], "line 2, field 1", "UTF-8"),
      Damage("\"a\nb\",c\n1,\"", "line 3, field 2", "never ends"),
    ])
  func damage(_ damage: Damage) throws {
    let error = #expect(throws: BasinError.self) { try records(damage.bytes) }
    #expect(error?.kind == .badData && error?.file == "t.csv" && error?.place == damage.place, "\(error.debugDescription)")
    #expect(error?.message.contains(damage.word) == true && error?.advice != nil, "\(error.debugDescription)")
  }

  @Test("what is written in quotes is read back, whatever it holds")
  func roundTrip() throws {
    let alphabet = Array("a,\"\n\r;é"), random = Random(seed: 3)
    for index in 0..<400 {
      let draws = random[index].integers(40, below: alphabet.count)
      let fields = stride(from: 0, to: 40, by: 8).map { start in String(draws[start..<start + 8].map { alphabet[$0] }) }
      let line = fields.map { "\"" + $0.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }.joined(separator: ",")
      #expect(try records(line + "\n").map { $0.fields.map { Array($0.utf8) } } == [fields.map { Array($0.utf8) }])
    }
  }

  @Test("no prefix of a file and no changed byte crashes the reader, or is read without end")
  func mutilated() throws {
    let whole = Array("id,\"name, first\"\r\n1,\"a \"\"b\"\"\"\r\n2,c\n".utf8)
    for length in 0...whole.count { _ = try? records(Array(whole.prefix(length))) }
    for index in whole.indices {
      for byte in [0, 10, 13, 34, 44, 200] as [UInt8] {
        var changed = whole
        changed[index] = byte
        _ = try? records(changed)
      }
    }
  }
}
