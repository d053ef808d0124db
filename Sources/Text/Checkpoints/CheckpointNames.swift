import PluginAPI

/// How the tensors of a checkpoint fall on those of a model: by name, whatever head the checkpoint was saved with.
struct CheckpointNames {
  /// What the encoder is called in the model with a head: `roberta` in `roberta.encoder.layer.0...`.
  let base: String
  /// Whether the head stays fresh even where the checkpoint has one.
  var keepsHeadFresh = false
  /// Tensors of the checkpoint that must be copies of a tensor of the model: an output layer tied to the embedding.
  var copies: [String: String] = [:]

  /// What was found for each path of the model, and what was left.
  struct Match {
    var found: [(target: NamedTensor, tensor: Tensor)] = []
    /// Paths of the head that the checkpoint lacks.
    var fresh: [String] = []
    /// Tensors of other heads that nobody needs here.
    var unused: [String] = []
  }

  /// - Throws: `BasinError` that lists every tensor that is missing, left over, of another shape or no number.
  func match(_ targets: [NamedTensor], _ tensors: [String: Tensor], file: String) throws -> Match {
    let paths = Set(targets.map(\.path))
    var named: [String: Tensor] = [:]
    var match = Match()
    var extra: [String] = []
    for (name, tensor) in tensors {
      let path = path(of: name, among: paths)
      if paths.contains(path) {
        guard named.updateValue(tensor, forKey: path) == nil else {
          throw BasinError.badData("two tensors stand for \(path)", file: file, place: "tensor \"\(name)\"")
        }
      } else if isOfOtherHead(name) {
        match.unused.append(name)
      } else if !isConstant(name) {
        extra.append(name)
      }
    }
    for (copy, original) in copies {
      guard let tied = tensors[copy] else { continue }
      match.unused.removeAll { $0 == copy }
      guard let other = named[original], other.shape == tied.shape, try other.equals(tied).to(.float32).min().item() == 1 else {
        throw BasinError.badData(
          "is not the same as \(original), which Basin's model uses for both", file: file, place: "tensor \"\(copy)\"",
          advice: "Use a checkpoint whose output layer is tied to its embedding")
      }
    }
    var missing: [String] = [], differing: [String] = [], noNumbers: [String] = []
    for target in targets {
      let path = target.path
      if keepsHeadFresh, isHead(path) {
        match.fresh.append(path)
      } else if let tensor = named[path] {
        if !tensor.dtype.isFloatingPoint {
          noNumbers.append("\(path) \(tensor.dtype)")
        } else if tensor.shape != target.tensor.shape {
          differing.append("\(path) \(tensor.shape) instead of \(target.tensor.shape)")
        } else {
          match.found.append((target, tensor))
        }
      } else if isHead(path) || isPooler(path) {
        match.fresh.append(path)
      } else {
        missing.append(path)
      }
    }
    let problems = [
      ("missing", missing), ("that the model lacks", extra.sorted()), ("of another shape", differing),
      ("of a type that weights cannot have", noNumbers),
    ].filter { !$0.1.isEmpty }
    guard problems.isEmpty else {
      let isHeadAlone = missing.isEmpty && extra.isEmpty && noNumbers.isEmpty && differing.allSatisfy(isHead)
      throw BasinError.badData(
        "does not fit the model: tensors "
          + problems.map { "\($0.0): \($0.1.joined(separator: ", "))" }.joined(separator: "; "), file: file,
        advice: isHeadAlone
          ? "For a head of other classes: --set model.freshHead=true" : "Its config.json may be another checkpoint's")
    }
    match.unused.sort()
    return match
  }

  /// The model's path of a checkpoint's tensor; the name itself where there is none.
  private func path(of name: String, among paths: Set<String>) -> String {
    var name = name
    if name.hasPrefix("module.") { name.removeFirst(7) }
    // Files converted from TensorFlow.
    if name.hasSuffix("LayerNorm.gamma") { name = name.dropLast(5) + "weight" }
    if name.hasSuffix("LayerNorm.beta") { name = name.dropLast(4) + "bias" }
    return !paths.contains(name) && paths.contains("\(base).\(name)") ? "\(base).\(name)" : name
  }

  private func isHead(_ path: String) -> Bool { !path.hasPrefix(base + ".") }
  private func isPooler(_ path: String) -> Bool { path.hasPrefix(base + ".pooler.") }

  /// Of pretraining and of other tasks.
  private func isOfOtherHead(_ name: String) -> Bool {
    let heads = [
      "lm_head.", "cls.", "vocab_transform.", "vocab_layer_norm.", "vocab_projector.", "predictions.", "sop_classifier.",
      "qa_outputs.", "classifier.", "pre_classifier.", "score.", "pooler.", base + ".pooler.",
    ]
    return heads.contains { name.hasPrefix($0) }
  }

  /// Numbers that older versions saved though they follow from the configuration: position indices, causal masks.
  private func isConstant(_ name: String) -> Bool {
    [".position_ids", ".token_type_ids", ".attn.bias", ".attn.masked_bias"].contains { name.hasSuffix($0) }
  }
}
