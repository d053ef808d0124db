import PluginAPI

/// Which parameters are trained, and how differently: the section `parameters` of a run.
public struct ParameterGroupOptions: Options {
  public var freeze = ""
  public var noDecay = ""
  public var layerDecay = 1.0

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field(
        "freeze", text: \.freeze,
        "parameters that stay as they are: paths or patterns with *, separated by commas (features.*,embedding.weight)"),
      Field(
        "noDecay", text: \.noDecay,
        "parameters without weight decay: vectors (biases and norms, as every tensor of one dimension), or patterns"),
      Field(
        "layerDecay", \.layerDecay, in: 0.0001...1,
        "learning rate of each layer as a part of that of the layer after it; 1: all alike"),
    ]
  }
}

/// Parameters that are stepped alike.
public struct ParameterGroup {
  public let parameters: [NamedTensor]
  /// What the learning rate is multiplied by.
  public let rate: Double
  /// Whether weight decay acts on them.
  public let decays: Bool
}

extension ParameterGroupOptions {
  /// Whether a parameter of this path is left as it is. A pattern names a tensor, a layer (all within) or uses `*`.
  public func freezes(_ path: String) -> Bool { patterns(freeze).contains { $0.matches(path) } }

  /// - Throws: `BasinError` of kind usage for a pattern that fits no parameter, or where nothing is left to train.
  public func checkFrozen(_ parameters: [NamedTensor]) throws {
    try check(patterns(freeze), "parameters.freeze", parameters)
    guard parameters.contains(where: { !freezes($0.path) }) else {
      throw BasinError.usage(
        "parameters.freeze=\(freeze) leaves nothing to train or average", advice: "Name fewer layers")
    }
  }

  /// The groups of the parameters that are trained, in the order of their first members; one group where nothing sets
  /// any apart.
  ///
  /// A layer is what comes before the tensor's own name up to the first number in its path (`layers.0`), or the first
  /// word; the last layer has the full rate (layer-wise decay, Clark et al. 2020).
  public func groups(_ parameters: [NamedTensor]) throws -> [ParameterGroup] {
    let exempt = noDecay == "vectors" ? [] : patterns(noDecay)
    try check(exempt, "parameters.noDecay", parameters)
    var layers: [String] = []
    for parameter in parameters where !layers.contains(Self.layer(of: parameter.path)) {
      layers.append(Self.layer(of: parameter.path))
    }
    struct Key: Hashable { var rate: Double, decays: Bool }
    var order: [Key] = []
    var members: [Key: [NamedTensor]] = [:]
    for parameter in parameters {
      let depth = layers.count - 1 - (layers.firstIndex(of: Self.layer(of: parameter.path)) ?? 0)
      let isExempt =
        noDecay == "vectors" ? parameter.tensor.dimensions <= 1 : exempt.contains { $0.matches(parameter.path) }
      var rate = 1.0
      for _ in 0..<(layerDecay == 1 ? 0 : depth) { rate *= layerDecay }
      let key = Key(rate: rate, decays: !isExempt)
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(parameter)
    }
    return order.map { ParameterGroup(parameters: members[$0] ?? [], rate: $0.rate, decays: $0.decays) }
  }

  static func layer(of path: String) -> String {
    let parts = path.split(separator: ".")
    let end = parts.firstIndex { Int($0) != nil }.map { $0 + 1 } ?? 1
    return parts.prefix(end).joined(separator: ".")
  }

  private func check(_ patterns: [PathPattern], _ option: String, _ parameters: [NamedTensor]) throws {
    for pattern in patterns where !parameters.contains(where: { pattern.matches($0.path) }) {
      var known: [String] = []
      for parameter in parameters where !known.contains(Self.layer(of: parameter.path)) {
        known.append(Self.layer(of: parameter.path))
      }
      throw BasinError.usage(
        "\(option): no parameter is called '\(pattern.text)'", advice: "The layers are \(known.joined(separator: ", "))")
    }
  }

  private func patterns(_ text: String) -> [PathPattern] {
    text.split(separator: ",").map { PathPattern(text: $0.trimmingSpaces()) }.filter { !$0.text.isEmpty }
  }
}

/// A path of a tensor, of a layer that holds it, or either with `*` for any characters.
public struct PathPattern: Sendable {
  public let text: String

  public init(text: String) { self.text = text }

  public func matches(_ path: String) -> Bool {
    Self.fits(text[...], path[...]) || Self.fits((text + ".*")[...], path[...])
  }

  private static func fits(_ pattern: Substring, _ path: Substring) -> Bool {
    guard let head = pattern.first else { return path.isEmpty }
    let rest = pattern.dropFirst()
    if head == "*" {
      if rest.isEmpty { return true }
      return path.indices.contains { fits(rest, path[$0...]) } || fits(rest, path[path.endIndex...])
    }
    return path.first == head && fits(rest, path.dropFirst())
  }
}

extension Substring {
  fileprivate func trimmingSpaces() -> String {
    var part = drop { $0 == " " }
    while part.last == " " { part = part.dropLast() }
    return String(part)
  }
}
