import LibTorchTable

/// An n-dimensional array on a device, with gradients where they are asked for.
///
/// A value of this type is a reference to memory: copies share it, as in PyTorch; operations give new tensors unless their
/// name says otherwise (`copy(from:)`, `fill`). Operations throw ``TensorError``; one `try` covers an expression:
///
///     let y = try relu(x.matmul(weight) + bias)
public struct Tensor: @unchecked Sendable {
  private final class Handle {
    let raw: BasinTensor
    init(_ raw: BasinTensor) { self.raw = raw }
    deinit { if case .success(let table) = LibTorch.table { table.release(raw) } }
  }

  private let handle: Handle

  init(owning raw: BasinTensor) { handle = Handle(raw) }

  /// Valid as long as this tensor is: use it under `withExtendedLifetime`.
  var raw: BasinTensor { handle.raw }

  static func made(_ operation: String, _ body: (BasinTable, inout BasinTensor?) -> Int32) throws -> Tensor {
    var result: BasinTensor?
    try LibTorch.check(body(LibTorch.table.get(), &result), operation)
    guard let result else { throw TensorError(operation: operation, shapes: [], message: "no tensor came back") }
    return Tensor(owning: result)
  }

  // MARK: Making

  /// A tensor of the given shape holding `values` in row-major order.
  public init<T: TensorElement>(_ values: [T], shape: [Int], device: Device = .cpu) throws {
    self = try values.withUnsafeBytes { bytes in
      try Self(bytes: bytes, shape: shape, dtype: T.dtype, device: device)
    }
  }

  /// A vector.
  public init<T: TensorElement>(_ values: [T]) throws { try self.init(values, shape: [values.count]) }

  /// A tensor of one element and no dimension.
  public init<T: TensorElement>(scalar value: T) throws { try self.init([value], shape: []) }

  /// A tensor with a copy of `bytes`, elements in row-major order.
  public init(bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, device: Device = .cpu) throws {
    let expected = Self.byteCount(shape, dtype)
    guard let expected, bytes.count == expected else {
      let needed = expected.map { "needs \($0) bytes" } ?? "is no shape of a tensor"
      throw TensorError(operation: "Tensor.init", shapes: [shape], message: "\(needed), got \(bytes.count)")
    }
    guard bytes.count > 0, let start = bytes.baseAddress else {
      self = try Tensor.empty(shape, dtype, device: device)
      return
    }
    self = try Tensor.made("Tensor.init") { table, result in
      table.create(start, bytes.count, shape.map(Int64.init), Int32(shape.count), dtype.rawValue, device.code, &result)
    }
  }

  /// The bytes a tensor of that shape takes; nil for a negative extent or a product that overflows. Zero extents count as
  /// one on the way, since strides are products of the others.
  static func byteCount(_ shape: [Int], _ dtype: DType) -> Int? {
    var bytes = dtype.size
    for extent in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: Swift.max(extent, 1))
      guard extent >= 0, !overflow else { return nil }
      bytes = product
    }
    return shape.contains(0) ? 0 : bytes
  }

  /// Uninitialised memory.
  public static func empty(_ shape: [Int], _ dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    try made("empty") { table, result in
      table.create(nil, 0, shape.map(Int64.init), Int32(shape.count), dtype.rawValue, device.code, &result)
    }
  }

  /// Uninitialised memory for pictures `[N, C, H, W]`, channels last: element (n, c, h, w) lies at ((n H + h) W + w) C + c.
  public static func emptyChannelsLast(_ shape: [Int], _ dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    guard shape.count == 4 else {
      throw TensorError(operation: "emptyChannelsLast", shapes: [shape], message: "needs four dimensions")
    }
    return try made("emptyChannelsLast") { table, result in
      table.createChannelsLast(shape.map(Int64.init), dtype.rawValue, device.code, &result)
    }
  }

  /// The same value everywhere.
  public static func full(_ shape: [Int], _ value: Double, _ dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    let tensor = try empty(shape, dtype, device: device)
    try tensor.fill(value)
    return tensor
  }

  /// 0 everywhere.
  public static func zeros(_ shape: [Int], _ dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    try full(shape, 0, dtype, device: device)
  }

  /// 1 everywhere.
  public static func ones(_ shape: [Int], _ dtype: DType = .float32, device: Device = .cpu) throws -> Tensor {
    try full(shape, 1, dtype, device: device)
  }

  // MARK: Looking

  private var info: BasinTensorInfo {
    var info = BasinTensorInfo()
    if case .success(let table) = LibTorch.table { table.info(handle.raw, &info) }
    return info
  }

  /// The extents; empty for a single number.
  public var shape: [Int] {
    withExtendedLifetime(handle) {
      let info = info
      return (0..<Int(info.dimensions)).map { Int(info.sizes[$0]) }
    }
  }

  /// How many extents there are.
  public var dimensions: Int { withExtendedLifetime(handle) { Int(info.dimensions) } }
  /// Elements, the product of the extents.
  public var count: Int { withExtendedLifetime(handle) { Int(info.elements) } }
  /// The type of its elements.
  public var dtype: DType { withExtendedLifetime(handle) { DType(rawValue: info.dtype) ?? .float32 } }
  /// Where its memory is.
  public var device: Device { withExtendedLifetime(handle) { Device(code: info.device) } }
  /// Whether operations with it are recorded.
  public var requiresGradient: Bool { withExtendedLifetime(handle) { info.requiresGradient != 0 } }
  /// Whether its memory is dense and in row-major order.
  public var isContiguous: Bool { withExtendedLifetime(handle) { info.contiguous != 0 } }

  /// Whether this is an `[N, C, H, W]` tensor whose memory is channels last and dense.
  public var isChannelsLast: Bool { withExtendedLifetime(handle) { info.channelsLast != 0 } }

  /// Whether both are the same tensor (not: equal elements).
  public func isIdentical(to other: Tensor) -> Bool { handle.raw == other.handle.raw }

  /// The elements in row-major order.
  ///
  /// - Throws: `TensorError` where the element type is another one.
  public func values<T: TensorElement>(_ type: T.Type = T.self) throws -> [T] {
    guard dtype == T.dtype else {
      throw TensorError(operation: "values", shapes: [shape], message: "holds \(dtype), asked for \(T.dtype)")
    }
    let bytes = count * MemoryLayout<T>.stride
    let table = try LibTorch.table.get()
    return try [T](unsafeUninitializedCapacity: count) { buffer, initialized in
      try LibTorch.check(table.copyOut(handle.raw, buffer.baseAddress, bytes), "values", [self])
      initialized = count
    }
  }

  /// The memory of the elements in row-major order, copied.
  public func bytes() throws -> [UInt8] {
    let bytes = count * dtype.size
    let table = try LibTorch.table.get()
    return try [UInt8](unsafeUninitializedCapacity: bytes) { buffer, initialized in
      try LibTorch.check(table.copyOut(handle.raw, buffer.baseAddress, bytes), "bytes", [self])
      initialized = bytes
    }
  }

  /// The one element.
  public func item() throws -> Double {
    var value = 0.0
    try withExtendedLifetime(handle) {
      try LibTorch.check(LibTorch.table.get().itemDouble(handle.raw, &value), "item", [self])
    }
    return value
  }

  /// The memory itself: for kernels over raw pointers.
  ///
  /// - Parameter layout: what the kernel relies on; another layout, a device that is not the CPU, or another element type is
  ///   an error.
  public func withMemory<T: TensorElement, R>(
    of type: T.Type, layout: Layout = .rowMajor, _ body: (UnsafeMutablePointer<T>) throws -> R
  ) throws -> R {
    try withExtendedLifetime(handle) {
      let info = info
      let fits = layout == .rowMajor ? info.contiguous != 0 : info.channelsLast != 0
      // LibTorch gives no address for a tensor without elements; kernels get one that they never follow.
      let nowhere = info.elements == 0 && info.device == 0 ? UnsafeMutableRawPointer(bitPattern: 64) : nil
      guard DType(rawValue: info.dtype) == T.dtype, fits, let data = info.data ?? nowhere else {
        throw TensorError(
          operation: "withMemory", shapes: [shape],
          message: "needs \(layout) \(T.dtype) memory on the CPU, has \(dtype) on \(device)")
      }
      return try body(data.assumingMemoryBound(to: T.self))
    }
  }

  /// The memory of a dense float32 tensor on the CPU, valid as long as the tensor is; nil for any other.
  var denseFloats: (memory: UnsafeMutablePointer<Float>, count: Int, layout: Layout)? {
    let info = info
    guard info.dtype == DType.float32.rawValue, let data = info.data, info.contiguous != 0 || info.channelsLast != 0 else {
      return nil
    }
    return (data.assumingMemoryBound(to: Float.self), Int(info.elements), info.contiguous != 0 ? .rowMajor : .channelsLast)
  }

  /// The order of elements in memory.
  public enum Layout: Sendable { case rowMajor, channelsLast }

  /// The same elements, dense and channels last (`[N, C, H, W]` only).
  public func channelsLast() throws -> Tensor {
    try Tensor.made("channelsLast") { table, result in table.contiguousChannelsLast(handle.raw, &result) }
  }
}
