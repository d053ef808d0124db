import Foundation
import PluginAPI

/// When the pictures of folders, tars and shards are decoded.
public enum PictureDecoding: String, CaseIterable, Sendable {
  /// When they are loaded: each once, at the cost of memory.
  case memory
  /// In every batch that has them: memory holds the files' bytes, of folders only their paths.
  case batch
  /// `memory` where the decoded pictures take at most 1 GiB.
  case auto

  /// Whether `bytes` of decoded pictures are better not kept.
  func keepsEncoded(_ bytes: Int) -> Bool {
    switch self {
    case .memory: false
    case .batch: true
    case .auto: bytes > 1 << 30
    }
  }
}

/// Bytes that stay where they are, so that a kernel can be told their address.
public final class PictureBytes: Sendable {
  // Written before anybody else sees it.
  nonisolated(unsafe) private let memory: UnsafeMutableBufferPointer<UInt8>
  public let count: Int

  init(_ bytes: some Collection<UInt8>) {
    count = bytes.count
    memory = .allocate(capacity: max(count, 1))
    _ = memory.initialize(from: bytes)
  }

  deinit { memory.deallocate() }

  var address: UnsafePointer<UInt8>? { UnsafePointer(memory.baseAddress) }
  var array: [UInt8] { Array(memory[..<count]) }
}

/// A JPEG or PNG picture of a folder or an archive.
public struct StoredPicture: Sendable {
  enum Content: Sendable {
    /// To be read from the folder when it is needed.
    case file
    /// As the file has it.
    case encoded(PictureBytes)
    /// [height, width, 3].
    case decoded(PictureBytes)
  }

  /// The folder or archive it comes from.
  public let source: String
  /// Relative to the folder or inside the archive.
  public let path: String
  var content: Content
  /// As the header says, upright; 0x0 until ``measured(_:threads:)``.
  public internal(set) var size = PictureSize(height: 0, width: 0)

  init(source: String, path: String, bytes: [UInt8]?) {
    self.source = source
    self.path = path
    content = bytes.map { .encoded(PictureBytes($0)) } ?? .file
  }

  /// The side of pictures where sizes are mixed and none is asked for.
  static let defaultSide = 32

  var file: String { source + "/" + path }

  private func encoded() throws -> [UInt8] {
    if case .encoded(let bytes) = content { return bytes.array }
    guard let data = FileManager.default.contents(atPath: file) else {
      throw BasinError(.inputOutput, "cannot read the picture", file: file, advice: "Check the permissions")
    }
    return [UInt8](data)
  }

  /// The size that the header states: of files the first bytes are read, and the rest only where they do not tell.
  private func headerSize() throws -> PictureSize {
    if case .file = content, let handle = FileHandle(forReadingAtPath: file) {
      defer { try? handle.close() }
      if let start = try? handle.read(upToCount: 1 << 16),
        let size = try? PictureDecoder.size(of: [UInt8](start), file: source, place: path)
      {
        return size
      }
    }
    return try PictureDecoder.size(of: encoded(), file: source, place: path)
  }

  /// The pictures with their sizes.
  ///
  /// - Throws: `BasinError` of kind `badData` for the first file that is no picture.
  static func measured(_ pictures: [StoredPicture], threads: Int) throws -> [StoredPicture] {
    var pictures = pictures
    try pictures.withUnsafeMutableBufferPointer { pictures in
      let slots = ConcurrentSlots(pictures)
      try PictureDecoder.concurrently(slots.buffer.count, threads: threads) { index in
        slots.buffer[index].size = try slots.buffer[index].headerSize()
      }
    }
    return pictures
  }

  /// The size of all pictures, or 32x32 where they differ; of measured ones.
  static func commonSize(_ pictures: [StoredPicture]) -> PictureSize {
    let mixed = PictureSize(height: defaultSide, width: defaultSide)
    guard let first = pictures.first?.size else { return mixed }
    return pictures.allSatisfy { $0.size == first } ? first : mixed
  }

  /// The pictures decoded, each in its size.
  static func decoded(_ pictures: [StoredPicture], threads: Int) throws -> [StoredPicture] {
    var pictures = pictures
    try pictures.withUnsafeMutableBufferPointer { pictures in
      let slots = ConcurrentSlots(pictures)
      try PictureDecoder.concurrently(slots.buffer.count, threads: threads) { index in
        let picture = slots.buffer[index]
        let decoded = try PictureDecoder.decode(picture.encoded(), file: picture.source, place: picture.path)
        slots.buffer[index].content = .decoded(PictureBytes(decoded.pixels))
      }
    }
    return pictures
  }

  /// All pictures as RGB of one size, [count, height, width, 3].
  static func pixels(_ pictures: [StoredPicture], scaledTo size: PictureSize, threads: Int) throws -> [UInt8] {
    let stride = size.height * size.width * 3
    let (total, overflow) = stride.multipliedReportingOverflow(by: pictures.count)
    guard !overflow, total <= 1 << 35 else {
      throw BasinError.usage(
        "\(pictures.count) pictures of \(size) do not fit into memory",
        advice: "Ask for a smaller picture size, or for decode=batch")
    }
    var pixels = [UInt8](repeating: 0, count: total)
    try pixels.withUnsafeMutableBufferPointer { pixels in
      let pixels = ConcurrentSlots(pixels)
      try PictureDecoder.concurrently(pictures.count, threads: threads) { index in
        let picture = pictures[index]
        let decoded = try PictureDecoder.decode(picture.encoded(), to: size, file: picture.source, place: picture.path)
        _ = UnsafeMutableBufferPointer(rebasing: pixels.buffer[(index * stride)..<((index + 1) * stride)])
          .update(from: decoded.pixels)
      }
    }
    return pixels
  }
}

/// How the pictures of a folder, tar or shards are kept.
public struct PictureStorage: Sendable {
  /// The side of the square pictures wanted; nil: that of the pictures where it is the same for all, else 32.
  public var side: Int?
  public var decoding: PictureDecoding
  /// Whether pictures keep the size they have, so that crops are cut out of all their pixels; else they are scaled to cover the
  /// square, and the middle is cut out.
  public var keepsSizes: Bool
  /// How many threads decode.
  public var threads: Int

  public init(side: Int? = nil, decoding: PictureDecoding = .memory, keepsSizes: Bool = false, threads: Int = 2) {
    self.side = side
    self.decoding = decoding
    self.keepsSizes = keepsSizes
    self.threads = threads
  }

  /// One set for each list of pictures.
  ///
  /// - Throws: `BasinError` of kind `badData` for a damaged picture, where pictures stay encoded for one with a damaged header.
  func sets<Key: Hashable>(
    _ pictures: [Key: (pictures: [StoredPicture], labels: [Int32])], classNames: [String], file: String
  ) throws -> [Key: PictureSet] {
    var lists = pictures
    var size = side.map { PictureSize(height: $0, width: $0) }
    let count = pictures.values.reduce(0) { $0 + $1.pictures.count }
    var needsHeaders = size == nil || keepsSizes || decoding == .batch
    // Scaled pictures take what the size says; only where that is too much headers are read.
    if !needsHeaders, let size { needsHeaders = decoding.keepsEncoded(size.height * size.width * 3 * count) }
    if needsHeaders {
      lists = try lists.mapValues { (try StoredPicture.measured($0.pictures, threads: threads), $0.labels) }
    }
    let all = lists.values.flatMap(\.pictures)
    let wanted = size ?? StoredPicture.commonSize(all)
    size = wanted
    let bytes = keepsSizes
      ? all.reduce(0) { $0 + $1.size.height * $1.size.width * 3 } : wanted.height * wanted.width * 3 * count
    let keepsEncoded = decoding.keepsEncoded(bytes)
    guard keepsEncoded || bytes <= 1 << 35 else {
      throw BasinError.usage("\(count) decoded pictures take \(bytes >> 30) GiB", advice: "Ask for decode=batch")
    }
    return try lists.mapValues { own in
      if !keepsEncoded, !keepsSizes {
        return try PictureSet(
          pixels: StoredPicture.pixels(own.pictures, scaledTo: wanted, threads: threads), labels: own.labels,
          classNames: classNames, height: wanted.height, width: wanted.width, channels: 3, file: file)
      }
      return try PictureSet(
        stored: keepsEncoded ? own.pictures : StoredPicture.decoded(own.pictures, threads: threads), labels: own.labels,
        classNames: classNames, size: wanted, file: file)
    }
  }
}
