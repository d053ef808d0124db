import Foundation
import PluginAPI

/// Where a pretrained model comes from and goes to: a Hugging Face folder, or options for fresh weights.
struct PretrainedOrigin {
  /// nil: fresh weights.
  let folder: CheckpointFolder?
  let configuration: TransformerConfiguration

  /// A configuration made from options; `shape` is what the data set has.
  ///
  /// - Parameter adjust: writes the options over the base configuration (fresh weights), or those that do not change
  ///   shapes over the checkpoint's.
  /// - Throws: `BasinError` where the folder cannot be read, is of another family, or does not fit the data set.
  init(
    checkpoint: String, _ architecture: TransformerConfiguration.Architecture, shape: TokenBatch.Shape, owner: String,
    adjust: (inout TransformerConfiguration, _ isFresh: Bool) -> Void
  ) throws {
    guard !checkpoint.isEmpty else {
      var configuration = TransformerConfiguration(base: architecture)
      configuration.vocabulary = shape.vocabulary
      configuration.padding = (0..<shape.vocabulary).contains(shape.padding) ? shape.padding : nil
      configuration.positions = shape.length + configuration.firstPosition
      adjust(&configuration, true)
      try configuration.check(owner)
      (folder, self.configuration) = (nil, configuration)
      return
    }
    let folder = try CheckpointFolder(checkpoint)
    var configuration = folder.configuration.configuration
    guard configuration.architecture == architecture else {
      throw BasinError.usage(
        "\(owner): \(checkpoint) holds a \(configuration.architecture.rawValue)",
        advice: "Use --model \(configuration.architecture.rawValue)")
    }
    adjust(&configuration, false)
    try Self.check(configuration, shape, checkpoint, owner)
    (self.folder, self.configuration) = (folder, configuration)
  }

  /// Tables of embeddings are often made longer than the vocabulary, up to a multiple of 64 or 128.
  private static let spareRows = 128

  private static func check(
    _ c: TransformerConfiguration, _ shape: TokenBatch.Shape, _ checkpoint: String, _ owner: String
  ) throws {
    let tokenizer = "Take the checkpoint's own tokenizer: --set dataset.tokenizer=\(checkpoint)"
    let least = max(c.vocabulary - spareRows, c.vocabulary / 2) + 1
    guard (least...max(least, c.vocabulary)).contains(shape.vocabulary) else {
      throw BasinError.usage(
        "\(owner): the data set's vocabulary has \(shape.vocabulary) tokens, the checkpoint's \(c.vocabulary)",
        advice: tokenizer)
    }
    if let padding = c.padding, padding != shape.padding {
      throw BasinError.usage(
        "\(owner): padding is token \(shape.padding) in the data set, token \(padding) in the checkpoint",
        advice: tokenizer)
    }
    guard shape.length <= c.longestSequence else {
      throw BasinError.usage(
        "\(owner): sequences have up to \(shape.length) tokens, the checkpoint has positions for \(c.longestSequence)",
        advice: "Use --set dataset.maximumLength=\(c.longestSequence)")
    }
  }

  // MARK: Loading

  /// Copies the checkpoint's tensors into a model's, converted to their type.
  ///
  /// - Returns: The paths filled, and notes for a person.
  func fill(_ targets: [NamedTensor], by names: CheckpointNames) throws -> (paths: Set<String>, notes: [String]) {
    guard let folder else { return ([], []) }
    let (tensors, file) = try folder.tensors()
    let match = try names.match(targets, tensors, file: file)
    for (target, tensor) in match.found { try target.tensor.copy(from: tensor) }
    var notes: [String] = []
    if !match.fresh.isEmpty { notes.append("\(file): begins with fresh weights: \(match.fresh.joined(separator: ", "))") }
    if !match.unused.isEmpty { notes.append("\(file): not used: \(match.unused.joined(separator: ", "))") }
    return (Set(match.found.map(\.target.path)), notes)
  }

  // MARK: Saving

  /// config.json and the weights: `model.safetensors`, or parts of at most `shardBytes` with their index.
  ///
  /// - Parameter extras: keys of config.json beside the configuration's.
  func exportedFiles(
    _ tensors: [String: Tensor], extras: [String: Any], shardBytes: Int
  ) throws -> [(name: String, data: Data)] {
    var config = folder?.configuration.document ?? JSONDocument([:], file: "config.json")
    for (key, value) in ConfigurationFile.make(configuration).object { config.set(key, value) }
    for (key, value) in extras { config.set(key, value) }
    config.set("dtype", "float32")
    config.remove("torch_dtype")
    return [("config.json", try config.data())] + (try Self.weights(tensors, shardBytes: shardBytes))
  }

  private static let tokenizerNames = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "vocab.txt", "spiece.model", "generation_config.json",
  ]

  /// The files of a tokenizer in a folder (nil: in the checkpoint's).
  ///
  /// - Throws: `BasinError` where a folder that is given has none.
  func tokenizerFiles(in given: String?) throws -> [String] {
    guard let folder = given ?? folder?.path else { return [] }
    let files = Self.tokenizerNames.map { "\(folder)/\($0)" }.filter { FileManager.default.fileExists(atPath: $0) }
    guard !files.isEmpty || given == nil else {
      throw BasinError.missing(
        "the folder has no tokenizer", file: folder, advice: "It should hold \(Self.tokenizerNames.prefix(1).joined()), or vocab.txt, or vocab.json and merges.txt")
    }
    return files
  }

  private static func weights(_ tensors: [String: Tensor], shardBytes: Int) throws -> [(name: String, data: Data)] {
    var shards: [[(name: String, tensor: Tensor)]] = [[]]
    var sizes = [0]
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let bytes = tensor.count * tensor.dtype.size
      if sizes[sizes.count - 1] > 0, sizes[sizes.count - 1] + bytes > shardBytes {
        shards.append([])
        sizes.append(0)
      }
      shards[shards.count - 1].append((name, tensor))
      sizes[sizes.count - 1] += bytes
    }
    let metadata = ["format": "pt"]
    guard shards.count > 1 else { return [("model.safetensors", try Safetensors.encode(shards[0], metadata: metadata))] }
    var map: [String: String] = [:]
    var files: [(name: String, data: Data)] = []
    func five(_ number: Int) -> String { String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)" }
    for (index, shard) in shards.enumerated() {
      let name = "model-\(five(index + 1))-of-\(five(shards.count)).safetensors"
      for (tensor, _) in shard { map[tensor] = name }
      files.append((name, try Safetensors.encode(shard, metadata: metadata)))
    }
    let index = JSONDocument(
      ["metadata": ["total_size": sizes.reduce(0, +)], "weight_map": map], file: "model.safetensors.index.json")
    return files + [("model.safetensors.index.json", try index.data())]
  }
}
