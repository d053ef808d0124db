/// A tensor operation that failed: which, on what, and in which layer of the model.
public struct TensorError: Error, CustomStringConvertible, Sendable {
  /// `conv2d`, `linear`, `reshape` ...
  public var operation: String
  /// The shapes of the tensors it was given, in order.
  public var shapes: [[Int]]
  /// LibTorch's own words.
  public var message: String
  /// The innermost layer whose call failed; the host turns it into a path.
  public var layer: ObjectIdentifier?
  /// The layer's path, `layer2.0.conv1`, once it is known.
  public var path: String?

  /// - Parameter message: what is wrong, for people.
  public init(operation: String, shapes: [[Int]], message: String) {
    self.operation = operation
    self.shapes = shapes
    self.message = message
  }

  public var description: String {
    let operands = shapes.map { "[" + $0.map(String.init).joined(separator: ", ") + "]" }.joined(separator: " and ")
    let place = path.map { $0.isEmpty ? " (in the model itself)" : " (in layer \($0))" } ?? ""
    return "\(operation) on \(operands.isEmpty ? "no tensors" : operands)\(place): \(message)"
  }
}
