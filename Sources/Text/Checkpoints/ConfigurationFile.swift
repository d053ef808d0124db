import PluginAPI

/// config.json of a Hugging Face folder: which model it is, and its sizes.
///
/// Keys that are absent have the values `transformers` gives them. What would change the computation and is not
/// implemented is refused by its key.
struct ConfigurationFile {
  private typealias Configuration = TransformerConfiguration

  private(set) var document: JSONDocument
  let configuration: TransformerConfiguration

  /// The names of the keys in which the families differ.
  private struct Keys {
    var size = "hidden_size", layers = "num_hidden_layers", heads = "num_attention_heads"
    var feedForward = "intermediate_size", positions = "max_position_embeddings", activation = "hidden_act"
    var dropout = "hidden_dropout_prob", attentionDropout = "attention_probs_dropout_prob"
    var headDropout: String? = "classifier_dropout", epsilon: String? = "layer_norm_eps", embeddingDropout: String?

    init(_ architecture: TransformerConfiguration.Architecture) {
      switch architecture {
      case .bert, .roberta: break
      case .albert: headDropout = "classifier_dropout_prob"
      case .distilbert:
        (size, layers, heads, feedForward) = ("dim", "n_layers", "n_heads", "hidden_dim")
        (activation, dropout, attentionDropout) = ("activation", "dropout", "attention_dropout")
        (headDropout, epsilon) = ("seq_classif_dropout", nil)
      case .gpt2:
        (size, layers, heads, feedForward, positions) = ("n_embd", "n_layer", "n_head", "n_inner", "n_positions")
        (activation, dropout, attentionDropout) = ("activation_function", "resid_pdrop", "attn_pdrop")
        (headDropout, epsilon, embeddingDropout) = (nil, "layer_norm_epsilon", "embd_pdrop")
      }
    }
  }

  /// The classes by number, as `id2label` has them; nil where it is not there or numbers them otherwise than from 0.
  var classNames: [String]? {
    guard let labels = document.object["id2label"] as? [String: Any] else { return nil }
    let names = (0..<labels.count).compactMap { labels["\($0)"] as? String }
    return names.count == labels.count ? names : nil
  }

  static func read(_ file: String) throws -> ConfigurationFile { try ConfigurationFile(JSONDocument.read(file)) }

  init(_ document: JSONDocument) throws {
    self.document = document
    guard let type = try document.text("model_type") else {
      throw document.failure("model_type", "is missing", advice: "Add it: \(Self.known)")
    }
    guard let architecture = TransformerConfiguration.Architecture(rawValue: type) else {
      throw document.failure("model_type", "is '\(type)', which Basin does not know", advice: "It knows \(Self.known)")
    }
    var result = TransformerConfiguration(base: architecture)
    let keys = Keys(architecture)
    func whole(_ key: String, _ value: inout Int, from least: Int = 1, to most: Int = 1 << 20) throws {
      value = try document.integer(key, in: least...most) ?? value
    }
    func rate(_ key: String?, _ value: inout Double) throws {
      if let key { value = try document.number(key, in: 0...0.999) ?? value }
    }
    try whole("vocab_size", &result.vocabulary, to: 1 << 24)
    try whole(keys.size, &result.size)
    result.embeddingSize = result.size
    if architecture == .albert {
      result.embeddingSize = 128
      try whole("embedding_size", &result.embeddingSize)
      try whole("num_hidden_groups", &result.groups, to: 1024)
      try whole("inner_group_num", &result.groupLayers, to: 1024)
    }
    try whole(keys.layers, &result.layers, to: 1024)
    try whole(keys.heads, &result.heads, to: 1024)
    if architecture == .gpt2 { result.feedForward = 4 * result.size }
    try whole(keys.feedForward, &result.feedForward)
    try whole(keys.positions, &result.positions, to: 1 << 24)
    if result.segments > 0 { try whole("type_vocab_size", &result.segments, to: 1 << 16) }
    if let epsilon = keys.epsilon { result.epsilon = try document.number(epsilon, in: 0...1) ?? result.epsilon }
    try rate(keys.dropout, &result.dropout)
    try rate(keys.attentionDropout, &result.attentionDropout)
    if architecture == .bert || architecture == .roberta { result.headDropout = result.dropout }
    try rate(keys.headDropout, &result.headDropout)
    try rate(keys.embeddingDropout, &result.embeddingDropout)
    if document.object["pad_token_id"] != nil {
      result.padding = try document.integer("pad_token_id", in: 0...(result.vocabulary - 1))
    }
    if let name = try document.text(keys.activation) {
      guard let activation = TransformerConfiguration.Activation(rawValue: name) else {
        throw document.failure(
          keys.activation, "is '\(name)'",
          advice: "Basin has \(TransformerConfiguration.Activation.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      result.activation = activation
    }
    configuration = result
    try refuseOtherComputations()
  }

  private static var known: String {
    TransformerConfiguration.Architecture.allCases.map(\.rawValue).joined(separator: ", ")
  }

  private func refuseOtherComputations() throws {
    let (result, keys) = (configuration, Keys(configuration.architecture))
    guard result.size % result.heads == 0 else {
      throw document.failure(keys.heads, "is \(result.heads), and \(keys.size) \(result.size) is no multiple of it")
    }
    guard result.positions > result.firstPosition else {
      throw document.failure(keys.positions, "is \(result.positions), which leaves no position for a token")
    }
    if let kind = try document.text("position_embedding_type"), kind != "absolute" {
      throw document.failure("position_embedding_type", "is '\(kind)'", advice: "Basin has absolute positions alone")
    }
    guard result.architecture == .gpt2 else { return }
    for (key, wanted) in [
      ("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false), ("add_cross_attention", false),
      ("tie_word_embeddings", true),
    ] {
      if let flag = try document.flag(key), flag != wanted {
        throw document.failure(key, "is \(flag)", advice: "Basin's GPT-2 has it \(wanted) alone")
      }
    }
  }

  // MARK: Writing

  /// The object of a model made by options.
  static func make(_ c: TransformerConfiguration) -> JSONDocument {
    let keys = Keys(c.architecture)
    var object: [String: Any] = [
      "model_type": c.architecture.rawValue, "vocab_size": c.vocabulary, keys.size: c.size, keys.layers: c.layers,
      keys.heads: c.heads, keys.feedForward: c.feedForward, keys.positions: c.positions,
      keys.activation: c.activation.rawValue, keys.dropout: c.dropout, keys.attentionDropout: c.attentionDropout,
    ]
    if let key = keys.epsilon { object[key] = c.epsilon }
    if let key = keys.headDropout { object[key] = c.headDropout }
    if let key = keys.embeddingDropout { object[key] = c.embeddingDropout }
    if c.segments > 0 { object["type_vocab_size"] = c.segments }
    if let padding = c.padding { object["pad_token_id"] = padding }
    if c.architecture == .albert {
      object["embedding_size"] = c.embeddingSize
      object["num_hidden_groups"] = c.groups
      object["inner_group_num"] = c.groupLayers
    }
    return JSONDocument(object, file: "config.json")
  }
}
