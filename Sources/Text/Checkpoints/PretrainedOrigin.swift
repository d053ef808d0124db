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
    // Rows to spare, or another vocabulary: its own tokenizer tells.
    if shape.vocabulary < c.vocabulary, let own = try? SubwordTokenizer(contentsOf: checkpoint).vocabularySize, own != shape.vocabulary {
      throw BasinError.usage(
        "\(owner): the data set's vocabulary has \(shape.vocabulary) tokens, the checkpoint's tokenizer \(own)", advice: tokenizer)
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
    let damaged = try match.found.filter { try !Self.isFinite($0.tensor) }.map(\.target.path)
    guard damaged.isEmpty else {
      throw BasinError.badData(
        "holds infinite numbers or such that are none (NaN): \(damaged.joined(separator: ", "))", file: file,
        advice: "Whatever wrote it diverged: use an earlier checkpoint")
    }
    for (target, tensor) in match.found { try target.tensor.copy(from: tensor) }
    var notes: [String] = []
    if !match.fresh.isEmpty { notes.append("\(file): begins with fresh weights: \(match.fresh.joined(separator: ", "))") }
    if !match.unused.isEmpty { notes.append("\(file): not used: \(match.unused.joined(separator: ", "))") }
    return (Set(match.found.map(\.target.path)), notes)
  }

  /// Puts the rows of an output layer in the order of the data set's classes where the checkpoint names the same ones in
  /// another: MNLI's come in at least three orders. Capital letters and `-` for `_` make no difference.
  ///
  /// - Returns: a note for a person where rows moved, or where other names are taken by their number.
  func orderRows(_ tensors: [Tensor], by classNames: [String]) throws -> String? {
    guard let folder, let given = folder.configuration.classNames, given.count == classNames.count else { return nil }
    func plain(_ name: String) -> String { name.lowercased().replacingOccurrences(of: "-", with: "_").replacingOccurrences(of: " ", with: "_") }
    let there = given.map(plain), wanted = classNames.map(plain)
    guard there != wanted else { return nil }
    let file = folder.configuration.document.file
    guard Set(there) == Set(wanted), Set(there).count == there.count else {
      // Names that say nothing.
      guard there != there.indices.map({ "label_\($0)" }) else { return nil }
      return "\(file): the classes \(given.joined(separator: ", ")) are taken for \(classNames.joined(separator: ", ")), in this order"
    }
    let rows = try Tensor(wanted.compactMap { there.firstIndex(of: $0) }.map(Int64.init))
    for tensor in tensors { try tensor.copy(from: tensor.rows(rows)) }
    return "\(file): its classes \(given.joined(separator: ", ")) are put in the data set's order, \(classNames.joined(separator: ", "))"
  }

  private static let finite = Operator("aten::isfinite"), all = Operator("aten::all")
  private static func isFinite(_ tensor: Tensor) throws -> Bool {
    try all(.tensor(finite(.tensor(tensor)))).to(.float32).item() == 1
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

  /// How the checkpoint's authors generate; and the files of a tokenizer in a folder that is given.
  ///
  /// - Throws: `BasinError` where a folder that is given has no tokenizer.
  func companionFiles(in given: String?) throws -> [String] {
    func files(_ folder: String, _ names: [String]) -> [String] {
      names.map { "\(folder)/\($0)" }.filter { FileManager.default.fileExists(atPath: $0) }
    }
    let generation = folder.map { files($0.path, ["generation_config.json"]) } ?? []
    guard let given else { return generation }
    // SentencePiece's too, which Basin itself does not read.
    let tokenizer = files(given, TokenizerExport.names + ["spiece.model"])
    guard !tokenizer.isEmpty else {
      throw BasinError.missing(
        "the folder has no tokenizer", file: given, advice: "It should hold tokenizer.json, or vocab.txt, or vocab.json and merges.txt")
    }
    return generation + tokenizer
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
