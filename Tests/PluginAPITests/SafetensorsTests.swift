import Foundation
import PluginAPI
import Testing

struct SafetensorsTests {
  private func file(header: String, payload: [UInt8]) -> Data {
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    return data + Data(header.utf8) + Data(payload)
  }

  /// Decodes; damage may give a `BasinError` of bad data and nothing else.
  private func decode(_ data: Data, _ what: @autoclosure () -> String) -> [String: Tensor]? {
    do {
      return try Safetensors.decode(data, file: "weights").tensors
    } catch let error as BasinError {
      #expect(error.kind == .badData && error.file == "weights" && error.advice != nil, "\(what())")
    } catch {
      Issue.record("\(what()): \(error)")
    }
    return nil
  }

  private func small() throws -> Data {
    try Safetensors.encode(
      [
        ("layer.weight", Tensor([Float(1), 2, 3, 4, 5, 6], shape: [2, 3])), ("layer.count", Tensor(scalar: Int64(9))),
        ("flags", Tensor([true, false])),
      ], metadata: ["step": "12"])
  }

  @Test func everyDTypeComesBack() throws {
    var tensors = try DType.allCases.map { dtype -> (name: String, tensor: Tensor) in
      (name: "tensor.\(dtype)", tensor: try Tensor([0.0, 1, 0, 1, 1, 0], shape: [3, 2]).to(dtype))
    }
    tensors.append((name: "empty", tensor: try Tensor.zeros([0, 3])))
    tensors.append((name: "é \"quoted\" / 名", tensor: try Tensor(scalar: -0.5)))
    tensors.append((name: "picture", tensor: try TestNumbers.tensor([2, 3, 4, 5], seed: 1).channelsLast()))
    let metadata = ["format": "pt", "名": "é\n\"x\""]
    let data = try Safetensors.encode(tensors, metadata: metadata)
    let found = try Safetensors.decode(data, file: "weights")
    #expect(found.metadata == metadata)
    #expect(found.tensors.count == tensors.count)
    for (name, tensor) in tensors {
      let other = try #require(found.tensors[name])
      #expect(other.dtype == tensor.dtype && other.shape == tensor.shape, "\(name)")
      #expect(try other.bytes() == tensor.bytes(), "\(name)")
    }
    #expect(try Safetensors.encode(tensors, metadata: metadata) == data, "the same tensors give the same bytes")
    #expect(try Safetensors.decode(Safetensors.encode([]), file: "none").tensors.isEmpty)
  }

  @Test func aFileWrittenByHandIsRead() throws {
    let header =
      #"{"__metadata__":{"a":"b"},"y":{"dtype":"I16","shape":[2],"data_offsets":[4,8]},"#
      + #""x":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  "#
    let found = try Safetensors.decode(
      file(header: header, payload: [0, 0, 0x20, 0xC0, 1, 0, 0xFF, 0xFF]), file: "hand")
    #expect(try found.tensors["x"]?.item() == -2.5)
    #expect(try found.tensors["y"]?.values(Int16.self) == [1, -1])
    #expect(found.metadata == ["a": "b"])
    // A part of a larger `Data` does not start at index 0.
    let whole = Data([9, 9, 9]) + file(header: header, payload: [0, 0, 0x20, 0xC0, 1, 0, 0xFF, 0xFF])
    #expect(try Safetensors.decode(whole.dropFirst(3), file: "hand").tensors["x"]?.item() == -2.5)
  }

  @Test func filesAreReadFromDisk() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("basin-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: path) }
    try small().write(to: path)
    #expect(try Safetensors.read(path.path).metadata == ["step": "12"])
    let error = #expect(throws: BasinError.self) { _ = try Safetensors.read(path.path + "-absent") }
    #expect(error?.kind == .missingInput && error?.file == path.path + "-absent")
  }

  @Test func everyTruncationIsAnError() throws {
    let data = try small()
    for length in 0..<data.count { #expect(decode(data.prefix(length), "first \(length) bytes") == nil, "\(length)") }
    #expect(decode(data + [0], "a byte too many") == nil)
  }

  @Test func flippedBytesNeverCrash() throws {
    let data = try small()
    var source = SplitMix(seed: 31)
    var refused = 0
    for trial in 0..<3000 {
      var damaged = data
      for _ in 0..<(1 + source.below(3)) { damaged[source.below(data.count)] = UInt8(source.below(256)) }
      guard let tensors = decode(damaged, "trial \(trial)") else {
        refused += 1
        continue
      }
      for tensor in tensors.values { #expect(try tensor.bytes().count == tensor.count * tensor.dtype.size) }
    }
    #expect(refused > 1000)
  }

  @Test(arguments: [
    #"{"x":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[0,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,0],"data_offsets":[0,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[1e400],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":"2","data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[-9223372036854775808,9223372036854775807]}}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}"#,
    #"{"x":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}"#,
    #"{"x":{"shape":[2],"data_offsets":[0,8]}}"#,
    #"{"x":[1,2]}"#, #"{"x":null}"#, #"[1,2]"#, #""text""#, "7", "", "{", "\u{0}\u{0}",
    #"{"x":{"dtype":"BOOL","shape":[8],"data_offsets":[0,8]}}"#,
  ]) func impossibleHeadersAreErrors(_ header: String) {
    #expect(decode(file(header: header, payload: [2, 0, 0, 0, 0, 0, 0, 0]), header) == nil)
  }

  @Test func manyTensorsOverTheSameBytesAreRefused() {
    let entries = (0..<500).map { #""t\#($0)":{"dtype":"U8","shape":[1000],"data_offsets":[0,1000]}"# }
    let data = file(header: "{\(entries.joined(separator: ","))}", payload: [UInt8](repeating: 1, count: 1000))
    #expect(decode(data, "overlapping") == nil)
  }

  @Test func headersThatAreNotTextAreErrors() {
    var length = Data()
    withUnsafeBytes(of: UInt64(4).littleEndian) { length.append(contentsOf: $0) }
    #expect(decode(length + [0xFF, 0xFE, 0x80, 0x22], "no UTF-8") == nil)
    for bytes in [UInt64.max, UInt64(Int64.max), 1 << 40] {
      var huge = Data()
      withUnsafeBytes(of: bytes.littleEndian) { huge.append(contentsOf: $0) }
      #expect(decode(huge + Data("{}".utf8), "length \(bytes)") == nil)
    }
    let deep = String(repeating: "[", count: 100_000)
    #expect(decode(file(header: #"{"x":"# + deep, payload: []), "deep") == nil)
  }

  @Test func namesThatCannotBeToldApartAreRefused() throws {
    let tensor = try Tensor([Float(1)])
    #expect(throws: BasinError.self) { _ = try Safetensors.encode([("a", tensor), ("a", tensor)]) }
    #expect(throws: BasinError.self) { _ = try Safetensors.encode([("__metadata__", tensor)]) }
  }
}
