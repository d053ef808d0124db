import PluginAPI

// Lists of layers are arrays of modules, as in the reference: an activation has its place in the numbering, though no tensors.

/// GELU (Hendrycks and Gimpel 2016) in its exact form, or ReLU.
public final class Activation: Module {
  public enum Kind: String, CaseIterable, Sendable { case gelu, relu }

  private let kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    switch kind {
    case .gelu: try gelu(x)
    case .relu: try relu(x)
    }
  }
}

/// fn(x) + x.
public final class Residual: Module {
  public let fn: [any Module]

  public init(_ fn: [any Module]) { self.fn = fn }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor { try run(fn, x, mode) + x }
}

/// Runs layers one after the other.
///
/// - Throws: `BasinError` for a layer of a kind that this model does not have.
func run(_ layers: [any Module], _ input: Tensor, _ mode: Mode) throws -> Tensor {
  try layers.reduce(input) { x, layer in
    switch layer {
    case let layer as Conv2d: try layer(x)
    case let layer as Activation: try layer(x)
    case let layer as BatchNorm: try layer(x, mode)
    case let layer as Residual: try layer(x, mode)
    default: throw BasinError.internalError("model convmixer has no layers of type \(type(of: layer))")
    }
  }
}
