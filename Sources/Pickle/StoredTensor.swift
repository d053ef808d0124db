/// A PyTorch tensor as a pickle describes it: a view of a storage whose bytes lie elsewhere.
public struct StoredTensor: Sendable, Equatable {
  /// The number types of PyTorch's storages.
  public enum ElementType: String, Sendable, CaseIterable {
    case float64 = "DoubleStorage"
    case float32 = "FloatStorage"
    case float16 = "HalfStorage"
    case bfloat16 = "BFloat16Storage"
    case int64 = "LongStorage"
    case int32 = "IntStorage"
    case int16 = "ShortStorage"
    case int8 = "CharStorage"
    case uint8 = "ByteStorage"
    case bool = "BoolStorage"
  }

  /// The storage's name: `0` is the member `data/0` of the archive.
  public var storage: String
  public var elementType: ElementType
  /// Elements of the storage.
  public var storageCount: Int
  /// The first element, and the steps to the next along each axis, in elements. Every element lies within the storage.
  public var offset: Int
  public var shape: [Int]
  public var strides: [Int]
}
