import Foundation
import Host
import PluginAPI
import Testing

@Suite("TensorBoard events") struct TensorBoardEventsTests {
  /// A folder of the test's own.
  private final class Folder {
    let path = NSTemporaryDirectory() + "/basin-events-\(UUID().uuidString)"
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var metrics: String { path + "/metrics.jsonl" }
    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: metrics)) }
    func update() throws { try TensorBoardEvents.write(metricsFile: metrics, to: path) }

    var events: [String] {
      get throws { try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.contains("tfevents") } }
    }
    func eventsFile() throws -> String { "\(path)/\(try #require(try events.first))" }
    func bytes() throws -> Data { try #require(FileManager.default.contents(atPath: eventsFile())) }
    func fileNumber() throws -> Int {
      try #require(FileManager.default.attributesOfItem(atPath: eventsFile())[.systemFileNumber] as? Int)
    }
  }

  private static let lines = (1...3).map { epoch in
    #"{"epoch":\#(epoch),"learningRate":0.1,"samples":0,"step":\#(epoch * 10),"train":{"loss":\#(3.5 - Double(epoch))},"validation":null}"#
      + "\n"
  }

  @Test(
    "checksums of RFC 3720 and others",
    arguments: [
      ([UInt8]("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), ([UInt8](0..<32), 0x46DD_794E), ([], 0),
    ] as [([UInt8], UInt32)])
  func checksums(bytes: [UInt8], expected: UInt32) { #expect(CRC32C.checksum(Data(bytes)) == expected) }

  /// Made by tensorboard 2.21: its `RecordWriter` with `Event(wall_time=1763845200.0, file_version="brain.Event:2")` and
  /// `Event(wall_time=1763845200.0, step=300, summary=...)` of learningRate 0.1 and train/loss 1.5.
  @Test("the bytes are those TensorBoard writes")
  func bytes() {
    let line: JSONValue = [
      "step": 300, "train": ["loss": .double(1.5), "accuracy": .null], "learningRate": .double(0.1), "note": "text",
    ]
    let hex = TensorBoardEvents.encode([line], time: 1_763_845_200).map { String(format: "%02x", $0) }.joined()
    #expect(
      hex
        == "1800000000000000a37f4b2209000000148948da411a0d627261696e2e4576656e743a32f2a9683c36000000000000004f578cef09000000148948da4"
        + "110ac022a280a130a0c6c6561726e696e675261746515cdcccc3d0a110a0a747261696e2f6c6f7373150000c03f8507b6e2")
  }

  @Test("a line's numbers by their path, in order")
  func scalars() {
    let line: JSONValue = [
      "step": 3, "epoch": 1, "validation": ["loss": .double(0.5), "more": ["f1": .double(0.25)]], "train": .null,
      "list": [1, 2], "flag": true,
    ]
    #expect(TensorBoardEvents.scalars(in: line).map(\.tag) == ["epoch", "validation/loss", "validation/more/f1"])
    #expect(TensorBoardEvents.scalars(in: line).map(\.value) == [1, 0.5, 0.25])
    #expect(TensorBoardEvents.encode([["loss": 1], ["step": 2], 3], time: 0) == TensorBoardEvents.encode([], time: 0))
  }

  @Test("new lines are appended to the same file")
  func growing() throws {
    let folder = try Folder()
    try folder.write(Self.lines[0])
    try folder.update()
    #expect(try folder.events.count == 1)
    let first = try folder.bytes(), number = try folder.fileNumber()
    try folder.write(Self.lines.joined())
    try folder.update()
    #expect(try folder.events.count == 1 && folder.fileNumber() == number)
    let whole = try folder.bytes()
    #expect(whole.count > first.count && whole.starts(with: first))
    try folder.update()
    #expect(try folder.bytes() == whole)

    // A kill in the middle of writing: the rest is written.
    try whole.prefix(whole.count - 7).write(to: URL(fileURLWithPath: folder.eventsFile()))
    try folder.update()
    #expect(try folder.bytes() == whole)
  }

  @Test("metrics that were cut back replace it under its name and time")
  func cutBack() throws {
    let folder = try Folder()
    let name = "events.out.tfevents.1763845200.other-host"
    try folder.write(Self.lines.joined())
    try Data().write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
    try folder.update()
    #expect(try folder.events == [name])
    let whole = try folder.bytes()
    let lines = try Self.lines.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
    #expect(whole == TensorBoardEvents.encode(lines, time: 1_763_845_200))
    try folder.write(Self.lines[0])
    try folder.update()
    try folder.write(Self.lines[0] + Self.lines[1].replacingOccurrences(of: "0.1", with: "0.2"))
    try folder.update()
    #expect(try folder.bytes() != whole && folder.events == [name])
    try folder.write(Self.lines.joined())
    try folder.update()
    #expect(try folder.bytes() == whole && folder.events == [name])
  }

  @Test("no metrics yet, a line being written, a damaged line")
  func incomplete() throws {
    let folder = try Folder()
    #expect(throws: BasinError.self) { try folder.update() }
    try folder.write("")
    try folder.update()
    let empty = try folder.bytes()
    try folder.write(String(Self.lines[0].dropLast(5)))
    try folder.update()
    #expect(try folder.bytes() == empty)
    try folder.write(Self.lines[0] + "{\"step\":\n" + Self.lines[1])
    let error = #expect(throws: BasinError.self) { try folder.update() }
    #expect(error?.kind == .badData && error?.place == "line 2" && error?.file == folder.metrics)
    #expect(try folder.bytes() == empty)
  }
}
