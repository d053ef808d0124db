import Foundation
import Testing

/// A safetensors file, read without any of Basin's code: eight bytes of header length, a JSON header, the data.
struct TensorFile {
  struct Entry: Equatable {
    let type: String
    let shape: [Int]
    let bytes: Data
  }

  private(set) var tensors: [String: Entry] = [:]
  private(set) var metadata: [String: String] = [:]

  init(_ data: Data) throws {
    let data = [UInt8](data)
    try #require(data.count > 8)
    let length = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
    try #require(length > 0 && 8 + length <= data.count)
    let header = try #require(Document(Data(data[8..<8 + length])))
    var total = 0
    for name in try #require(header.keys).sorted() {
      let entry = try #require(header[name])
      if name == "__metadata__" {
        for key in try #require(entry.keys) { metadata[key] = entry[key]?.text }
        continue
      }
      let offsets = try #require(entry["data_offsets"]).items.compactMap(\.integer)
      try #require(offsets.count == 2 && offsets[0] <= offsets[1] && 8 + length + offsets[1] <= data.count)
      total += offsets[1] - offsets[0]
      tensors[name] = Entry(
        type: try #require(entry["dtype"]?.text), shape: try #require(entry["shape"]).items.compactMap(\.integer),
        bytes: Data(data[(8 + length + offsets[0])..<(8 + length + offsets[1])]))
    }
    // The tensors fill the file, without a gap.
    try #require(8 + length + total == data.count)
  }
}
