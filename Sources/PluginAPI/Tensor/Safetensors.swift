import Foundation

/// Files of named tensors in the safetensors format: eight bytes with the header's length, a JSON header, the bytes.
public enum Safetensors {
  private static let names: [(DType, String)] = [
    (.float64, "F64"), (.float32, "F32"), (.float16, "F16"), (.bfloat16, "BF16"), (.int64, "I64"), (.int32, "I32"),
    (.int16, "I16"), (.int8, "I8"), (.uint8, "U8"), (.bool, "BOOL"),
  ]

  /// The bytes of a file with `tensors` in the given order.
  public static func encode(_ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:]) throws -> Data {
    var header: [String: Any] = [:]
    if !metadata.isEmpty { header["__metadata__"] = metadata }
    var payload = Data()
    for (name, tensor) in tensors {
      let dtype = tensor.dtype
      guard let label = names.first(where: { $0.0 == dtype })?.1 else {
        throw BasinError.internalError("tensor \(name) has a type safetensors does not know: \(dtype)")
      }
      guard name != "__metadata__", header[name] == nil else {
        throw BasinError.internalError("two tensors of a file cannot be named \(name)")
      }
      let start = payload.count
      payload.append(contentsOf: try tensor.bytes())
      header[name] = ["dtype": label, "shape": tensor.shape, "data_offsets": [start, payload.count]] as [String: Any]
    }
    var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
    // The payload starts at a multiple of eight.
    while json.count % 8 != 0 { json.append(0x20) }
    var file = Data()
    withUnsafeBytes(of: UInt64(json.count).littleEndian) { file.append(contentsOf: $0) }
    file.append(json)
    file.append(payload)
    return file
  }

  /// The tensors and the metadata of a file.
  ///
  /// - Throws: `BasinError` naming the file and the tensor where anything does not fit.
  public static func read(_ path: String) throws -> (tensors: [String: Tensor], metadata: [String: String]) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw BasinError.missing("cannot be read", file: path, advice: "Check the path")
    }
    return try decode(data, file: path)
  }

  /// As ``read(_:)``, of bytes that are there already; `file` is for messages.
  public static func decode(_ data: Data, file: String) throws -> (tensors: [String: Tensor], metadata: [String: String]) {
    func bad(_ message: String, _ place: String? = nil) -> BasinError {
      .badData(message, file: file, place: place, advice: "The file is damaged or not in the safetensors format")
    }
    guard data.count >= 8 else { throw bad("\(data.count) bytes are too few for a header") }
    let length = data.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
    guard length <= UInt64(data.count - 8) else {
      throw bad("the header should have \(length) bytes, the file has \(data.count)", "byte 0")
    }
    let start = data.startIndex + 8
    let body = start + Int(length)
    guard let header = try? JSONSerialization.jsonObject(with: data[start..<body]) as? [String: Any] else {
      throw bad("the header is not JSON", "byte 8")
    }
    let size = data.endIndex - body
    var pending: [(name: String, shape: [Int], dtype: DType, part: Data)] = []
    var parts: [Range<Int>] = []
    for (name, value) in header where name != "__metadata__" {
      let place = "tensor \"\(name)\""
      guard let entry = value as? [String: Any], let label = entry["dtype"] as? String,
        let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int], offsets.count == 2
      else { throw bad("dtype, shape or data_offsets is missing", place) }
      guard let dtype = names.first(where: { $0.1 == label })?.0 else {
        throw BasinError.badData(
          "unknown dtype \(label)", file: file, place: place,
          advice: "Basin reads \(names.map(\.1).sorted().joined(separator: ", ")); save the tensor as one of these")
      }
      guard let bytes = Tensor.byteCount(shape, dtype) else { throw bad("impossible shape \(shape)", place) }
      guard offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= size, offsets[1] - offsets[0] == bytes else {
        throw bad("bytes \(offsets[0])..<\(offsets[1]) do not hold \(shape) of \(label) (\(size) bytes of data)", place)
      }
      let part = data[(body + offsets[0])..<(body + offsets[1])]
      guard dtype != .bool || part.allSatisfy({ $0 <= 1 }) else { throw bad("a BOOL is neither 0 nor 1", place) }
      parts.append(offsets[0]..<offsets[1])
      pending.append((name, shape, dtype, part))
    }
    // The format wants every byte to belong to one tensor. Checked before anything is copied: many tensors over the same
    // bytes would let a small file ask for a lot of memory.
    var end = 0
    for part in parts.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      guard part.lowerBound == end else { throw bad("tensors overlap or leave a gap", "byte \(end) of the data") }
      end = part.upperBound
    }
    guard end == size else { throw bad("\(size - end) bytes of data belong to no tensor", "byte \(end) of the data") }
    var tensors: [String: Tensor] = [:]
    for (name, shape, dtype, part) in pending {
      tensors[name] = try part.withUnsafeBytes { try Tensor(bytes: $0, shape: shape, dtype: dtype) }
    }
    return (tensors, header["__metadata__"] as? [String: String] ?? [:])
  }
}
