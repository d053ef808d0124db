import Foundation
import Testing

@Suite("contact sheets", .serialized) struct ContactSheetTests {
  /// Width and height of a PNG file.
  private func size(_ data: Data) -> [Int] {
    let bytes = [UInt8](data.prefix(24))
    guard bytes.count == 24, bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] else { return [] }
    return [16, 20].map { offset in bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
  }

  private static let shapes =
    ["data", "inspect", "shapes"] + ["train=300", "test=100", "size=20"].flatMap { ["--set", "dataset.\($0)"] }

  @Test("a sheet of training pictures, the same for the same seed")
  func training() throws {
    let space = try Workspace()
    let document = try space.json(Self.shapes + ["--sheet", "a.png", "--sheet-size", "3x5"])
    // Twice 20 pixels, fourfold, and a seam.
    #expect(size(try space.data("a.png")) == [5 * (162 + 10) + 10, 3 * (80 + 28) + 36])
    let examples = document["sheet"]?["examples"]?.items ?? []
    #expect(examples.count == 15 && examples.allSatisfy { $0["pictures"]?.integer == 2 })
    #expect(Set(examples.compactMap { $0["caption"]?.text }).count > 3)
    #expect(document["examples"]?["train"]?.integer == 300)
    let outcome = try space.run(Self.shapes + ["--sheet", "b.png", "--sheet-size", "3x5"], expecting: 0)
    #expect(outcome.text.contains("b.png: shapes, train: left as stored"))
    #expect(try space.data("a.png") == space.data("b.png"))
    try space.run(Self.shapes + ["--sheet", "c.png", "--sheet-size", "3x5", "--seed", "1"], expecting: 0)
    #expect(try space.data("a.png") != space.data("c.png"))
    for split in ["validation", "test"] {
      let document = try space.json(Self.shapes + ["--sheet", "d.png", "--sheet-size", "2x2", "--sheet-split", split])
      #expect(size(try space.data("d.png")) == [2 * 90 + 10, 2 * 108 + 36])
      #expect(document["sheet"]?["examples"]?[0]?["pictures"]?.integer == 1)
    }
  }

  @Test("wrong usage writes nothing")
  func usage() throws {
    let space = try Workspace()
    try space.refused(["data", "inspect", "communities", "--sheet", "a.png"], 64, saying: "communities has no pictures")
    try space.refused(["data", "inspect", "grammar", "--sheet", "a.png"], 64, saying: "grammar has no pictures")
    try space.refused(Self.shapes + ["--sheet", "a.jpg"], 64, saying: ".png")
    try space.refused(Self.shapes + ["--sheet", "a.png", "--sheet-split", "tset"], 64, saying: "tset", "test")
    for size in ["0x5", "5", "5x", "x", "-1x5", "101x1", "4x8x2"] {
      try space.refused(Self.shapes + ["--sheet", "a.png", "--sheet-size=\(size)"], 64, saying: "--sheet-size")
    }
    try space.refused(Self.shapes + ["--sheet", "a.png", "--seed=-1"], 64, saying: "--seed")
    try space.refused(Self.shapes + ["--sheet", "not/there/a.png"], 73, saying: "not/there/a.png")
    #expect(space.names(in: "").allSatisfy { !$0.hasSuffix(".png") })
  }
}
