extension TokenizerDefinition {
  /// A byte-level BPE as RoBERTa uses it where the vocabulary has `<s>`, `<pad>` and `</s>`, else as GPT-2 does: no
  /// tokens around a text.
  static func byteLevel(
    _ vocabulary: SubwordVocabulary, _ options: BytePair, addsPrefixSpace: Bool, file: String
  ) -> TokenizerDefinition {
    var definition = TokenizerDefinition(
      file: file, vocabulary: vocabulary, model: .bytePair(options),
      preTokenizer: .byteLevel(addsPrefixSpace: addsPrefixSpace, trimsOffsets: true, usesPattern: true),
      decoder: .byteLevel(addsPrefixSpace: true, trimsOffsets: true, usesPattern: true))
    if let begin = vocabulary.id("<s>"), let end = vocabulary.id("</s>"), vocabulary.id("<pad>") != nil {
      definition.added = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"].compactMap { name in
        guard let id = vocabulary.id(name) else { return nil }
        var token = AddedToken(name, id: id)
        // RoBERTa's mask takes the space before it along.
        token.stripsLeft = name == "<mask>"
        return token
      }.sorted { $0.id < $1.id }
      definition.postProcessor = .roberta(
        separator: PostProcessor.Special(token: "</s>", id: end),
        classifier: PostProcessor.Special(token: "<s>", id: begin), trimsOffsets: true,
        addsPrefixSpace: addsPrefixSpace)
    } else {
      definition.postProcessor = .byteLevel(addsPrefixSpace: true, trimsOffsets: false, usesPattern: true)
      if let id = vocabulary.id("<|endoftext|>") {
        definition.added = [AddedToken("<|endoftext|>", id: id)]
        definition.names["unk_token"] = "<|endoftext|>"
      }
    }
    return definition
  }

  /// A WordPiece as BERT uses it: `[CLS] A [SEP]`, and `[CLS] A [SEP] B [SEP]` with the second text and what ends it of
  /// type 1.
  static func bert(
    _ vocabulary: SubwordVocabulary, _ options: WordPiece, _ normalizer: TextNormalizer, file: String
  ) -> TokenizerDefinition {
    var definition = TokenizerDefinition(
      file: file, vocabulary: vocabulary, model: .wordPiece(options), normalizer: normalizer, preTokenizer: .bert,
      decoder: .wordPiece(prefix: options.prefix, cleansUp: true))
    definition.added = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { name in
      vocabulary.id(name).map { AddedToken(name, id: $0) }
    }.sorted { $0.id < $1.id }
    if let classifier = vocabulary.id("[CLS]"), let separator = vocabulary.id("[SEP]") {
      let single: [PostProcessor.Piece] = [
        .special("[CLS]", segment: 0), .sequence(0, segment: 0), .special("[SEP]", segment: 0),
      ]
      definition.postProcessor = .template(
        single: single, pair: single + [.sequence(1, segment: 1), .special("[SEP]", segment: 1)],
        tokens: [
          PostProcessor.TemplateToken(id: "[CLS]", ids: [classifier], tokens: ["[CLS]"]),
          PostProcessor.TemplateToken(id: "[SEP]", ids: [separator], tokens: ["[SEP]"]),
        ])
    }
    return definition
  }
}
