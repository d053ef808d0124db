// Reductions, views and indexing.

extension Tensor {
  // MARK: Reductions

  /// The sum of all elements, without dimensions.
  public func sum() throws -> Tensor { try Operators.sumAll(.tensor(self)) }
  /// The mean of all elements, without dimensions.
  public func mean() throws -> Tensor { try Operators.meanAll(.tensor(self)) }
  /// The sum along axes, which go away or become 1 wide.
  public func sum(_ axes: [Int], keepDimensions: Bool = false) throws -> Tensor {
    try Operators.sumDims(.tensor(self), .ints(axes), .bool(keepDimensions))
  }
  /// The mean along axes, which go away or become 1 wide.
  public func mean(_ axes: [Int], keepDimensions: Bool = false) throws -> Tensor {
    try Operators.meanDims(.tensor(self), .ints(axes), .bool(keepDimensions))
  }
  /// The variance over `axes`, divided by n - `correction`.
  public func variance(_ axes: [Int], correction: Int = 1, keepDimensions: Bool = false) throws -> Tensor {
    try Operators.varDims(.tensor(self), .ints(axes), .int(correction), .bool(keepDimensions))
  }
  /// The greatest element, without dimensions.
  public func max() throws -> Tensor { try Operators.maxAll(.tensor(self)) }
  /// The least element, without dimensions.
  public func min() throws -> Tensor { try Operators.minAll(.tensor(self)) }
  /// The index of the greatest element along `axis`, int64.
  public func argmax(_ axis: Int) throws -> Tensor { try Operators.argmax(.tensor(self), .int(axis)) }
  /// The Euclidean norm of all elements.
  public func norm() throws -> Tensor { try Operators.norm(.tensor(self)) }
  /// Whether no element is NaN or infinite.
  public func isFinite() throws -> Bool {
    try Operators.allTrue(.tensor(Operators.isfinite(.tensor(self)))).item() != 0
  }

  // MARK: Views

  /// One extent may be -1: it is found from the others.
  public func reshaped(_ shape: [Int]) throws -> Tensor { try Operators.reshape(.tensor(self), .ints(shape)) }
  /// The dimensions in another order, as a view.
  public func permuted(_ order: [Int]) throws -> Tensor { try Operators.permute(.tensor(self), .ints(order)) }
  /// Two dimensions exchanged, as a view; by default the last two.
  public func transposed(_ a: Int = -2, _ b: Int = -1) throws -> Tensor {
    try Operators.transpose(.tensor(self), .int(a), .int(b))
  }
  /// A dimension of 1 before `axis`.
  public func unsqueezed(_ axis: Int) throws -> Tensor { try Operators.unsqueeze(.tensor(self), .int(axis)) }
  /// Without the dimension of 1 at `axis`.
  public func squeezed(_ axis: Int) throws -> Tensor { try Operators.squeeze(.tensor(self), .int(axis)) }
  /// The dimensions `axis` to `last` as one.
  public func flattened(from axis: Int = 0, through last: Int = -1) throws -> Tensor {
    try Operators.flatten(.tensor(self), .int(axis), .int(last))
  }
  /// Dimensions of 1 repeated to a shape, as a view.
  public func expanded(_ shape: [Int]) throws -> Tensor { try Operators.expand(.tensor(self), .ints(shape)) }
  /// Elements `range` along `axis`.
  public func slice(_ range: Range<Int>, axis: Int = 0) throws -> Tensor {
    try Operators.slice(.tensor(self), .int(axis), .int(range.lowerBound), .int(range.upperBound))
  }
  /// Element `index` along `axis`, which goes away.
  public func select(_ index: Int, axis: Int = 0) throws -> Tensor {
    try Operators.select(.tensor(self), .int(axis), .int(index))
  }
  /// The parts of length `size` along `axis`; the last may be shorter.
  public func split(_ size: Int, axis: Int = 0) throws -> [Tensor] {
    try Operators.split.many(.tensor(self), .int(size), .int(axis))
  }

  // MARK: Indexing

  /// The rows (along `axis`) named by `indices`, an int64 or int32 vector.
  public func rows(_ indices: Tensor, axis: Int = 0) throws -> Tensor {
    try Operators.indexSelect(.tensor(self), .int(axis), .tensor(indices))
  }
  /// Element `indices[i, ...]` along `axis`; same shape as `indices`.
  public func gather(_ indices: Tensor, axis: Int) throws -> Tensor {
    try Operators.gather(.tensor(self), .int(axis), .tensor(indices))
  }
  /// A copy where row `indices[i]` has `source`'s row i added.
  public func addingRows(_ indices: Tensor, _ source: Tensor, axis: Int = 0) throws -> Tensor {
    try Operators.indexAdd(.tensor(self), .int(axis), .tensor(indices), .tensor(source))
  }
  /// A copy with `value` where `mask` (bool, broadcast) is true.
  public func filled(where mask: Tensor, with value: Double) throws -> Tensor {
    try Operators.maskedFill(.tensor(self), .tensor(mask), .double(value))
  }
  /// Zeros (or `value`) around the last dimensions: `[left, right, top, bottom, ...]`.
  public func padded(_ widths: [Int], value: Double = 0) throws -> Tensor {
    try Operators.constantPad(.tensor(self), .ints(widths), .double(value))
  }

  /// One behind the other along an axis that is there.
  public static func concatenate(_ tensors: [Tensor], axis: Int = 0) throws -> Tensor {
    try Operators.concatenate(.tensors(tensors), .int(axis))
  }
  /// Side by side along a new axis.
  public static func stack(_ tensors: [Tensor], axis: Int = 0) throws -> Tensor {
    try Operators.stack(.tensors(tensors), .int(axis))
  }
}
