import CArchive
import Foundation
import Pickle
import PluginAPI

/// A file of `torch.save` (PyTorch 1.6 and later): a zip of `NAME/data.pkl`, which describes tensors, and `NAME/data/K`, the
/// bytes of their storages. The pickle is read by a safe subset: nothing of it is run.
enum TorchArchive {
  /// The tensors of a dictionary of tensors (a `state_dict`), by name.
  ///
  /// - Throws: `BasinError` naming the file and the member or the tensor; also for a pickle that asks for anything but
  ///   tensors and plain containers.
  static func read(_ path: String) throws -> [String: Tensor] {
    try checkKind(path)
    var pickle: [UInt8]?
    var order = "little"
    try forEachMember(of: path) { name, content in
      if name == "data.pkl" { pickle = try content() }
      if name == "byteorder" { order = String(decoding: try content(), as: UTF8.self) }
    }
    guard let pickle else {
      throw BasinError.badData(
        "the archive has no data.pkl", file: path, advice: "It is not a file of weights that PyTorch saved")
    }
    guard order == "little" else {
      throw BasinError.badData(
        "numbers are in the byte order '\(order)'", file: path, place: "member byteorder",
        advice: "Save the weights again on a little-endian machine, best as safetensors")
    }
    let described = try tensors(of: PickleReader.read(pickle, file: path + ", data.pkl", content: .tensors), path)
    return try views(described, storages(Set(described.map(\.1.storage)), of: described, path), path)
  }

  /// The end of a zip without a comment, which PyTorch does not write.
  private static let endRecordBytes: UInt64 = 22

  private static func checkKind(_ path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw BasinError.missing("cannot be read", file: path, advice: "Check the path and its permissions")
    }
    defer { try? file.close() }
    let start = Array(try file.read(upToCount: 4) ?? Data())
    if start.starts(with: [0x50, 0x4B]) {
      // libarchive reads what comes before the end of a file that is cut off in its table of contents.
      let size = try file.seekToEnd()
      try file.seek(toOffset: size - min(size, endRecordBytes))
      if Array(try file.read(upToCount: 4) ?? Data()).starts(with: [0x50, 0x4B, 5, 6]) { return }
      throw BasinError.badData(
        "the archive ends early", file: path, place: "byte \(size)", advice: "Fetch the file again")
    }
    throw BasinError.badData(
      start.first == 0x80 ? "is in PyTorch's format from before version 1.6" : "is no file of PyTorch", file: path,
      place: "byte 0", advice: "Save the weights again with a PyTorch of today, best as safetensors")
  }

  /// A state_dict, or one under the key `state_dict` or `model` as training scripts save it.
  private static func tensors(of value: PickleValue, _ path: String) throws -> [(String, StoredTensor)] {
    func refuse(_ message: String) -> BasinError {
      .badData(
        message, file: path, place: "data.pkl", advice: "Save the model's state_dict, best as safetensors")
    }
    guard case .dictionary(let pairs) = value else { throw refuse("is no dictionary of tensors") }
    for (key, item) in pairs {
      // Beside it stand what a script saves with it: the epoch, an optimizer's state.
      if case .text(let name) = key, case .dictionary = item, name == "state_dict" || name == "model" { return try tensors(of: item, path) }
    }
    return try pairs.map { key, item in
      guard case .text(let name) = key else { throw refuse("a tensor's name is no text") }
      guard case .tensor(let tensor) = item else { throw refuse("'\(name)' is no tensor") }
      return (name, tensor)
    }
  }

  private static func storages(
    _ names: Set<String>, of described: [(String, StoredTensor)], _ path: String
  ) throws -> [String: Tensor] {
    let kinds = Dictionary(described.map { ($0.1.storage, $0.1) }, uniquingKeysWith: { $1 })
    var found: [String: Tensor] = [:]
    try forEachMember(of: path) { name, content in
      guard name.hasPrefix("data/"), let kind = kinds[String(name.dropFirst(5))] else { return }
      let bytes = try content(), type = dtype(kind.elementType)
      guard bytes.count / type.size == kind.storageCount, bytes.count % type.size == 0 else {
        throw BasinError.badData(
          "has \(bytes.count) bytes, data.pkl says \(kind.storageCount) numbers of \(type.size)", file: path,
          place: "member \(name)", advice: "Fetch the file again")
      }
      found[kind.storage] = try bytes.withUnsafeBytes {
        try Tensor(bytes: $0, shape: [kind.storageCount], dtype: type)
      }
    }
    if let missing = names.filter({ found[$0] == nil }).min() {
      throw BasinError.badData("the archive lacks member data/\(missing)", file: path, advice: "Fetch the file again")
    }
    return found
  }

  private static func views(
    _ described: [(String, StoredTensor)], _ storages: [String: Tensor], _ path: String
  ) throws -> [String: Tensor] {
    let view = Operator("aten::as_strided")
    var result: [String: Tensor] = [:]
    for (name, item) in described {
      guard let storage = storages[item.storage], storage.dtype == dtype(item.elementType),
        storage.count == item.storageCount
      else {
        throw BasinError.badData(
          "two tensors describe storage \(item.storage) differently", file: path, place: "tensor \"\(name)\"",
          advice: "Fetch the file again")
      }
      result[name] = try view(.tensor(storage), .ints(item.shape), .ints(item.strides), .int(item.offset))
    }
    return result
  }

  private static func dtype(_ type: StoredTensor.ElementType) -> DType {
    switch type {
    case .float64: .float64
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .int64: .int64
    case .int32: .int32
    case .int16: .int16
    case .int8: .int8
    case .uint8: .uint8
    case .bool: .bool
    }
  }

  // MARK: The zip

  /// Calls `body` for every member, with its path below the archive's one folder.
  ///
  /// PyTorch does not compress: what is read may not be more than the file's size, so that a small file asks for little.
  private static func forEachMember(
    of path: String, _ body: (_ name: String, _ content: () throws -> [UInt8]) throws -> Void
  ) throws {
    guard let archive = archive_read_new() else { throw BasinError.internalError("libarchive gave no reader") }
    defer { archive_read_free(archive) }
    archive_read_support_format_zip(archive)
    func damaged(_ member: String?) -> BasinError {
      .badData(
        "not a whole archive: \(archive_error_string(archive).map { String(cString: $0) } ?? "unreadable")", file: path,
        place: member.map { "member \($0)" }, advice: "Fetch the file again")
    }
    guard archive_read_open_filename(archive, path, 1 << 18) == ARCHIVE_OK else { throw damaged(nil) }
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    var room = size
    var last: String?
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { return }
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else { throw damaged(last) }
      let full = archive_entry_pathname(entry).map { String(cString: $0) } ?? ""
      let name = full.split(separator: "/").dropFirst().joined(separator: "/")
      last = name
      try body(name) {
        var bytes: [UInt8] = []
        // The size a header states is believed no further than the file goes.
        let stated = archive_entry_size_is_set(entry) != 0 ? Int(archive_entry_size(entry)) : 1 << 16
        var step = min(max(stated, 1), room + 1)
        while true {
          let start = bytes.count
          bytes.append(contentsOf: repeatElement(0, count: step))
          let got = bytes.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress?.advanced(by: start), step) }
          guard got >= 0 else { throw damaged(name) }
          bytes.removeLast(step - got)
          room -= got
          guard room >= 0 else {
            throw BasinError.badData(
              "unpacks to more than the file's size", file: path, place: "member \(name)",
              advice: "It is not a file that PyTorch saved")
          }
          if got == 0 { return bytes }
          step = min(1 << 16, room + 1)
        }
      }
    }
  }
}
