/// What is done to a text before it is cut into words.
indirect enum TextNormalizer: Sendable, Equatable {
  /// BERT's: `stripsAccents` nil does as `lowercases`.
  case bert(cleans: Bool, separatesIdeographs: Bool, stripsAccents: Bool?, lowercases: Bool)
  case nfc, nfd, nfkc, nfkd
  case lowercase
  /// Removes marks; of use behind a decomposition.
  case stripAccents
  case strip(left: Bool, right: Bool)
  case sequence([TextNormalizer])

  func apply(to text: NormalizedText) {
    switch self {
    case .bert(let cleans, let separatesIdeographs, let stripsAccents, let lowercases):
      if cleans { text.clean() }
      if separatesIdeographs { text.separateIdeographs() }
      if stripsAccents ?? lowercases {
        text.normalize(compatibly: false, composes: false)
        text.remove(UnicodeTables.Flag.nonspacingMark)
      }
      if lowercases { text.lowercase() }
    case .nfc: text.normalize(compatibly: false, composes: true)
    case .nfd: text.normalize(compatibly: false, composes: false)
    case .nfkc: text.normalize(compatibly: true, composes: true)
    case .nfkd: text.normalize(compatibly: true, composes: false)
    case .lowercase: text.lowercase()
    case .stripAccents: text.remove(UnicodeTables.Flag.mark)
    case .strip(let left, let right): text.strip(left: left, right: right)
    case .sequence(let steps): for step in steps { step.apply(to: text) }
    }
  }
}

/// How a text is cut into words, which the model then splits one by one.
enum PreTokenizer: Sendable, Equatable {
  /// GPT-2's words over bytes. `trimsOffsets` has no effect here; it is kept for writing.
  case byteLevel(addsPrefixSpace: Bool, trimsOffsets: Bool, usesPattern: Bool)
  /// At white space, with every punctuation mark a word of its own.
  case bert
}
