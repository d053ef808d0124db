import Optim
import PluginAPI

/// The weights a run starts from, of a file that may be of another program: names as PyTorch's `state_dict` has them.
///
/// Counters may be missing, as older files have none, and every name may begin with `module.`, as parallel training saves
/// them.
struct InitialWeights {
  let file: String
  private let tensors: [String: Tensor]
  /// Patterns of tensors that keep their fresh values.
  private let fresh: [PathPattern]

  init(file: String, fresh: String?) throws {
    self.file = file
    self.fresh = (fresh ?? "").split(separator: ",").map { PathPattern(text: $0.filter { $0 != " " }) }
    let prefix = "module."
    let found = try Safetensors.read(file).tensors
    tensors = found.keys.allSatisfy({ $0.hasPrefix(prefix) })
      ? Dictionary(uniqueKeysWithValues: found.map { (String($0.key.dropFirst(prefix.count)), $0.value) }) : found
  }

  /// Copies the tensors into a model's.
  ///
  /// - Throws: `BasinError` that lists what is missing, left over, or of another shape; nothing is copied then.
  func load(into targets: [NamedTensor]) throws {
    if let pattern = fresh.first(where: { pattern in !targets.contains { pattern.matches($0.path) } }) {
      throw BasinError.usage(
        "--init-fresh: the model has no tensor '\(pattern.text)'", advice: "Name a tensor or a layer, such as \(Self.layer(targets.last?.path ?? ""))")
    }
    let wanted = targets.filter { target in !fresh.contains { $0.matches(target.path) } }
    let missing = wanted.filter { tensors[$0.path] == nil && $0.role != .counter }.map(\.path)
    let differing = wanted.filter { target in tensors[target.path].map { $0.shape != target.tensor.shape } ?? false }
    let known = Set(targets.map(\.path))
    let unexpected = tensors.keys.filter { !known.contains($0) }.sorted()
    guard missing.isEmpty, differing.isEmpty, unexpected.isEmpty else {
      throw mismatch(
        missing, unexpected,
        differing.map { ($0.path, "\($0.path) \(tensors[$0.path]?.shape ?? []) instead of \($0.tensor.shape)") })
    }
    for target in wanted {
      if let tensor = tensors[target.path] { try target.tensor.copy(from: tensor) }
    }
  }

  private func mismatch(_ missing: [String], _ unexpected: [String], _ differing: [(path: String, text: String)]) -> BasinError {
    func list(_ what: String, _ items: [String]) -> String? {
      guard !items.isEmpty else { return nil }
      let more = items.count > 4 ? ", and \(items.count - 4) more" : ""
      return "\(items.count) \(what) (\(items.prefix(4).joined(separator: ", "))\(more))"
    }
    let parts = [
      list("missing", missing), list("that the model lacks", unexpected), list("of another shape", differing.map(\.text)),
    ]
    var layers: [String] = []
    for item in differing where !layers.contains(Self.layer(item.path)) { layers.append(Self.layer(item.path)) }
    // Where shapes alone differ it is the same network for other classes, or with other options.
    let isHead = missing.isEmpty && unexpected.isEmpty && layers.count == 1
    return .badData(
      "does not fit the model: tensors " + parts.compactMap { $0 }.joined(separator: "; "), file: file,
      advice: isHead
        ? "To begin with fresh weights there: --init-fresh \(layers[0])" : "It is of another model, or of one with other options")
  }

  private static func layer(_ path: String) -> String { path.split(separator: ".").dropLast().joined(separator: ".") }
}
