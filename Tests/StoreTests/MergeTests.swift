import Foundation
import ResultStore
import Testing

@Suite("merging results") struct MergeTests {
  private func store(_ folder: StoreFolder, _ name: String, _ runs: [ResultStore.Ended], machine: String = "box") throws -> ResultStore {
    let store = try ResultStore.open(folder(name))
    var environment = Made.environment
    environment.machine = machine
    try store.record(runs, environment: environment)
    return store
  }

  @Test("runs of several files come together, each with all that belongs to it")
  func together() throws {
    let folder = try StoreFolder()
    let a = try store(folder, "a", [Made.run(1), Made.run(2)], machine: "one")
    let b = try store(folder, "b", [Made.run(2), Made.run(3)], machine: "two")
    let c = try store(folder, "c", [Made.run(4)], machine: "one")
    let out = try ResultStore.open(folder("out"))
    let report = try out.merge([a, b, c])
    #expect(report.added == 4 && report.same == 1 && report.conflicts.isEmpty && report.replaced == 0)
    #expect(try out.count() == 4 && out.attempts().count == 4 && out.environments().count == 2)
    for number in 1...4 {
      let run = try #require(try out.run(Made.run(number).run.hash))
      #expect(try out.environments()[run.environment]?.machine == (number == 3 ? "two" : "one"))
      #expect(try out.curves(of: run.hash).count == 2)
    }
    // Once more changes nothing.
    let again = try out.merge([c, b, a])
    #expect(again.added == 0 && again.same == 5)
    #expect(try out.count() == 4)
  }

  @Test("the same run with other results is a conflict; the first is kept")
  func conflicts() throws {
    let folder = try StoreFolder()
    let a = try store(folder, "a", [Made.run(1)])
    let b = try store(folder, "b", [Made.run(1, digest: "other"), Made.run(2)])
    let report = try a.merge([b])
    #expect(report.conflicts.map(\.hash) == [Made.run(1).run.hash] && report.added == 1)
    #expect(report.conflicts.first?.title == "text model 1 data 1 swa seed 0" && report.conflicts.first?.file == folder("b"))
    #expect(try a.run(Made.run(1).run.hash)?.digest == "digest 1")
  }

  @Test("what finished elsewhere takes the place of a failure, never the other way round")
  func failures() throws {
    let folder = try StoreFolder()
    let a = try store(folder, "a", [Made.run(1, status: .crashed), Made.run(2), Made.run(3, status: .stuck)])
    let b = try store(folder, "b", [Made.run(1), Made.run(2, status: .crashed), Made.run(3, status: .refused)])
    let report = try a.merge([b])
    #expect(report.replaced == 1 && report.passedOver == 2 && report.added == 0)
    #expect(try (1...3).map { try a.run(Made.run($0).run.hash)?.status } == [.finished, .finished, .stuck])
  }

  @Test("of a file that cannot be read nothing is taken, of the others neither")
  func whole() throws {
    let folder = try StoreFolder()
    let a = try store(folder, "a", [Made.run(1)])
    let b = try store(folder, "b", (2..<80).map { Made.run($0, epochs: 500) })
    try b.close()
    var bytes = try Data(contentsOf: URL(fileURLWithPath: folder("b")))
    for index in stride(from: bytes.count / 2, to: bytes.count, by: 16) { bytes[index] ^= 0xFF }
    try bytes.write(to: URL(fileURLWithPath: folder("b")))
    let c = try store(folder, "c", [Made.run(100)])
    let damaged = try ResultStore.read(folder("b"))
    #expect(throws: StoreError.self) { try a.merge([c, damaged]) }
    #expect(try a.count() == 1)
  }
}
