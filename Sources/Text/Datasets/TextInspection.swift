import PluginAPI

extension TextCorpus {
  /// What `basin data inspect` tells: examples of each split, classes, the vocabulary of the whole training split, and
  /// warnings about what is likely a mistake.
  public func inspection(format: String) throws -> DataInspection {
    var result = DataInspection(format: format)
    result.classes = splits.classNames.count
    var examples: [String: Int] = [:]
    for split in Split.allCases {
      if let sentences = sentences(split) { examples[split.rawValue] = sentences.count }
    }
    result.examples = examples
    let known = try vocabulary ?? learnVocabulary(from: splits.train.texts)
    result.shape =
      "\(TokenBatch.Shape(vocabulary: known.count, length: encoding.maximumLength, padding: Int(Vocabulary.padding)))"
    result.warnings = warnings(known).map { DataInspection.Warning(message: $0) }
    return result
  }

  private func warnings(_ known: Vocabulary) -> [String] {
    var warnings: [String] = []
    for split in Split.allCases {
      guard let sentences = sentences(split) else { continue }
      let name = split.rawValue
      let counts = sentences.labels.reduce(into: [Int](repeating: 0, count: sentences.classNames.count)) {
        $0[Int($1)] += 1
      }
      let absent = zip(sentences.classNames, counts).filter { $1 == 0 }.map(\.0)
      if !absent.isEmpty { warnings.append("\(name) has no example of class \(absent.joined(separator: ", "))") }
      // One more than fits shows what would be cut.
      let encoded = known.encode(sentences.texts, maximumLength: encoding.maximumLength + 1)
      let cut = (0..<encoded.count).count { encoded[$0].count > encoding.maximumLength }
      if cut > 0 {
        warnings.append("\(cut) sentences of \(name) are cut to \(encoding.maximumLength) tokens (maximumLength)")
      }
      let blank = (0..<encoded.count).count { encoded[$0].dropFirst().allSatisfy { $0 == Vocabulary.unknown } }
      if blank > 0 { warnings.append("\(blank) sentences of \(name) have no word of the vocabulary") }
    }
    var labels: [String: Int32] = [:]
    var contradicting: Set<String> = []
    for (text, label) in zip(splits.train.texts, splits.train.labels) {
      if let other = labels[text], other != label { contradicting.insert(text) }
      labels[text] = label
    }
    if !contradicting.isEmpty {
      warnings.append("\(contradicting.count) sentences of train come with different labels")
    }
    for split in [Split.validation, .test] {
      guard let sentences = sentences(split) else { continue }
      let shared = sentences.texts.count { labels[$0] != nil }
      if shared > 0 { warnings.append("\(shared) sentences of \(split.rawValue) are in train too") }
    }
    return warnings
  }
}
