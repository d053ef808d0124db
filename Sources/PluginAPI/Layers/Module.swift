/// What becomes of a tensor of a model when weights are averaged.
public enum Role: String, Sendable {
  /// Trained and averaged.
  case parameter
  /// A normalization statistic: estimated again after averaging.
  case statistic
  /// A counter: copied.
  case counter
}

/// How a fresh tensor is filled: a pure function of the seed and the tensor's path.
public enum Initializer: Sendable {
  /// The same value everywhere.
  case constant(Double)
  /// Evenly from low to high.
  case uniform(low: Double, high: Double)
  /// Normally distributed around 0.
  case normal(deviation: Double)
  /// As is: the author filled it.
  case keep
  /// By a function of the tensor and the stream of its path.
  case custom(@Sendable (Tensor, Random) throws -> Void)

  /// U(-1/sqrt(n), 1/sqrt(n)) for `n` inputs: what PyTorch's Linear and Conv2d start with.
  public static func torchDefault(inputs: Int) -> Initializer {
    let bound = 1 / Double(max(inputs, 1)).squareRoot()
    return .uniform(low: -bound, high: bound)
  }

  /// Glorot and Bengio 2010: U(-a, a), a = sqrt(6 / (inputs + outputs)).
  public static func glorotUniform(inputs: Int, outputs: Int) -> Initializer {
    let bound = (6 / Double(max(inputs + outputs, 1))).squareRoot()
    return .uniform(low: -bound, high: bound)
  }

  func fill(_ tensor: Tensor, _ random: Random) throws {
    switch self {
    case .constant(let value): try tensor.fill(value)
    case .uniform(let low, let high): try LibTorch.withoutGradient { try tensor.fillUniform(low, high, random) }
    case .normal(let deviation): try LibTorch.withoutGradient { try tensor.fillNormal(deviation: deviation, random) }
    case .keep: break
    case .custom(let body): try LibTorch.withoutGradient { try body(tensor, random) }
    }
  }
}

/// One tensor of a model: found by reflection, named by its path.
public struct NamedTensor: Sendable {
  /// As in the PyTorch reference of the model: `layer1.0.conv1.weight`.
  public let path: String
  /// What becomes of it when weights are averaged.
  public let role: Role
  /// The tensor itself, not a copy.
  public let tensor: Tensor
  /// How it is filled.
  public let initializer: Initializer
  /// Where steps read a few rows alone, what they read.
  public let rows: TableRows?

  /// A tensor under a name.
  public init(path: String, role: Role, tensor: Tensor, initializer: Initializer = .keep, rows: TableRows? = nil) {
    self.path = path
    self.role = role
    self.tensor = tensor
    self.initializer = initializer
    self.rows = rows
  }
}

/// A stored property that holds a tensor of the model.
public protocol Leaf {
  /// What becomes of the tensor when weights are averaged.
  var role: Role { get }
  /// The tensor; nil where it is absent.
  var tensor: Tensor? { get }
  /// Replaces the property's name in the path.
  var key: String? { get }
  /// How it is filled.
  var initializer: Initializer { get }
  /// Where steps read a few rows alone, what they read.
  var rows: TableRows? { get }
}

extension Leaf {
  public var rows: TableRows? { nil }
}

/// A trained tensor: `@Parameter var weight: Tensor`.
@propertyWrapper public struct Parameter: Leaf {
  public let wrappedValue: Tensor
  public let key: String?
  /// How it is filled.
  public let initializer: Initializer
  public let rows: TableRows?
  public var role: Role { .parameter }
  public var tensor: Tensor? { wrappedValue }

  /// A tensor that the author has filled.
  public init(wrappedValue: Tensor, _ key: String? = nil) {
    self.wrappedValue = wrappedValue
    self.key = key
    initializer = .keep
    rows = nil
  }

  /// A parameter of the given shape; `Module.initialize` fills it.
  ///
  /// - Parameter rows: where the layer reads a few rows alone and says so there.
  public init(shape: [Int], _ initializer: Initializer, key: String? = nil, rows: TableRows? = nil) throws {
    wrappedValue = try Tensor.zeros(shape)
    try wrappedValue.setRequiresGradient(true)
    self.key = key
    self.initializer = initializer
    self.rows = rows
  }
}

/// A trained tensor that may be absent, such as a bias.
@propertyWrapper public struct OptionalParameter: Leaf {
  public let wrappedValue: Tensor?
  public let key: String?
  /// How it is filled.
  public let initializer: Initializer
  public var role: Role { .parameter }
  public var tensor: Tensor? { wrappedValue }

  /// A parameter of the given shape; nil: none.
  public init(shape: [Int]?, _ initializer: Initializer, key: String? = nil) throws {
    wrappedValue = try shape.map { try Tensor.zeros($0) }
    try wrappedValue?.setRequiresGradient(true)
    self.key = key
    self.initializer = initializer
  }
}

/// A normalization statistic: `@Statistic var runningMean: Tensor`.
@propertyWrapper public struct Statistic: Leaf {
  public let wrappedValue: Tensor
  public let key: String?
  /// How it is filled.
  public let initializer: Initializer
  public var role: Role { .statistic }
  public var tensor: Tensor? { wrappedValue }

  /// A statistic that is `value` everywhere at first.
  public init(shape: [Int], _ value: Double, key: String? = nil) throws {
    wrappedValue = try Tensor.full(shape, value)
    self.key = key
    initializer = .constant(value)
  }
}

/// A count kept with the model, int64.
@propertyWrapper public struct Counter: Leaf {
  public let wrappedValue: Tensor
  public let key: String?
  public var initializer: Initializer { .constant(0) }
  public var role: Role { .counter }
  public var tensor: Tensor? { wrappedValue }

  /// A count of 0.
  public init(key: String?) throws {
    wrappedValue = try Tensor.zeros([], .int64)
    self.key = key
  }
}

/// A layer or a model: a class whose tensors and inner layers are found by reflection, superclasses included.
///
/// Properties that are modules, optional modules or arrays of these (nested too) are walked; paths are made of the
/// property names (a leading underscore left out) and indices: `layers.0.weight`.
public protocol Module: AnyObject {}

extension Module {
  /// Every tensor with its path, in the order of declaration (a superclass's first).
  public func tensors() -> [NamedTensor] {
    var found: [NamedTensor] = []
    walk(Mirror(reflecting: self), path: "") { path, value in
      guard let leaf = value as? any Leaf, let tensor = leaf.tensor else { return }
      let full = leaf.key.map { key in path.split(separator: ".").dropLast().map { $0 + "." }.joined() + key } ?? path
      found.append(NamedTensor(path: full, role: leaf.role, tensor: tensor, initializer: leaf.initializer, rows: leaf.rows))
    }
    return found
  }

  /// Every inner module with its path, this one first under the empty path.
  public func modules() -> [(path: String, module: any Module)] {
    var found: [(String, any Module)] = [("", self)]
    walk(Mirror(reflecting: self), path: "") { path, value in
      if let module = value as? any Module { found.append((path, module)) }
    }
    return found
  }

  /// Fills every tensor from `random`'s stream of its path: independent of the order of construction. Those that a
  /// ``PretrainedModule`` has values for get these.
  ///
  /// - Parameter classNames: the data set's classes by number, empty where it has none.
  public func initialize(_ random: Random, classNames: [String] = []) throws {
    let tensors = tensors()
    let filled = try (self as? any PretrainedModule)?.fillPretrained(tensors, classNames: classNames) ?? []
    for item in tensors where !filled.contains(item.path) {
      try item.initializer.fill(item.tensor, random[item.path])
    }
  }

  /// Runs `body` so that a ``TensorError`` inside names this layer.
  public func located<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch var error as TensorError {
      if error.layer == nil { error.layer = ObjectIdentifier(self) }
      throw error
    }
  }

  /// The error with the path of the layer that failed.
  public func locating(_ error: TensorError) -> TensorError {
    var error = error
    let place = error.layer.flatMap { layer in modules().first { ObjectIdentifier($0.module) == layer }?.path }
    error.path = place ?? ""
    return error
  }
}

private func walk(_ mirror: Mirror, path: String, _ visit: (String, Any) -> Void) {
  if let superclass = mirror.superclassMirror { walk(superclass, path: path, visit) }
  for child in mirror.children {
    guard let label = child.label else { continue }
    let name = label.hasPrefix("_") ? String(label.dropFirst()) : label
    visitChild(child.value, path: path.isEmpty ? name : "\(path).\(name)", visit)
  }
}

private func visitChild(_ value: Any, path: String, _ visit: (String, Any) -> Void) {
  if value is any Leaf {
    visit(path, value)
  } else if let module = value as? any Module {
    visit(path, module)
    walk(Mirror(reflecting: module), path: path, visit)
  } else {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: if let inner = mirror.children.first { visitChild(inner.value, path: path, visit) }
    case .collection:
      // Arrays of anything but modules (numbers, strings) are passed over at their first element.
      for (index, item) in mirror.children.enumerated() {
        let style = Mirror(reflecting: item.value).displayStyle
        guard item.value is any Module || style == .optional || style == .collection else { return }
        visitChild(item.value, path: "\(path).\(index)", visit)
      }
    default: break
    }
  }
}
