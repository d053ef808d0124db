/// The options of a model, data set, optimizer, schedule or averaging policy: a struct whose `init()` gives the defaults.
///
///     struct Settings: Options {
///       var hidden = 16
///       static var fields: [Field<Self>] { [Field("hidden", \.hidden, in: 1...4096, "width of the hidden layers")] }
///     }
public protocol Options: Sendable {
  /// The defaults.
  init()
  /// Every option, in the order in which it is listed.
  static var fields: [Field<Self>] { get }
}

/// Options without any field.
public struct NoOptions: Options {
  /// There is nothing to set.
  public init() {}
  public static var fields: [Field<NoOptions>] { [] }
}

/// One option: its name, help, allowed values, and how it is read and written as text.
public struct Field<O>: Sendable {
  /// The name, a sentence for people, and the values that are allowed, in words.
  public let name, help, allowed: String
  /// Whether the value may be the path of a file or folder, by whose contents runs are then known.
  public let namesFile: Bool
  /// The present value as text.
  public let read: @Sendable (O) -> String
  /// Throws a `BasinError` of kind usage for a value that is not allowed.
  public let write: @Sendable (inout O, String) throws -> Void

  /// A number or other comparable value, in a range if one is given.
  public init<V: LosslessStringConvertible & Comparable & Sendable>(
    _ name: String, _ path: WritableKeyPath<O, V> & Sendable, in range: ClosedRange<V>? = nil, _ help: String
  ) {
    let allowed = range.map { "\($0.lowerBound) to \($0.upperBound)" } ?? Self.typeName(V.self)
    self.init(name: name, help: help, allowed: allowed) { $0[keyPath: path].description } write: { options, text in
      guard let value = V(text), range?.contains(value) ?? (value == value) else { return false }
      options[keyPath: path] = value
      return true
    }
  }

  /// A value without an order, such as a ``Landmark``.
  @_disfavoredOverload
  public init<V: LosslessStringConvertible & Equatable & Sendable>(
    _ name: String, _ path: WritableKeyPath<O, V> & Sendable, _ help: String
  ) {
    self.init(name: name, help: help, allowed: Self.typeName(V.self)) { $0[keyPath: path].description } write: { options, text in
      guard let value = V(text), value == value else { return false }
      options[keyPath: path] = value
      return true
    }
  }

  /// A switch: `true` or `false`.
  public init(_ name: String, _ path: WritableKeyPath<O, Bool> & Sendable, _ help: String) {
    self.init(name: name, help: help, allowed: "true or false") { $0[keyPath: path].description } write: { options, text in
      guard let value = Bool(text) else { return false }
      options[keyPath: path] = value
      return true
    }
  }

  /// One of several words.
  public init<V: RawRepresentable & CaseIterable & Sendable>(
    _ name: String, _ path: WritableKeyPath<O, V> & Sendable, choices: V.Type, _ help: String
  ) where V.RawValue == String {
    let allowed = V.allCases.map(\.rawValue).joined(separator: ", ")
    self.init(name: name, help: help, allowed: allowed) { $0[keyPath: path].rawValue } write: { options, text in
      guard let value = V(rawValue: text) else { return false }
      options[keyPath: path] = value
      return true
    }
  }

  /// Any text.
  public init(_ name: String, text path: WritableKeyPath<O, String> & Sendable, _ help: String) {
    self.init(name: name, help: help, allowed: "text") { $0[keyPath: path] } write: { options, text in
      options[keyPath: path] = text
      return true
    }
  }

  /// The path of a file or folder, such as a checkpoint, or a word instead. Benchmarks know a run by what is in the file, not by where it is.
  public init(_ name: String, file path: WritableKeyPath<O, String> & Sendable, _ help: String) {
    self.init(name: name, help: help, allowed: "text", namesFile: true) { $0[keyPath: path] } write: { options, text in
      options[keyPath: path] = text
      return true
    }
  }

  private init(
    name: String, help: String, allowed: String, namesFile: Bool = false, read: @escaping @Sendable (O) -> String,
    write: @escaping @Sendable (inout O, String) -> Bool
  ) {
    self.name = name
    self.help = help
    self.allowed = allowed
    self.namesFile = namesFile
    self.read = read
    self.write = { options, text in
      guard write(&options, text) else {
        throw BasinError.usage("option \(name) cannot be '\(text)'", advice: "It takes \(allowed)")
      }
    }
  }

  private static func typeName(_ type: Any.Type) -> String {
    switch type {
    case is Int.Type: "an integer"
    case is Double.Type, is Float.Type: "a number"
    case is Landmark.Type: "a length such as 40ep, 300st or 0.5dur"
    default: "\(type)"
    }
  }
}

/// An option without its Swift type, for listings.
public struct OptionDescription: Codable, Hashable, Sendable {
  /// As in ``Field``, with the default as text.
  public let name, help, allowed, defaultValue: String
  /// As in ``Field``.
  public let namesFile: Bool
}

extension Options {
  /// The options without their Swift types.
  public static var descriptions: [OptionDescription] {
    let defaults = Self()
    return fields.map {
      OptionDescription(name: $0.name, help: $0.help, allowed: $0.allowed, defaultValue: $0.read(defaults), namesFile: $0.namesFile)
    }
  }

  /// The defaults with `settings` written over them.
  ///
  /// - Throws: `BasinError` of kind usage for an unknown name (with the nearest one) or a value that is not allowed.
  public init(settings: [String: String], of owner: String) throws {
    self.init()
    let fields = Self.fields
    for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
      guard let field = fields.first(where: { $0.name == name }) else {
        throw BasinError.unknown("option", name, of: owner, among: fields.map(\.name))
      }
      do {
        try field.write(&self, value)
      } catch var error as BasinError {
        error.message = "\(owner): " + error.message
        throw error
      }
    }
  }

  /// Every option with its present value.
  public var values: [String: String] {
    Dictionary(Self.fields.map { ($0.name, $0.read(self)) }, uniquingKeysWith: { $1 })
  }
}

extension OptionDescription {
  /// The same option with another default.
  public func with(default value: String) -> OptionDescription {
    OptionDescription(name: name, help: help, allowed: allowed, defaultValue: value, namesFile: namesFile)
  }

  /// The same option under a longer name.
  public func with(prefix: String) -> OptionDescription {
    OptionDescription(name: prefix + name, help: help, allowed: allowed, defaultValue: defaultValue, namesFile: namesFile)
  }
}
