import Foundation
import PluginAPI

/// A run's metrics for TensorBoard: `events.out.tfevents.<seconds>.<host>`.
///
/// The file is TFRecords (length, masked CRC-32C of it, data, masked CRC-32C of them) of `Event` messages, written in
/// Protocol Buffers' wire format by hand: four fields do not justify a library.
///
/// Its bytes follow from `metrics.jsonl` alone, so that what a resumed run shows is what an uninterrupted one shows.
/// `metrics.jsonl` holds no times, for results do not depend on them; every event bears the time the file was begun,
/// which is also in its name. TensorBoard's axis of steps is right, its axes of time are not.
public enum TensorBoardEvents {
  /// Writes the metrics of a run into `folder`, as a file of its own or by completing the one that is there.
  ///
  /// New lines are appended, as TensorBoard expects of a run it watches. Where the file says something else than the
  /// metrics (they were cut back when a run was resumed) it is replaced by renaming.
  ///
  /// - Throws: `BasinError` where a line is not JSON or a file cannot be written. A last line without its end is passed
  ///   over.
  public static func write(metricsFile: String, to folder: String) throws {
    guard let metrics = FileManager.default.contents(atPath: metricsFile) else {
      throw BasinErrors.missingFile(metricsFile)
    }
    let lines = try parse(metrics, file: metricsFile)
    let existing = existingFile(in: folder)
    let seconds = existing?.seconds ?? Int(Date().timeIntervalSince1970)
    let path = "\(folder)/\(existing?.name ?? "\(prefix)\(seconds).\(host)")"
    let data = encode(lines, time: Double(seconds))
    guard existing != nil, let old = FileManager.default.contents(atPath: path), data.starts(with: old) else {
      return try AtomicFile.write(data, to: path)
    }
    guard old.count < data.count else { return }
    let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard file >= 0 else { throw BasinErrors.system("cannot be written", file: path) }
    defer { close(file) }
    try AtomicFile.append(data.dropFirst(old.count), to: file, path: path)
  }

  /// The bytes of a file: its version, then an event a line.
  ///
  /// - Parameters:
  ///   - lines: objects with a whole number `step`; the other numbers in them, nested or not, become scalars.
  ///   - time: seconds since 1970, of every event.
  public static func encode(_ lines: [JSONValue], time: Double) -> Data {
    var data = record(WireMessage().double(1, time).text(3, "brain.Event:2").data)
    for line in lines {
      let values = scalars(in: line)
      guard let step = line["step"]?.number, !values.isEmpty else { continue }
      let summary = values.reduce(WireMessage()) { summary, scalar in
        summary.bytes(1, WireMessage().text(1, scalar.tag).float(2, Float(scalar.value)).data)
      }
      data += record(WireMessage().double(1, time).integer(2, Int(step)).bytes(5, summary.data).data)
    }
    return data
  }

  /// The numbers in a line of metrics other than its step, by their path (`train/loss`), sorted.
  public static func scalars(in line: JSONValue) -> [(tag: String, value: Double)] {
    numbers(in: line, under: "").filter { $0.tag != "step" }
  }

  private static func numbers(in value: JSONValue, under path: String) -> [(tag: String, value: Double)] {
    if let number = value.number { return [(tag: path, value: number)] }
    guard case .object(let object) = value else { return [] }
    return object.sorted { $0.key < $1.key }.flatMap { numbers(in: $1, under: path.isEmpty ? $0 : "\(path)/\($0)") }
  }

  private static func record(_ data: Data) -> Data {
    let length = withUnsafeBytes(of: UInt64(data.count).littleEndian) { Data($0) }
    func checksum(_ data: Data) -> Data { withUnsafeBytes(of: CRC32C.masked(data).littleEndian) { Data($0) } }
    return length + checksum(length) + data + checksum(data)
  }

  private static func parse(_ metrics: Data, file: String) throws -> [JSONValue] {
    // What follows the last line feed is a line that is being written.
    let whole = metrics.prefix(upTo: metrics.lastIndex(of: 0x0A).map { $0 + 1 } ?? metrics.startIndex)
    return try whole.split(separator: 0x0A).enumerated().map { index, line in
      do { return try JSONDecoder().decode(JSONValue.self, from: line) } catch {
        throw BasinError.badData(
          "is not JSON", file: file, place: "line \(index + 1)", advice: "The file is damaged or from another program")
      }
    }
  }

  // MARK: The file's name

  private static let prefix = "events.out.tfevents."

  /// The file of this run, by which a resumed run goes on with the name and time of the first part.
  private static func existingFile(in folder: String) -> (name: String, seconds: Int)? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().lazy.compactMap { name -> (name: String, seconds: Int)? in
      guard name.hasPrefix(prefix), !name.contains(".part-") else { return nil }
      let parts = name.dropFirst(prefix.count).split(separator: ".", maxSplits: 1)
      return parts.first.flatMap { Int($0) }.map { (name, $0) }
    }.first
  }

  /// Not `ProcessInfo.hostName`, which asks the network.
  private static var host: String {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
    let name = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let safe = String(name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    return safe.isEmpty ? "localhost" : safe
  }
}
