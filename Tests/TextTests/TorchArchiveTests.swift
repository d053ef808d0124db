import Foundation
import PluginAPI
import Testing
import Text

/// Files of `torch.save`: read by a safe subset, everything else refused.
@Suite("PyTorch's files")
struct TorchArchiveTests {
  /// A zip without compression, as PyTorch writes it: members below one folder.
  static func zip(_ members: [(String, [UInt8])], method: UInt16 = 0) -> [UInt8] {
    func le<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    var file: [UInt8] = [], directory: [UInt8] = []
    for (name, content) in members {
      let path = Array("archive/\(name)".utf8)
      var common: [UInt8] = [0, 0] + le(method) + [0, 0, 0, 0]
      common += le(crc32(content))
      common += le(UInt32(content.count))
      common += le(UInt32(content.count))
      common += le(UInt16(path.count))
      common += [0, 0]
      directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0]
      directory += common
      directory += [UInt8](repeating: 0, count: 10)
      directory += le(UInt32(file.count))
      directory += path
      file += [0x50, 0x4B, 3, 4, 20, 0]
      file += common
      file += path
      file += content
    }
    let start = UInt32(file.count)
    var end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
    end += le(UInt16(members.count))
    end += le(UInt16(members.count))
    end += le(UInt32(directory.count))
    end += le(start)
    end += [0, 0]
    return file + directory + end
  }

  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  /// The failure of a DistilBERT checkpoint with this file in place of its weights.
  static func failure(_ bytes: [UInt8]) throws -> BasinError? {
    try CheckpointTests.withCopy("distilbert") { folder in
      try ReaderTestData.write(bytes, to: folder + "/pytorch_model.bin")
      return CheckpointTests.failure("distilbert", folder)
    }
  }

  static func failure(pickle: [UInt8], _ others: [(String, [UInt8])] = []) throws -> BasinError? {
    try failure(zip([("data.pkl", pickle)] + others))
  }

  static func stored() throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: PretrainedFixture.checkpoint("distilbert") + "/pytorch_model.bin")))
  }

  // MARK: What is asked for

  @Test(arguments: [
    ("os", "system"), ("builtins", "eval"), ("builtins", "getattr"), ("torch", "load"), ("torch.storage", "_load_from_bytes"),
    ("numpy.core.multiarray", "_reconstruct"), ("scipy.sparse", "csr_matrix"), ("torch", "Tensor"), ("posix", "system"),
  ])
  func whatIsNoTensorIsRefusedByName(module: String, name: String) throws {
    // cos\nsystem\n(S'true'\ntR.
    let call = Array("c\(module)\n\(name)\n(S'true'\ntR.".utf8)
    let error = try #require(try Self.failure(pickle: call))
    #expect(error.kind == .badData && error.message.contains("\(module).\(name)"), "\(error)")
    #expect(error.place == "byte 0" && error.file?.hasSuffix("pytorch_model.bin, data.pkl") == true)
    // By opcode 0x93 too.
    var stacked: [UInt8] = [0x80, 4]
    for part in [module, name] { stacked += [0x8C, UInt8(part.utf8.count)] + Array(part.utf8) }
    stacked += [0x93, UInt8(ascii: ".")]
    #expect(try Self.failure(pickle: stacked)?.message.contains("\(module).\(name)") == true)
  }

  @Test func otherPrograms() throws {
    func message(_ text: String) throws -> String {
      let error = try #require(try Self.failure(pickle: Array(text.utf8)))
      #expect(error.kind == .badData, "\(error)")
      return error.message
    }
    // A storage that is called, an OrderedDict with arguments, an object by INST, a number in place of a dictionary.
    #expect(try message("ctorch\nFloatStorage\n)R.").contains("calls a class"))
    #expect(try message("ccollections\nOrderedDict\n((lp0\ntR.").contains("without arguments"))
    #expect(try message("(ios\nsystem\n.").contains("INST"))
    #expect(try message("I5\n.").contains("no dictionary"))
    #expect(try message("(S'key'\nI5\nd.").contains("name is no text"))
    #expect(try message("(Vkey\nI5\nd.").contains("'key' is no tensor"))
    #expect(try message("(Vkey\nPid\nd.").contains("PERSID"))
    #expect(try message("(I1\nI2\nI3\nI4\nI5\ntQ.").contains("storage"))
    #expect(try message("}").contains("ends before"))
  }

  /// The pickle of one tensor `w` of four numbers in storage 0.
  static func tensor(
    shape: [Int], strides: [Int], offset: Int = 0, count: Int = 4, type: String = "FloatStorage"
  ) -> [UInt8] {
    func tuple(_ items: [Int]) -> String { "(" + items.map { "I\($0)\n" }.joined() + "t" }
    let storage = "(Vstorage\nctorch\n\(type)\nV0\nVcpu\nI\(count)\ntQ"
    return Array(
      "(Vw\nctorch._utils\n_rebuild_tensor_v2\n(\(storage)I\(offset)\n\(tuple(shape))\(tuple(strides))I00\nccollections\nOrderedDict\n)RtRd.".utf8)
  }

  @Test func tensorsOutsideOfTheirStorage() throws {
    let bytes = [UInt8](repeating: 0, count: 16)
    func message(_ pickle: [UInt8], _ content: [UInt8]) throws -> String {
      try #require(try Self.failure(pickle: pickle, [("data/0", content)])).message
    }
    for pickle in [
      Self.tensor(shape: [5], strides: [1]), Self.tensor(shape: [4], strides: [1], offset: 1),
      Self.tensor(shape: [2, 2], strides: [3, 1]), Self.tensor(shape: [1 << 40, 1 << 40], strides: [0, 0]),
      Self.tensor(shape: [100], strides: [0]), Self.tensor(shape: [2], strides: [Int.max]),
    ] {
      #expect(try message(pickle, bytes).contains("does not lie within its storage"))
    }
    #expect(try message(Self.tensor(shape: [2], strides: [-1], offset: 3), bytes).contains("damaged"))
    #expect(try message(Self.tensor(shape: [2], strides: [1], offset: -1), bytes).contains("damaged"))
    #expect(try message(Self.tensor(shape: [2], strides: [1, 1]), bytes).contains("damaged"))
    #expect(try message(Self.tensor(shape: [4], strides: [1], count: 5), bytes).contains("16 bytes"))
    #expect(try message(Self.tensor(shape: [4], strides: [1]), Array(bytes.dropLast())).contains("15 bytes"))
    // Whole, so that only the names do not fit.
    #expect(try message(Self.tensor(shape: [2, 2], strides: [1, 2]), bytes).contains("that the model lacks: w"))
    #expect(try message(Self.tensor(shape: [0, 3], strides: [3, 1]), bytes).contains("that the model lacks: w"))
    let absent = try #require(try Self.failure(pickle: Self.tensor(shape: [4], strides: [1])))
    #expect(absent.message.contains("lacks member data/0"))
  }

  /// As training scripts save them: the tensors under a key, beside it what is no tensor.
  @Test func tensorsUnderAKey() throws {
    let tensors = String(decoding: Self.tensor(shape: [4], strides: [1]).dropLast(), as: UTF8.self)
    let beside = ["Vepoch\nI3\n", "Voptimizer\n(Vlr\nI1\nd"]
    for key in ["state_dict", "model"] {
      for items in [["V\(key)\n" + tensors] + beside, beside + ["V\(key)\n" + tensors]] {
        let error = try #require(try Self.failure(pickle: Array("(\(items.joined())d.".utf8), [("data/0", [UInt8](repeating: 0, count: 16))]))
        #expect(error.message.contains("that the model lacks: w"), "\(error)")
      }
    }
    #expect(try Self.failure(pickle: Array("(\(beside.joined())d.".utf8))?.message.contains("'epoch' is no tensor") == true)
  }

  // MARK: The file

  @Test func filesThatAreNoArchive() throws {
    #expect(try Self.failure([])?.message.contains("no file of PyTorch") == true)
    #expect(try Self.failure(Array("hello".utf8))?.message.contains("no file of PyTorch") == true)
    let old = try #require(try Self.failure([0x80, 2, 0x8A, 10]))
    #expect(old.message.contains("before version 1.6") && old.advice?.contains("safetensors") == true)
    #expect(try Self.failure(Self.zip([("version", [0x33])]))?.message.contains("no data.pkl") == true)
    let big = try Self.failure(Self.zip([("data.pkl", Self.tensor(shape: [4], strides: [1])), ("byteorder", Array("big".utf8))]))
    #expect(big?.message.contains("byte order 'big'") == true)
  }

  /// A file cut off at any place, and changed bytes: an error or the same weights, never a crash.
  @Test func damage() throws {
    let bytes = try Self.stored()
    try CheckpointTests.withCopy("distilbert") { folder in
      let path = folder + "/pytorch_model.bin"
      for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
        try ReaderTestData.write(Array(bytes[..<length]), to: path)
        #expect(CheckpointTests.failure("distilbert", folder)?.kind == .badData, "\(length)")
      }
      var random = TestRandom(state: 11)
      for _ in 0..<150 {
        var damaged = bytes
        for _ in 0..<1 + random.below(3) { damaged[random.below(bytes.count)] ^= UInt8(1 + random.below(255)) }
        try ReaderTestData.write(damaged, to: path)
        do { _ = try AnyPretrained.stored("distilbert", folder: folder) } catch is BasinError {}
      }
    }
  }
}
