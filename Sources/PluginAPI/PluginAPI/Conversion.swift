/// Where a conversion writes to.
public struct ConversionTarget: Sendable, Equatable {
  /// A file, or with ``isFolder`` a folder, which may exist.
  public let path: String
  /// Whether ``path`` is a folder.
  public let isFolder: Bool
  /// One of the converter's formats.
  public let format: String

  /// A file or folder to write.
  public init(path: String, isFolder: Bool, format: String) {
    self.path = path
    self.isFolder = isFolder
    self.format = format
  }
}

/// What a conversion wrote.
public struct ConversionReport: Sendable {
  /// The files, in the order written.
  public var files: [String]
  /// What is in them; its warnings are what was unusual about the source, and what the target could not hold.
  public var content: DataInspection

  /// What was written, and what is in it.
  public init(files: [String], content: DataInspection) {
    self.files = files
    self.content = content
  }
}

/// Turns a module's data sets, and what its formats read, into files of other formats: what `basin data convert` calls.
public protocol DataConverter {
  /// What it writes, by the endings of such files; the first is what a folder gets where nobody says.
  static var formats: [String] { get }
  /// A converter has no options.
  init()
  /// - Parameter source: a data set or `FORMAT:PATH` of the module; with an empty name a path whose format nobody said.
  ///   Files that are there already may be replaced (the host has asked); each must appear under its name when it is whole.
  /// - Throws: ``BasinError``; `.usage` for a target that cannot hold what is read.
  func convert(_ source: DataSource, to target: ConversionTarget) throws -> ConversionReport
}
