import Foundation
import PluginAPI

/// The folder of a measurement: `plan.json`, `progress/` while it goes on; `sharpness.svg`, `sharpness.png` and, last,
/// `sharpness.json` when it is finished.
///
/// In `progress/` are a record for each of the weights and, during Lanczos, the basis in files of the vectors that
/// came since the file before. A record counts only those files that were there before it was put into place.
final class SharpnessDirectory {
  let path: String
  var plan: String { path + "/plan.json" }
  var document: String { path + "/sharpness.json" }
  var svg: String { path + "/sharpness.svg" }
  var png: String { path + "/sharpness.png" }
  private var progress: String { path + "/progress" }

  /// When something was written last, and how many seconds it took.
  private var last = (time: -Double.infinity, cost: 0.0)

  init(_ path: String) { self.path = path }

  func create(_ plan: SharpnessPlan) throws {
    try AtomicFile.makeFolder(progress)
    try AtomicFile.write(JSONValue(encoding: plan).data(), to: self.plan)
  }

  func checkUnused() throws {
    guard !FileManager.default.fileExists(atPath: plan) else {
      throw BasinError(
        .cannotCreate, "holds a measurement already", file: path,
        advice: "Continue it with --resume \(path), or choose another --out")
    }
  }

  static func existing(_ path: String) throws -> SharpnessDirectory {
    let directory = SharpnessDirectory(path)
    guard FileManager.default.fileExists(atPath: directory.plan) else {
      throw BasinError.missing(
        "holds no measurement of sharpness (there is no plan.json)", file: path,
        advice: "Give the folder that --out named")
    }
    try AtomicFile.makeFolder(directory.progress)
    return directory
  }

  var isFinished: Bool { FileManager.default.fileExists(atPath: document) }

  // MARK: Progress

  private func recordFile(_ index: Int) -> String { "\(progress)/\(index).json" }
  private func basisFile(_ index: Int, _ first: Int) -> String { "\(progress)/\(index)-basis-\(first).safetensors" }
  private static func name(_ vector: Int) -> String { "vector.\(vector)" }

  /// What was kept of the weights of that number; a fresh record where nothing was.
  func record(_ index: Int) throws -> SharpnessRecord {
    let file = recordFile(index)
    guard let data = FileManager.default.contents(atPath: file) else { return SharpnessRecord() }
    do { return try Self.decoder.decode(SharpnessRecord.self, from: data) } catch {
      throw Self.damaged(file, "is not the record it should be (\(error))")
    }
  }

  /// The vectors of the basis that a record counts.
  func basis(_ record: SharpnessRecord, _ index: Int) throws -> [Tensor] {
    var vectors: [Tensor] = []
    for first in record.basisFiles {
      let file = basisFile(index, first)
      guard first == vectors.count else {
        throw Self.damaged(recordFile(index), "names basis files that do not follow each other")
      }
      let tensors: [String: Tensor]
      do { tensors = try Safetensors.read(file).tensors } catch let error as BasinError {
        throw Self.damaged(file, error.message)
      }
      for _ in tensors {
        guard let vector = tensors[Self.name(vectors.count)] else {
          throw Self.damaged(file, "has no \(Self.name(vectors.count))")
        }
        vectors.append(vector)
      }
    }
    guard vectors.count == record.basisCount else {
      throw Self.damaged(
        recordFile(index), "counts \(record.basisCount) vectors, the files of the basis hold \(vectors.count)")
    }
    return vectors
  }

  static func damaged(_ file: String, _ message: String) -> BasinError {
    BasinError.badData(
      message, file: file,
      advice: "Delete the folder \((file as NSString).deletingLastPathComponent): what is in it is computed again")
  }

  func damagedBasis(_ index: Int, _ message: String) -> BasinError { Self.damaged(recordFile(index), message) }

  /// Writes what is not in the files yet: at once, or not before ten times as long has passed as the writing took, and
  /// a second, so that it never takes more than a tenth of the time.
  func keep(_ record: inout SharpnessRecord, basis: [Tensor], _ index: Int, now: Bool = false) throws {
    let begin = Clock.now()
    guard now || begin - last.time >= max(1, 10 * last.cost) else { return }
    if basis.count > record.basisCount {
      let first = record.basisCount
      let vectors = try (first..<basis.count).map { (name: Self.name($0), tensor: try basis[$0].to(.cpu)) }
      try AtomicFile.write(Safetensors.encode(vectors), to: basisFile(index, first))
      record.basisFiles.append(first)
      record.basisCount = basis.count
    }
    try AtomicFile.write(Self.encoder.encode(record), to: recordFile(index))
    last = (Clock.now(), Clock.now() - begin)
  }

  /// Takes the basis away: its eigenvalues are in the record.
  func dropBasis(_ record: inout SharpnessRecord, _ index: Int) throws {
    let files = record.basisFiles
    record.basisFiles = []
    record.basisCount = 0
    try keep(&record, basis: [], index, now: true)
    for first in files { unlink(basisFile(index, first)) }
  }

  /// Writes the pictures and, last of all, the document: it says that the measurement is finished.
  func finish(_ document: JSONValue) throws {
    let drawing = SharpnessFigure(document).drawing()
    try AtomicFile.write(Data(drawing.svg.utf8), to: svg)
    try AtomicFile.write(Raster(drawing).png(), to: png)
    try AtomicFile.write(document.data(), to: self.document)
    removeProgress()
  }

  func removeProgress() { try? FileManager.default.removeItem(atPath: progress) }

  // Losses may be infinite.
  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}
