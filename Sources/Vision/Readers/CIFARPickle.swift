import Pickle
import PluginAPI

/// The python versions of CIFAR-10 and CIFAR-100: pickles of a dictionary with the pictures as rows of bytes and the labels as
/// a list. Pickles are read by a reader that calls nothing.
enum CIFARPickle {
  /// The content as records of the binary version.
  static func records(_ layout: CIFARReader.Layout, _ bytes: [UInt8], file: String) throws -> [UInt8] {
    let fields = try fields(of: bytes, file: file)
    guard case .array(let array)? = fields["data"], case .uint8(let pixels) = array.elements, array.shape.count == 2,
      array.shape[1] == 3 * 32 * 32
    else { throw damaged("`data` is no array of bytes with rows of 3072", file) }
    guard case .list(let items)? = fields[layout.pickled.labels], items.count == array.shape[0] else {
      throw damaged("`\(layout.pickled.labels)` is no list of \(array.shape[0]) labels", file)
    }
    var records: [UInt8] = []
    records.reserveCapacity(items.count * (layout.labelBytes + array.shape[1]))
    for (index, item) in items.enumerated() {
      guard case .int(let label) = item, let byte = UInt8(exactly: label) else {
        throw damaged("label \(index) is no number from 0 to 255", file)
      }
      for position in 0..<layout.labelBytes { records.append(position == layout.labelOffset ? byte : 0) }
      records += pixels[(index * array.shape[1])..<((index + 1) * array.shape[1])]
    }
    return records
  }

  static func classNames(_ layout: CIFARReader.Layout, _ bytes: [UInt8]?, file: String) throws -> [String] {
    guard let bytes else { return layout.classNames ?? (0..<layout.classes).map(String.init) }
    guard case .list(let items)? = try fields(of: bytes, file: file)[layout.pickled.names] else {
      throw damaged("`\(layout.pickled.names)` is no list", file)
    }
    let names = items.compactMap(text)
    guard names.count == layout.classes else {
      throw damaged("\(names.count) class names instead of \(layout.classes)", file)
    }
    return names
  }

  private static func fields(of bytes: [UInt8], file: String) throws -> [String: PickleValue] {
    guard case .dictionary(let pairs) = try PickleReader.read(bytes, file: file) else {
      throw damaged("the pickle holds no dictionary", file)
    }
    return Dictionary(pairs.compactMap { pair in text(pair.key).map { ($0, pair.value) } }, uniquingKeysWith: { $1 })
  }

  private static func text(_ value: PickleValue) -> String? {
    switch value {
    case .text(let text): text
    case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
    default: nil
    }
  }

  private static func damaged(_ message: String, _ file: String) -> BasinError {
    .badData(message, file: file, advice: "The file is damaged or not of the python version: fetch it again")
  }
}
