import PluginAPI

extension TextCorpus {
  /// What `basin data inspect` tells: examples of each split, classes, the vocabulary of the whole training split, and
  /// warnings about what is likely a mistake.
  public func inspection(format: String) throws -> DataInspection {
    var result = DataInspection(format: format)
    if splits.train.values == nil { result.classes = splits.classNames.count }
    var examples: [String: Int] = [:]
    for split in Split.allCases {
      if let sentences = sentences(split) { examples[split.rawValue] = sentences.count }
    }
    for test in splits.furtherTests { examples[test.name] = test.sentences.count }
    result.examples = examples
    let known = try encoder ?? makeEncoder(Array(0..<splits.train.count))
    result.shape =
      "\(TokenBatch.Shape(vocabulary: known.vocabularyCount, length: encoding.maximumLength, padding: known.padding))"
    result.warnings = try (splits.notes + warnings(known)).map { DataInspection.Warning(message: $0) }
    return result
  }

  private func warnings(_ known: any SentenceEncoder) throws -> [String] {
    var warnings: [String] = []
    let parts = Split.allCases.compactMap { split in sentences(split).map { (split.rawValue, $0) } }
      + splits.furtherTests.map { ($0.name, $0.sentences) }
    for (name, sentences) in parts {
      if sentences.values == nil {
        let counts = sentences.labels.reduce(into: [Int](repeating: 0, count: sentences.classNames.count)) {
          $0[Int($1)] += 1
        }
        let absent = zip(sentences.classNames, counts).filter { $1 == 0 }.map(\.0)
        if !absent.isEmpty { warnings.append("\(name) has no example of class \(absent.joined(separator: ", "))") }
      }
      // One more than fits shows what would be cut.
      let encoded = try known.encode(sentences.texts, pairs: sentences.pairs, maximumLength: encoding.maximumLength + 1)
      let cut = (0..<encoded.count).count { encoded[$0].count > encoding.maximumLength }
      let kind = sentences.pairs == nil ? "sentences" : "pairs"
      if cut > 0 {
        warnings.append("\(cut) \(kind) of \(name) are cut to \(encoding.maximumLength) tokens (maximumLength)")
      }
      guard let unknown = known.unknown, sentences.pairs == nil else { continue }
      let blank = (0..<encoded.count).count { encoded[$0].dropFirst().allSatisfy { $0 == unknown } }
      if blank > 0 { warnings.append("\(blank) sentences of \(name) have no word of the vocabulary") }
    }
    return warnings + repetitions()
  }

  /// The same sentence or pair, more than once.
  private func repetitions() -> [String] {
    var warnings: [String] = []
    func keys(_ sentences: LabelledSentences) -> [String] {
      sentences.pairs.map { zip(sentences.texts, $0).map { "\($0)\u{0}\($1)" } } ?? sentences.texts
    }
    let kind = isPair ? "pairs" : "sentences"
    let train = splits.train
    var labels: [String: Float] = [:]
    var contradicting: Set<String> = []
    for (index, key) in keys(train).enumerated() {
      let label = train.values?[index] ?? Float(train.labels[index])
      if let other = labels[key], other != label { contradicting.insert(key) }
      labels[key] = label
    }
    if !contradicting.isEmpty {
      warnings.append("\(contradicting.count) \(kind) of train come with different labels")
    }
    for split in [Split.validation, .test] {
      guard let sentences = sentences(split) else { continue }
      let shared = keys(sentences).count { labels[$0] != nil }
      if shared > 0 { warnings.append("\(shared) \(kind) of \(split.rawValue) are in train too") }
    }
    return warnings
  }
}
