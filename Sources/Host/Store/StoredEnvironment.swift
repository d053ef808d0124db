internal import GRDB

/// Where runs were computed, and by what.
public struct StoredEnvironment: Codable, Hashable, Sendable {
  public struct Module: Codable, Hashable, Sendable {
    public var name, version, origin: String
    /// Of the sources of a module that came with the program, of the library's bytes otherwise.
    public var sha256: String

    public init(name: String, version: String, origin: String, sha256: String) {
      self.name = name
      self.version = version
      self.origin = origin
      self.sha256 = sha256
    }
  }

  /// The machine's name.
  public var machine: String
  /// `Debian GNU/Linux 12, Linux 6.1`
  public var system: String
  public var cpu: String
  public var cores: Int
  public var memoryBytes: Int
  /// The program's version.
  public var basin: String
  /// The code that decides results.
  public var code: String
  public var libtorch: String?
  public var swift: String
  public var modules: [Module]

  public init(
    machine: String, system: String, cpu: String, cores: Int, memoryBytes: Int, basin: String, code: String,
    libtorch: String?, swift: String, modules: [Module]
  ) {
    self.machine = machine
    self.system = system
    self.cpu = cpu
    self.cores = cores
    self.memoryBytes = memoryBytes
    self.basin = basin
    self.code = code
    self.libtorch = libtorch
    self.swift = swift
    self.modules = modules.sorted { $0.name < $1.name }
  }

  /// How many machines or builds these are. Runs of other domains have other modules, which alone makes no difference: builds
  /// of one module do.
  public static func builds(_ environments: [StoredEnvironment]) -> Int {
    let byProgram = Dictionary(grouping: Set(environments)) { environment in
      var program = environment
      program.modules = []
      return program
    }
    return byProgram.values.reduce(0) { count, environments in
      let modules = Dictionary(grouping: Set(environments.flatMap(\.modules)), by: \.name)
      return count + max(1, modules.values.map(\.count).max() ?? 1)
    }
  }

  /// The same text for the same environment, whichever file it is in.
  private var key: String {
    ([machine, system, cpu, "\(cores)", "\(memoryBytes)", basin, code, libtorch ?? "", swift]
      + modules.flatMap { [$0.name, $0.version, $0.origin, $0.sha256] }).joined(separator: "\u{1F}")
  }

  // MARK: In the file

  /// Its number, under which it is written where it is new.
  func number(in db: Database) throws -> Int64 {
    if let known = try Int64.fetchOne(db, sql: "SELECT id FROM environments WHERE key = ?", arguments: [key]) { return known }
    try db.execute(
      sql: """
        INSERT INTO environments (key, machine, system, cpu, cores, memoryBytes, basin, code, libtorch, swift)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [key, machine, system, cpu, cores, memoryBytes, basin, code, libtorch, swift])
    let number = db.lastInsertedRowID
    for module in modules {
      try db.execute(
        sql: "INSERT INTO modules (environment, name, version, origin, sha256) VALUES (?, ?, ?, ?, ?)",
        arguments: [number, module.name, module.version, module.origin, module.sha256])
    }
    return number
  }

  static func all(in db: Database) throws -> [Int64: StoredEnvironment] {
    var modules: [Int64: [Module]] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT * FROM modules") {
      modules[row["environment"], default: []].append(
        Module(name: row["name"], version: row["version"], origin: row["origin"], sha256: row["sha256"]))
    }
    var result: [Int64: StoredEnvironment] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT * FROM environments") {
      let number: Int64 = row["id"]
      result[number] = StoredEnvironment(
        machine: row["machine"], system: row["system"], cpu: row["cpu"], cores: row["cores"], memoryBytes: row["memoryBytes"],
        basin: row["basin"], code: row["code"], libtorch: row["libtorch"], swift: row["swift"], modules: modules[number] ?? [])
    }
    return result
  }
}
