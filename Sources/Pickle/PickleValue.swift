import PluginAPI

/// What a pickle of the safe subset can hold. Nothing here refers to a class of the program that wrote it.
public indirect enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  /// A Python 2 `str`, or `bytes`: for an array's contents this is memory, for a name it is ASCII.
  case bytes([UInt8])
  /// A Unicode string.
  case text(String)
  case list([PickleValue])
  case tuple([PickleValue])
  /// A `dict` or `defaultdict`, pairs in the order they were written; as in Python a later pair replaces an earlier one.
  case dictionary([(key: PickleValue, value: PickleValue)])
  /// A numpy array.
  case array(NumericArray)
  /// A scipy `csr_matrix`.
  case sparseMatrix(SparseMatrix)
  /// A PyTorch tensor.
  case tensor(StoredTensor)
}

/// A numpy array of one of five number types, in C order whatever the order and byte order of the file.
public struct NumericArray: Sendable, Equatable {
  /// The length of each axis.
  public var shape: [Int]
  /// All elements, the last axis running fastest.
  public var elements: Elements

  /// The elements in the type they were stored in.
  public enum Elements: Sendable, Equatable {
    case uint8([UInt8])
    case int32([Int32])
    case int64([Int64])
    case float32([Float])
    case float64([Double])

    public var count: Int {
      switch self {
      case .uint8(let values): values.count
      case .int32(let values): values.count
      case .int64(let values): values.count
      case .float32(let values): values.count
      case .float64(let values): values.count
      }
    }
  }

  public init(shape: [Int], elements: Elements) {
    self.shape = shape
    self.elements = elements
  }

  /// The elements as integers; nil if they are not of an integer type.
  public var integers: [Int]? {
    switch elements {
    case .uint8(let values): values.map { Int($0) }
    case .int32(let values): values.map { Int($0) }
    case .int64(let values): values.map { Int($0) }
    case .float32, .float64: nil
    }
  }

  /// The elements as 32-bit floating-point numbers, rounded; what is too large becomes infinite.
  public var floats: [Float] {
    switch elements {
    case .uint8(let values): values.map { Float($0) }
    case .int32(let values): values.map { Float($0) }
    case .int64(let values): values.map { Float($0) }
    case .float32(let values): values
    case .float64(let values): values.map { Float($0) }
    }
  }
}
