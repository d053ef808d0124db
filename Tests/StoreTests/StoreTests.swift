import Foundation
import ResultStore
import TestClock
import Testing

@Suite("store") struct StoreTests {
  @Test("what goes in comes out, and stays after closing")
  func roundTrip() throws {
    let folder = try StoreFolder()
    let made = [Made.run(1), Made.run(2, status: .stuck), Made.run(3)]
    do {
      let store = try ResultStore.open(folder("a.sqlite"))
      try store.record(made, environment: Made.environment)
      try store.record(StoredData(key: "k", dataset: "cora", sha256: "s", files: "[]"))
      try store.close()
    }
    // The log is folded in: one file.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.sqlite"])
    let store = try ResultStore.read(folder("a.sqlite"), thoroughly: true)
    var runs = try store.runs().sorted { $0.hash < $1.hash }
    let environments = try store.environments()
    #expect(environments.count == 1 && environments[runs[0].environment] == Made.environment)
    for index in runs.indices { runs[index].environment = 0 }
    #expect(runs == made.map(\.run))
    for item in made {
      #expect(try store.attempts(of: item.run.hash) == item.attempts)
      #expect(try store.curves(of: item.run.hash) == item.curves.sorted { $0.series < $1.series })
    }
    #expect(try store.data("k")?.sha256 == "s" && store.data("other") == nil)
    #expect(try store.workloads().count == 3)
    #expect(try store.series() == ["train/loss", "validation/accuracy"])
  }

  @Test("a run is replaced by the same run, and its cell's failures by another try")
  func replacing() throws {
    let folder = try StoreFolder()
    let store = try ResultStore.open(folder("a.sqlite"))
    try store.record([Made.run(1, status: .crashed, cell: "same")], environment: Made.environment)
    try store.record([Made.run(2, cell: "same")], environment: Made.environment)
    #expect(try store.runs().map(\.hash) == [Made.run(2).run.hash])
    // A finished run of other code stays beside the new one.
    try store.record([Made.run(3, cell: "same", ended: "2027-01-01T00:00:00Z")], environment: Made.environment)
    #expect(try store.count() == 2)
    #expect(try store.runs(.all.latest()).map(\.hash) == [Made.run(3).run.hash])
    #expect(try store.finished(cells: ["same"])["same"]?.map(\.hash) == [Made.run(3).run.hash, Made.run(2).run.hash])
    // Nothing of what is gone is left behind.
    #expect(try store.attempts().count == 2 && store.curves(series: "train/loss").count == 2)
    try store.record([Made.run(3, status: .stuck, cell: "same")], environment: Made.environment)
    #expect(try store.run(Made.run(3).run.hash)?.status == .stuck)
    #expect(try store.runs(.all.latest()).map(\.hash) == [Made.run(2).run.hash])
  }

  @Test("runs are chosen by any column")
  func filters() throws {
    let folder = try StoreFolder()
    let store = try ResultStore.open(folder("a.sqlite"))
    try store.record((0..<60).map { Made.run($0, status: $0 == 7 ? .timedOut : .finished) }, environment: Made.environment)
    func numbers(_ filter: RunFilter) throws -> [Int] { try store.runs(filter).compactMap { Int($0.hash, radix: 16) }.sorted() }
    #expect(try numbers(.all.having(.domain, ["graph"])) == Array(stride(from: 0, to: 60, by: 3)))
    #expect(try numbers(.all.having(.domain, ["graph", "text"]).having(.seed, ["0"])) == [0, 1, 3, 4, 6, 7, 9, 10])
    #expect(try numbers(.all.having(.status, ["timed out"])) == [7])
    #expect(try numbers(.all.having(.test, .less, 3.5 / 100_000)) == [0, 1, 2, 3])
    #expect(try numbers(.all.having(.test, .greaterOrEqual, 58.0 / 100_000).having(.method, ["swa"])) == [59])
    var sorted = RunFilter.all.having(.method, ["swa"])
    sorted.order = [.test]
    sorted.limit = 2
    #expect(try store.runs(sorted).map(\.test) == [1.0 / 100_000, 3.0 / 100_000] && store.count(sorted) == 2)
    #expect(try store.values(.dataset) == (0..<5).map { "data \($0)" })
    #expect(try store.figure("averaged.test.f1", .all.having(.hash, [Made.run(12).run.hash])).values.map { $0 } == [0.12])
    #expect(try store.figure("no.such").isEmpty)
    // Every column can be asked for, and no value is taken as part of the question.
    for column in RunFilter.Column.allCases { #expect(try store.count(.all.having(column, ["' OR 1=1 --"])) == 0, "\(column)") }
  }

  @Test("a write that was cut off at any byte of the log leaves all that was written before")
  func cutLog() throws {
    let folder = try StoreFolder()
    let store = try ResultStore.open(folder("a.sqlite"))
    try store.record([Made.run(1)], environment: Made.environment)
    let before = try Data(contentsOf: URL(fileURLWithPath: folder("a.sqlite-wal"))).count
    try store.record([Made.run(2), Made.run(3)], environment: Made.environment)
    let base = try Data(contentsOf: URL(fileURLWithPath: folder("a.sqlite")))
    let log = try Data(contentsOf: URL(fileURLWithPath: folder("a.sqlite-wal")))
    #expect(log.count > before)
    var counts: Set<Int> = []
    for cut in Array(stride(from: before, to: log.count, by: 997)) + [log.count] {
      let copy = folder("copy.sqlite")
      for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: copy + ending) }
      try base.write(to: URL(fileURLWithPath: copy))
      try log.prefix(cut).write(to: URL(fileURLWithPath: copy + "-wal"))
      let other = try ResultStore.open(copy)
      let count = try other.count()
      // Both or none of what was written together.
      #expect(count == 1 || count == 3, "\(cut)")
      #expect(try other.run(Made.run(1).run.hash) == store.run(Made.run(1).run.hash))
      counts.insert(count)
      try other.close()
    }
    #expect(counts == [1, 3])
  }

  @Test("one may write while others read")
  func readers() throws {
    let folder = try StoreFolder()
    let store = try ResultStore.open(folder("a.sqlite"))
    try store.record([Made.run(1)], environment: Made.environment)
    let reader = try ResultStore.read(folder("a.sqlite"))
    #expect(try reader.count() == 1)
    try store.record([Made.run(2)], environment: Made.environment)
    #expect(try reader.count() == 2)
    #expect(throws: StoreError.self) { try reader.record([Made.run(3)], environment: Made.environment) }
  }

  @Test("files that are not results are told from damaged and later ones, and stay as they are")
  func badFiles() throws {
    let folder = try StoreFolder()
    func kind(_ name: String, thoroughly: Bool = false) -> StoreError.Kind? {
      let before = FileManager.default.contents(atPath: folder(name))
      defer { #expect(FileManager.default.contents(atPath: folder(name)) == before, "\(name)") }
      do {
        _ = try ResultStore.read(folder(name), thoroughly: thoroughly)
        return nil
      } catch { return (error as? StoreError)?.kind }
    }
    #expect(kind("missing") == .missing)
    try Data("not a database, but long enough to be taken for one by its size".utf8).write(to: URL(fileURLWithPath: folder("text")))
    #expect(kind("text") == .foreign)
    #expect(throws: StoreError.self) { try ResultStore.open(folder("text")) }
    // Another program's database.
    let other = Process()
    other.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    other.arguments = ["python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('create table t(x)'); c.commit()", folder("other")]
    try other.run()
    other.waitUntilExit()
    #expect(kind("other") == .foreign)

    let store = try ResultStore.open(folder("good"))
    try store.record((0..<50).map { Made.run($0, epochs: 200) }, environment: Made.environment)
    try store.close()
    let good = try Data(contentsOf: URL(fileURLWithPath: folder("good")))
    #expect(kind("good", thoroughly: true) == nil)
    // The version is the big-endian number at byte 60 of SQLite's header.
    var later = good
    later[63] = 99
    try later.write(to: URL(fileURLWithPath: folder("later")))
    #expect(kind("later") == .newer)
    #expect(throws: StoreError.self) { try ResultStore.open(folder("later")) }
    var damaged = good
    for index in stride(from: 8192, to: damaged.count, by: 64) { damaged[index] ^= 0xFF }
    try damaged.write(to: URL(fileURLWithPath: folder("damaged")))
    #expect(kind("damaged", thoroughly: true) == .corrupted)
    try good.prefix(good.count / 2).write(to: URL(fileURLWithPath: folder("half")))
    #expect(kind("half", thoroughly: true) == .corrupted)
  }

  @Test("ten thousand runs are listed, chosen and loaded in a second or two")
  func large() throws {
    let folder = try StoreFolder()
    let store = try ResultStore.open(folder("a.sqlite"))
    try store.record((0..<10_000).map { Made.run($0, epochs: 100) }, environment: Made.environment)
    let seconds = try processorSeconds { () throws in
      #expect(try store.runs(.all.latest()).count == 10_000)
      #expect(try store.runs(.all.having(.domain, ["graph"]).having(.method, ["swa"])).count == 1667)
      #expect(try store.curves(series: "validation/accuracy").count == 10_000)
      #expect(try store.figure("averaged.test.f1").count == 10_000)
      #expect(try store.attempts().count == 10_000)
    }
    // Three tenths of a second on one core of 2024.
    #expect(seconds < 2)
  }

  @Test("machines and builds: other modules of one program are neither")
  func builds() {
    var text = Made.environment, other = Made.environment, machine = Made.environment
    text.modules = [.init(name: "text", version: "1", origin: "bundled", sha256: "t")]
    other.modules = [.init(name: "graph", version: "1", origin: "bundled", sha256: "g2")]
    machine.machine = "another"
    #expect(StoredEnvironment.builds([]) == 0)
    #expect(StoredEnvironment.builds([Made.environment, Made.environment, text]) == 1)
    #expect(StoredEnvironment.builds([Made.environment, text, other]) == 2)
    #expect(StoredEnvironment.builds([Made.environment, text, other, machine]) == 3)
  }
}
