import Foundation
import PluginAPI
import Testing
import Text

@Suite("Tokenizers: bad input")
struct TokenizersBadInputTests {
  /// A small `tokenizer.json` with parts replaced; nil takes a name out.
  private func json(
    _ changes: [String: String] = [:], vocab: String = #"{"a": 0, "b": 1, "ab": 2}"#,
    merges: String = #"[["a", "b"]]"#
  ) -> String {
    var parts = [
      "model": #"{"type": "BPE", "vocab": \#(vocab), "merges": \#(merges)}"#,
      "pre_tokenizer": #"{"type": "ByteLevel"}"#,
    ]
    for (name, text) in changes { parts[name] = text }
    return "{\n" + parts.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",\n") + "\n}"
  }

  private func word(_ changes: [String: String] = [:], vocab: String = #"{"[UNK]": 0, "a": 1}"#) -> String {
    json(
      [
        "model": #"{"type": "WordPiece", "vocab": \#(vocab)}"#, "pre_tokenizer": #"{"type": "BertPreTokenizer"}"#,
      ].merging(changes) { $1 })
  }

  private func expectRefusal(
    _ text: String, _ message: String, _ place: String? = nil, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let error = ReaderTestData.failure(location) { try tokenizer(text) }
    #expect(error?.kind == .badData, sourceLocation: location)
    #expect(error?.message.contains(message) == true, "\(String(describing: error))", sourceLocation: location)
    #expect(error?.file?.hasSuffix("tokenizer.json") == true, "\(String(describing: error))", sourceLocation: location)
    if let place {
      #expect(error?.place?.contains(place) == true, "\(String(describing: error))", sourceLocation: location)
    }
  }

  @Test func theSmallOnesAreRead() throws {
    #expect(try tokenizer(json()).encode("abba").ids == [2, 1, 0])
    #expect(try tokenizer(word()).encode("a b").ids == [1, 0])
    #expect(try tokenizer(json(merges: #"["a b"]"#)).encode("ab").ids == [2])
  }

  @Test(arguments: [
    ("{", "expected a name in quotes", "line 1, column 2"), ("", "expected a JSON value", "line 1, column 1"),
    ("{\n  \"model\": {,\n}", "expected a name in quotes", "line 2, column 13"),
    ("{\"a\": 1} x", "text after the end", "line 1, column 10"), ("{\"a\" 1}", "expected \":\"", "line 1, column 6"),
    ("[1 2]", "expected \",\" or \"]\"", "line 1, column 4"), ("{\"a\": 01}", "leading zero", "line 1, column 7"),
    ("{\"a\": \"\\ud800\"}", "surrogate", "line 1, column 8"), ("{\"a\": \"\\q\"}", "escape", "line 1, column 8"),
    ("{\"a\": \"x", "without an end", "line 1, column 7"), ("{\"a\": tru}", "expected a JSON value", "line 1, column 7"),
    ("{\"a\": \"\n\"}", "control character", "line 1, column 8"), ("{\"a\": 1.}", "digit", "line 1, column 9"),
    ("[]", "expected an object", "line 1, column 1"), ("{}", "\"model\" is missing", "line 1, column 1"),
  ])
  func malformedJSON(text: String, message: String, place: String) throws {
    try expectRefusal(text, message, place)
  }

  @Test func deepNestingAndEncoding() throws {
    try expectRefusal(String(repeating: "[", count: 100_000), "nested deeper than 64")
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(Array("{\"model\": \"".utf8) + [0xC3, 0x28, 0x22, 0x7D], to: folder + "/tokenizer.json")
      let error = ReaderTestData.failure { try SubwordTokenizer(contentsOf: folder) }
      #expect(error?.kind == .badData && error?.place == "line 1, byte 11")
      #expect(error?.message.contains("not UTF-8") == true)
    }
  }

  @Test(arguments: ["Unigram", "WordLevel", "Mystery"])
  func otherKindsByName(kind: String) throws {
    try expectRefusal(json(["model": #"{"type": "\#(kind)", "vocab": []}"#]), "kind \(kind) is not supported", "model.type")
  }

  @Test func vocabularies() throws {
    try expectRefusal(json(vocab: "{}", merges: "[]"), "the vocabulary is empty")
    try expectRefusal(json(vocab: #"{"a": 0, "b": 0}"#, merges: "[]"), "number 0 is given twice", #"model.vocab["b"]"#)
    try expectRefusal(json(vocab: #"{"a": 0, "b": 2}"#, merges: "[]"), "none has number 1", #"model.vocab["b"]"#)
    try expectRefusal(json(vocab: #"{"a": 0, "a": 1}"#, merges: "[]"), "comes twice", #"model.vocab["a"]"#)
    try expectRefusal(json(vocab: #"{"a": -1}"#, merges: "[]"), "expected a number from 0", #"model.vocab["a"]"#)
    try expectRefusal(json(vocab: #"{"a": "0"}"#, merges: "[]"), "expected a whole number, found a string")
    try expectRefusal(json(vocab: #"{"a": 0.5}"#, merges: "[]"), "found 0.5")
    try expectRefusal(json(vocab: #"{"a": 99999999999}"#, merges: "[]"), "found 99999999999")
    try expectRefusal(word(vocab: #"{"a": 0}"#), "lacks the token \"[UNK]\"")
    // Two tokens that are one by canonical equivalence are two.
    let read = try tokenizer(word(vocab: #"{"[UNK]": 0, "e\u0301": 1, "\u00e9": 2}"#))
    #expect(read.vocabularySize == 3 && read.id(of: "e\u{301}") == 1 && read.id(of: "\u{e9}") == 2)
  }

  @Test func merges() throws {
    try expectRefusal(json(merges: #"[["a", "x"]]"#), "names the token \"x\"", "model.merges[0]")
    try expectRefusal(json(merges: #"[["a", "b"], ["b", "a"]]"#), "gives \"ba\"", "model.merges[1]")
    try expectRefusal(json(merges: #"["a"]"#), "two tokens, found 1", "model.merges[0]")
    try expectRefusal(json(merges: #"["a  b"]"#), "two tokens, found 3", "model.merges[0]")
    try expectRefusal(json(merges: "[3]"), "expected an array, found 3", "model.merges[0]")
    let bpe = { (more: String) in
      self.json(["model": #"{"type": "BPE", "vocab": {"a": 0}, "merges": [], \#(more)}"#])
    }
    try expectRefusal(bpe(#""dropout": 0.1"#), "dropout", "model.dropout")
    #expect(try tokenizer(bpe(#""dropout": 0.0"#)).vocabularySize == 1)
    try expectRefusal(bpe(#""byte_fallback": true"#), "byte_fallback", "model.byte_fallback")
    try expectRefusal(bpe(#""end_of_word_suffix": "</w>""#), "end_of_word_suffix", "model.end_of_word_suffix")
    try expectRefusal(bpe(#""unk_token": "?""#), "lacks the token \"?\"")
    try expectRefusal(bpe(#""fuse_unk": 1"#), "expected true or false, found 1", "model.fuse_unk")
    try expectRefusal(bpe(#""fuse_unk": true, "fuse_unk": true"#), "comes twice", "model.fuse_unk")
  }

  @Test func unknownBytes() throws {
    let bpe = { (more: String) in
      try tokenizer(self.json(["model": #"{"type": "BPE", "vocab": {"a": 0, "?": 1}, "merges": []\#(more)}"#]))
        .encode("xaxx").ids
    }
    // The prefix space is unknown too.
    #expect(try bpe("") == [0])
    #expect(try bpe(#", "unk_token": "?""#) == [1, 1, 0, 1, 1])
    #expect(try bpe(#", "unk_token": "?", "fuse_unk": true"#) == [1, 0, 1])
  }

  @Test func otherSections() throws {
    try expectRefusal(json(["normalizer": #"{"type": "Nmt"}"#]), "normalizer Nmt", "normalizer")
    try expectRefusal(
      json(["normalizer": #"{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace"}]}"#]),
      "normalizer Replace", "normalizer.normalizers[1]")
    try expectRefusal(json(["pre_tokenizer": #"{"type": "Metaspace"}"#]), "pre-tokenizer Metaspace", "pre_tokenizer")
    try expectRefusal(json(["pre_tokenizer": "null"]), "without a pre-tokenizer")
    try expectRefusal(json(["pre_tokenizer": #"{"type": "BertPreTokenizer"}"#]), "BPE behind BertPreTokenizer")
    try expectRefusal(word(["pre_tokenizer": #"{"type": "ByteLevel"}"#]), "WordPiece behind ByteLevel")
    try expectRefusal(json(["decoder": #"{"type": "CTC"}"#]), "decoder CTC", "decoder")
    try expectRefusal(json(["post_processor": #"{"type": "Odd"}"#]), "post-processor Odd", "post_processor")
    try expectRefusal(
      json(["post_processor": #"{"type": "BertProcessing", "sep": ["x"], "cls": ["y", 1]}"#]), "a token and its number",
      "post_processor.sep")
    try expectRefusal(
      json(["post_processor": #"{"type": "BertProcessing", "sep": ["x", 3], "cls": ["a", 0]}"#]), "number 3")
    let template = { (rest: String) in
      self.json(["post_processor": #"{"type": "TemplateProcessing", "pair": [], "special_tokens": {}, \#(rest)}"#])
    }
    try expectRefusal(
      template(#""single": [{"SpecialToken": {"id": "x", "type_id": 0}}]"#), "special_tokens lacks",
      "post_processor.single[0].SpecialToken.id")
    try expectRefusal(template(#""single": [{"Sequence": {"id": "B", "type_id": 0}}]"#), "unknown sequence")
    try expectRefusal(
      json(["truncation": #"{"max_length": 3, "strategy": "Middle"}"#]), "strategy of truncation", "truncation.strategy")
    try expectRefusal(
      json(["truncation": #"{"max_length": 3, "strategy": "OnlyFirst", "direction": "Up"}"#]), "direction")
    try expectRefusal(
      json(["padding": #"{"strategy": "Odd", "pad_id": 0, "pad_token": "x"}"#]), "strategy of padding")
    let sequence = #"{"type": "RobertaProcessing", "sep": ["a", 0], "cls": ["a", 0]}, {"type": "ByteLevel"}"#
    try expectRefusal(
      json(["post_processor": #"{"type": "Sequence", "processors": [\#(sequence)]}"#]), "behind one that puts in",
      "post_processor.processors[0]")
  }

  @Test func addedTokens() throws {
    let added = { (text: String) in self.json(["added_tokens": "[\(text)]"]) }
    #expect(try tokenizer(added(#"{"id": 3, "content": "<x>"}, {"id": 4, "content": "<y>"}"#)).encode("a<y>").ids.last == 4)
    try expectRefusal(added(#"{"id": 4, "content": "<x>"}"#), "next number in use behind the vocabulary is 3", "[0].id")
    try expectRefusal(added(#"{"id": 3, "content": "a"}"#), "the vocabulary gives it 0", "added_tokens[0].id")
    try expectRefusal(added(#"{"id": 3, "content": ""}"#), "without content", "added_tokens[0].content")
    try expectRefusal(added(#"{"id": 3, "content": "x"}, {"id": 4, "content": "x"}"#), "comes twice", "added_tokens[1]")
    try expectRefusal(added(#"{"id": 3}"#), "\"content\" is missing", "added_tokens[0]")
    try expectRefusal(added("7"), "expected an object, found 7", "added_tokens[0]")
  }

  /// The special one counts, then the first; the package takes one by the order of a hash table, another one in the next process.
  @Test func addedTokensThatNormalizeToTheSame() throws {
    func ids(_ first: Bool, _ second: Bool) throws -> [Int32] {
      let tokens = [("FOO", first), ("foo", second)].enumerated().map {
        #"{"id": \#($0 + 2), "content": "\#($1.0)", "normalized": true, "special": \#($1.1)}"#
      }
      return try tokenizer(word(["normalizer": #"{"type": "Lowercase"}"#, "added_tokens": "[\(tokens.joined(separator: ", "))]"]))
        .encode("a foo FOO").ids
    }
    for (first, second, expected) in [(false, false, 2), (true, true, 2), (true, false, 2), (false, true, 3)] as [(Bool, Bool, Int32)] {
      #expect(try ids(first, second) == [1, expected, expected])
    }
  }

  // MARK: - Files of other kinds

  private func failure(_ files: [String: String], _ location: SourceLocation = #_sourceLocation) -> BasinError? {
    ReaderTestData.failure(location) { try tokenizer(files) }
  }

  @Test func folders() throws {
    #expect(failure([:])?.kind == .missingInput)
    #expect(ReaderTestData.failure { try SubwordTokenizer(contentsOf: "/nowhere/at/all") }?.kind == .missingInput)
    #expect(failure(["vocab.json": #"{"a": 0}"#])?.kind == .missingInput)
    let files = ["vocab.json": #"{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}"#, "merges.txt": "#version: 0.2\na b\n"]
    let read = try tokenizer(files)
    #expect(try read.encode("ab<|endoftext|>b").ids == [2, 3, 1])
    #expect(read.specialTokens.end == 3 && read.specialTokens.unknown == 3)
    for (text, place, message) in [
      ("#version: 0.2\na b\na c\n", "line 3, column 3", "the token \"c\""), ("a b c\n", "line 1, column 1", "two tokens"),
      ("a b\n\na b\n", "line 2, column 1", "two tokens"), ("b a\n", "line 1, column 1", "gives \"ba\""),
    ] {
      let error = failure(files.merging(["merges.txt": text]) { $1 })
      #expect(error?.kind == .badData && error?.place == place, "\(String(describing: error))")
      #expect(error?.message.contains(message) == true, "\(String(describing: error))")
      #expect(error?.file?.hasSuffix("merges.txt") == true)
    }
  }

  @Test func wordVocabularies() throws {
    let words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfoo\n##bar\n"
    let read = try tokenizer(["vocab.txt": words])
    #expect(try read.encode("FOOBAR foo").ids == [2, 5, 6, 5, 3])
    // Upper-case words mean a cased vocabulary; the configuration and the caller say otherwise.
    #expect(try tokenizer(["vocab.txt": words + "Foo\n"]).encode("Foo").ids == [2, 7, 3])
    let config = ["vocab.txt": words + "Foo\n", "tokenizer_config.json": #"{"do_lower_case": true}"#]
    #expect(try tokenizer(config).encode("Foo").ids == [2, 5, 3])
    #expect(try tokenizer(config, lowercases: false).encode("Foo").ids == [2, 7, 3])
    let map = ###"{"pad_token": {"content": "foo"}, "mask_token": "##bar"}"###
    let named = ["vocab.txt": words, "special_tokens_map.json": map]
    let special = try tokenizer(named).specialTokens
    #expect(special.padding == 5 && special.mask == 6 && special.classification == 2)

    for (text, place, message) in [
      ("[UNK]\na\n\nb\n", "line 3, column 1", "empty line"), ("[UNK]\na\na\n", "line 3, column 1", "\"a\" comes twice"),
    ] {
      let error = failure(["vocab.txt": text])
      #expect(error?.kind == .badData && error?.place == place, "\(String(describing: error))")
      #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    }
    #expect(failure(["vocab.txt": ""])?.message.contains("empty") == true)
    #expect(failure(["vocab.txt": "a\n"])?.message.contains("[UNK]") == true)
  }

  @Test func fairseqDictionaries() throws {
    let files = ["encoder.json": #"{"a": 0, "b": 1, "ab": 2}"#, "vocab.bpe": "#version: 0.2\na b\n"]
    let with = { (text: String) in files.merging(["dict.txt": text]) { $1 } }
    let read = try tokenizer(with("2 9\n0 5\n1 3\nmadeupword0000 0\n"))
    #expect(try read.encode("abb").ids == [0, 4, 6, 2])
    #expect(read.id(of: "madeupword0000") == 7 && read.id(of: "<mask>") == 8 && read.vocabularySize == 9)
    for (text, message) in [
      ("2 9\n0 5\n", "no line names number 1"), ("2 9\n0 5\n1 3\n3 1\n", "no number 3"), ("2 9\n0\n1 3\n", "expected a number"),
      ("2 9\n0 5\n1 3\n1 3\n", "comes twice"), ("2 9\n0 x\n1 3\n", "expected a number"), ("", "no line names number 0"),
    ] {
      let error = failure(with(text))
      #expect(error?.kind == .badData && error?.message.contains(message) == true, "\(String(describing: error))")
      #expect(error?.file?.hasSuffix("dict.txt") == true)
    }
  }

  /// Damage anywhere gives an error or a tokenizer, never a crash.
  @Test func damageAnywhere() throws {
    let whole = Array(try #require(try TokenizersFixture.stored.get().cases.first { $0.name == "sequence" }).tokenizer.utf8)
    var random = TestRandom(state: 11)
    try ReaderTestData.withFolder { folder in
      for round in 0..<400 {
        var bytes = whole
        if round % 2 == 0 {
          bytes.removeLast(random.below(bytes.count))
        } else {
          for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
        }
        try ReaderTestData.write(bytes, to: folder + "/tokenizer.json")
        do {
          let read = try SubwordTokenizer(contentsOf: folder)
          _ = read.decode(try read.encode("the cat's <mask> Émile").ids)
        } catch let error as BasinError {
          #expect(error.kind == .badData || error.kind == .usage, "\(error)")
        }
      }
    }
  }
}
