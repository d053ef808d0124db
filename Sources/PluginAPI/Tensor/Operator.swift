import LibTorchTable

/// An operator of LibTorch by the name of its schema, such as `aten::conv2d`; looked up once, on first use.
///
/// Everything ATen offers is reachable this way, from a plug-in too:
///
///     static let cumsum = Operator("aten::cumsum")
///     let sums = try cumsum(.tensor(x), .int(0))
public struct Operator: Sendable {
  /// The name without `aten::`.
  public let name: String
  private let handle: Result<Handle, BasinError>

  private struct Handle: @unchecked Sendable { let raw: BasinOperator }

  /// Looks it up; an unknown name is an error of the first call.
  ///
  /// - Parameter overload: what stands behind the dot in the schema: `Tensor` of `aten::add.Tensor`.
  public init(_ name: String, _ overload: String = "") {
    self.name = name.hasPrefix("aten::") ? String(name.dropFirst(6)) : name
    handle = LibTorch.table.flatMap { table in
      var raw: BasinOperator?
      guard table.findOperator(name, overload, &raw) == 0, let raw else {
        return .failure(.internalError(LibTorch.lastMessage()))
      }
      return .success(Handle(raw: raw))
    }
  }

  /// An argument or a result. `defaulted` takes the schema's default; trailing arguments may simply be left out.
  public enum Value {
    /// An optional argument that is left out.
    case none
    case tensor(Tensor)
    case int(Int)
    case double(Double)
    case bool(Bool)
    case ints([Int])
    case doubles([Double])
    case bools([Bool])
    case tensors([Tensor])
    case optionalTensors([Tensor?])
    case string(String)
    case dtype(DType)
    case device(Device)
    /// The schema's default.
    case defaulted

    public static func tensor(_ tensor: Tensor?) -> Value { tensor.map { .tensor($0) } ?? .none }
  }

  /// Calls an operator that gives one tensor.
  public func callAsFunction(_ arguments: Value...) throws -> Tensor { try one(arguments) }

  /// Calls an operator for its effect on its arguments.
  public func run(_ arguments: Value...) throws { _ = try call(arguments) }

  /// Calls an operator that gives several tensors; absent ones are left out.
  public func many(_ arguments: Value...) throws -> [Tensor] {
    try call(arguments).compactMap { if case .tensor(let tensor) = $0 { tensor } else { nil } }
  }

  private func one(_ arguments: [Value]) throws -> Tensor {
    guard case .tensor(let tensor)? = try call(arguments).first else {
      throw TensorError(operation: name, shapes: Self.operands(arguments).map(\.shape), message: "gives no tensor")
    }
    return tensor
  }

  /// Calls it and gives all its results.
  ///
  /// - Throws: `TensorError` with the shapes and LibTorch's words.
  public func call(_ arguments: [Value]) throws -> [Value] {
    let table = try LibTorch.table.get()
    let handle = try handle.get()
    var store = ArgumentStore()
    store.reserve(for: arguments)
    let count = arguments.count
    return try withUnsafeTemporaryAllocation(of: BasinValue.self, capacity: count + Self.resultCapacity) { values in
      for (index, argument) in arguments.enumerated() {
        (values.baseAddress.unsafelyUnwrapped + index).initialize(to: store.convert(argument))
      }
      let results = values.baseAddress.unsafelyUnwrapped + count
      var resultCount: Int32 = 0
      let status = withExtendedLifetime((arguments, store)) {
        table.callOperator(
          handle.raw, values.baseAddress, Int32(count), results, Int32(Self.resultCapacity), &resultCount)
      }
      store.release()
      if status != 0 {
        throw TensorError(operation: name, shapes: Self.operands(arguments).map(\.shape), message: LibTorch.lastMessage())
      }
      let values = (0..<Int(resultCount)).map { Self.value(results[$0]) }
      Self.observer?.visit(name, arguments, values)
      return values
    }
  }

  // MARK: Watching

  private final class Observer: @unchecked Sendable {
    let visit: (String, [Value], [Value]) -> Void
    init(_ visit: @escaping (String, [Value], [Value]) -> Void) { self.visit = visit }
  }

  @TaskLocal private static var observer: Observer?

  /// Whether operators are watched: functions of their own kernels then leave them what an operator can do.
  static var isObserved: Bool { observer != nil }

  /// Runs `body`; `visit` sees the name, the arguments and the results of every operator that is called in it.
  public static func observing<R>(
    _ visit: @escaping (_ name: String, _ arguments: [Value], _ results: [Value]) -> Void, _ body: () throws -> R
  ) rethrows -> R {
    try $observer.withValue(Observer(visit), operation: body)
  }

  // Most results of one call (`split` into many parts, the foreach operators).
  private static let resultCapacity = 512

  private static func value(_ raw: BasinValue) -> Value {
    switch Int(raw.kind) {
    case BASIN_TENSOR: raw.as.tensor.map { .tensor(Tensor(owning: $0)) } ?? .none
    case BASIN_INT: .int(Int(raw.as.integer))
    case BASIN_DOUBLE: .double(raw.as.real)
    case BASIN_BOOL: .bool(raw.as.integer != 0)
    default: .none
    }
  }

  private static func operands(_ arguments: [Value]) -> [Tensor] {
    arguments.flatMap { argument -> [Tensor] in
      switch argument {
      case .tensor(let tensor): [tensor]
      case .tensors(let tensors): tensors
      case .optionalTensors(let tensors): tensors.compactMap { $0 }
      default: []
      }
    }
  }
}

extension BasinValue {
  init(_ kind: Int, count: Int = 0) {
    self.init()
    self.kind = Int32(kind)
    self.count = Int32(count)
  }
}

/// The memory behind list arguments during one call.
private struct ArgumentStore {
  private var blocks: [UnsafeMutableRawPointer] = []

  mutating func reserve(for arguments: [Operator.Value]) {}

  private mutating func copy<T: BitwiseCopyable>(_ items: [T]) -> UnsafePointer<T>? {
    guard !items.isEmpty else { return nil }
    let block = UnsafeMutablePointer<T>.allocate(capacity: items.count)
    block.initialize(from: items, count: items.count)
    blocks.append(UnsafeMutableRawPointer(block))
    return UnsafePointer(block)
  }

  mutating func convert(_ argument: Operator.Value) -> BasinValue {
    switch argument {
    case .none: return BasinValue(BASIN_NONE)
    case .defaulted: return BasinValue(BASIN_DEFAULT)
    case .tensor(let tensor):
      var value = BasinValue(BASIN_TENSOR)
      value.as.tensor = tensor.raw
      return value
    case .int(let integer): return Self.integer(BASIN_INT, Int64(integer))
    case .bool(let flag): return Self.integer(BASIN_BOOL, flag ? 1 : 0)
    case .dtype(let dtype): return Self.integer(BASIN_INT, Int64(dtype.rawValue))
    case .device(let device): return Self.integer(BASIN_DEVICE, Int64(device.code))
    case .double(let real):
      var value = BasinValue(BASIN_DOUBLE)
      value.as.real = real
      return value
    case .ints(let items):
      var value = BasinValue(BASIN_INTS, count: items.count)
      value.as.integers = copy(items.map(Int64.init))
      return value
    case .bools(let items):
      var value = BasinValue(BASIN_BOOLS, count: items.count)
      value.as.integers = copy(items.map { $0 ? Int64(1) : 0 })
      return value
    case .doubles(let items):
      var value = BasinValue(BASIN_DOUBLES, count: items.count)
      value.as.reals = copy(items)
      return value
    case .tensors(let items): return list(items.map { $0.raw })
    case .optionalTensors(let items): return list(items.map { $0?.raw })
    case .string(let text):
      var value = BasinValue(BASIN_STRING)
      value.as.text = copy(text.utf8CString.map { $0 })
      return value
    }
  }

  private mutating func list(_ handles: [BasinTensor?]) -> BasinValue {
    var value = BasinValue(BASIN_TENSORS, count: handles.count)
    value.as.tensors = copy(handles)
    return value
  }

  private static func integer(_ kind: Int, _ integer: Int64) -> BasinValue {
    var value = BasinValue(kind)
    value.as.integer = integer
    return value
  }

  mutating func release() {
    for block in blocks { block.deallocate() }
    blocks = []
  }
}
