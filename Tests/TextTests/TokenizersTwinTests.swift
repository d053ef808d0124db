import Foundation
import PluginAPI
import Testing
import Text

/// Merging, matching and learning against the plainest way to do each.
@Suite("Tokenizers against plain twins")
struct TokenizersTwinTests {
  private struct Document: Decodable {
    struct Model: Decodable {
      let vocab: [String: Int32]
      let merges: [[String]]?
    }
    let model: Model
  }

  private func document(_ read: SubwordTokenizer) throws -> Document {
    try JSONDecoder().decode(Document.self, from: Data(read.json()))
  }

  private func example(_ name: String) throws -> SubwordTokenizer {
    try tokenizer(try #require(try TokenizersFixture.stored.get().cases.first { $0.name == name }).tokenizer)
  }

  /// The leftmost pair of the smallest rank, again and again.
  private func merged(_ word: String, _ ranks: [[String]: Int]) -> [String] {
    var parts = word.map { String($0) }
    while true {
      var best: (rank: Int, place: Int)?
      for place in parts.indices.dropLast() {
        if let rank = ranks[[parts[place], parts[place + 1]]], rank < best?.rank ?? .max { best = (rank, place) }
      }
      guard let best else { return parts }
      parts[best.place] += parts.remove(at: best.place + 1)
    }
  }

  /// Words of every length, so that both ways to merge are met.
  @Test func merging() throws {
    let read = try example("roberta")
    let model = try document(read).model
    let ranks = Dictionary(uniqueKeysWithValues: try #require(model.merges).enumerated().map { ($1, $0) })
    var random = TestRandom(state: 3)
    let letters = Array("thesinrgwdlo")
    for length in Array(1...60) + [100, 200, 255, 256, 257, 700] {
      for _ in 0..<4 {
        let word = String((0..<length).map { _ in letters[random.below(letters.count)] })
        let expected = merged(word, ranks).compactMap { model.vocab[$0] }
        // Twice: the second comes from the cache.
        for _ in 0..<2 { #expect(try read.encode(word, addsSpecialTokens: false).ids == expected, "\(word)") }
      }
    }
    let run = String(repeating: "the", count: 20_000)
    #expect(read.decode(try read.encode(run, addsSpecialTokens: false).ids) == run)
  }

  @Test func longestMatch() throws {
    let read = try example("bert")
    let vocabulary = try document(read).model.vocab
    var random = TestRandom(state: 4)
    let letters = Array("thesinrgwdloa*é")
    for _ in 0..<2000 {
      let word = String((0..<1 + random.below(14)).map { _ in letters[random.below(letters.count)] })
      for part in word.replacingOccurrences(of: "é", with: "e").split(separator: "*", omittingEmptySubsequences: true) {
        var expected: [Int32] = []
        var rest = part[...]
        while !rest.isEmpty {
          let prefix = expected.isEmpty ? "" : "##"
          guard let length = (1...rest.count).reversed().first(where: { vocabulary[prefix + rest.prefix($0)] != nil })
          else {
            expected = [1]
            break
          }
          expected.append(vocabulary[prefix + rest.prefix(length)] ?? -1)
          rest = rest.dropFirst(length)
        }
        #expect(try read.encode(String(part), addsSpecialTokens: false).ids == expected)
      }
    }
  }

  /// More different words than a cache holds.
  @Test func cacheThatForgets() throws {
    let read = try example("roberta")
    let words = (0..<90_000).map { "t\(String($0, radix: 26))he\($0)" }
    let once = try words.indices.filter { $0 % 9000 < 3 }.map { ($0, try read.encode(words[$0]).ids) }
    let packed = try read.encode(words, threads: 1)
    let again = try read.encode(words, threads: 2)
    #expect(packed == again)
    for (index, ids) in once { #expect(Array(packed[index]) == ids) }
  }

  // MARK: - Learning

  @Test func trainedAsThePackageDoes() throws {
    for training in try TokenizersFixture.stored.get().training {
      for wanted in training.vocabularies {
        var trainer = SubwordTrainer()
        trainer.vocabularySize = wanted.size
        trainer.minimumFrequency = wanted.minimum
        trainer.specialTokens = ["<s>", "<unk>"]
        for (texts, threads) in [(training.texts, 1), (training.texts.reversed(), 2)] {
          trainer.threads = threads
          let read = try trainer.bytePair(from: texts)
          let model = try document(read).model
          let merges = try #require(model.merges)
          #expect(model.vocab.count == wanted.tokens && merges.count == wanted.merges)
          let tokens = model.vocab.sorted { $0.value < $1.value }.map(\.key)
          var sum = Checksum()
          sum.add((tokens + merges.map { $0.joined(separator: " ") }).joined(separator: "\n"))
          #expect(sum.hexadecimal == wanted.crc, "size \(wanted.size)")
        }
      }
    }
  }

  /// Counts all pairs anew for each join.
  private func learned(_ words: [(parts: [String], count: Int)], _ tokens: [String], size: Int, minimum: Int) -> [String] {
    var (words, tokens) = (words, tokens)
    while tokens.count < size {
      let numbers = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, $0) })
      var counts: [[String]: Int] = [:]
      for word in words {
        for (left, right) in zip(word.parts, word.parts.dropFirst()) { counts[[left, right], default: 0] += word.count }
      }
      let order = counts.sorted { a, b in
        if a.value != b.value { return a.value > b.value }
        let (x, y) = (a.key.compactMap { numbers[$0] }, b.key.compactMap { numbers[$0] })
        return x.lexicographicallyPrecedes(y)
      }
      guard let best = order.first, best.value >= max(1, minimum) else { break }
      let joined = best.key[0] + (best.key[1].hasPrefix("##") ? String(best.key[1].dropFirst(2)) : best.key[1])
      if numbers[joined] == nil { tokens.append(joined) }
      for index in words.indices {
        var place = 0
        while place + 1 < words[index].parts.count {
          if words[index].parts[place] == best.key[0], words[index].parts[place + 1] == best.key[1] {
            words[index].parts[place] = joined
            words[index].parts.remove(at: place + 1)
          }
          place += 1
        }
      }
    }
    return tokens
  }

  @Test func learningWordPiece() throws {
    let texts = try #require(try TokenizersFixture.stored.get().training.first).texts.filter {
      $0.utf8.allSatisfy { $0 < 0x80 }
    }.map { $0.lowercased() }
    let words = texts.flatMap { $0.split { !$0.isLetter && !$0.isNumber }.map(String.init) }
    // Punctuation is a word of its own, and only its letter counts.
    let marks = Set(texts.joined().filter { !$0.isLetter && !$0.isNumber && $0 != " " })
    let letters = Set(words.joined()).union(marks).sorted()
    let continuing = Set(words.flatMap { $0.dropFirst() }).sorted()
    let counted = Dictionary(grouping: words) { $0 }.mapValues(\.count)
    let split = counted.map { word, count in
      (parts: word.enumerated().map { $0 == 0 ? String($1) : "##\($1)" }, count: count)
    }
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    for (size, minimum) in [(90, 1), (150, 2), (260, 1)] {
      var trainer = SubwordTrainer()
      trainer.vocabularySize = size
      trainer.minimumFrequency = minimum
      let read = try trainer.wordPiece(from: texts)
      let expected = learned(
        split, special + letters.map(String.init) + continuing.map { "##\($0)" }, size: size, minimum: minimum)
      let tokens = (0..<Int32(read.vocabularySize)).compactMap { read.token($0) }
      #expect(tokens == expected)
      #expect(tokens.count > special.count + letters.count + continuing.count)
      #expect(try read.encode("").ids == [2, 3])
    }
  }

  @Test func limitsOfLearning() throws {
    var trainer = SubwordTrainer()
    trainer.alphabetLimit = 3
    trainer.minimumFrequency = 1
    let read = try trainer.wordPiece(from: ["aaa aab bbb ccz", "bca"])
    // a and b are the most frequent, then c; z is unknown.
    #expect(["a", "b", "c", "##a", "##b", "##c"].allSatisfy { read.id(of: $0) != nil })
    #expect(read.id(of: "z") == nil && read.id(of: "##z") == nil)
    #expect(try read.encode("ccz", addsSpecialTokens: false).ids == [1])

    #expect(ReaderTestData.failure { try trainer.wordPiece(from: []) }?.kind == .badData)
    #expect(ReaderTestData.failure { try trainer.bytePair(from: ["", ""]) }?.kind == .badData)
    trainer.specialTokens = ["[CLS]"]
    #expect(ReaderTestData.failure { try trainer.wordPiece(from: ["a"]) }?.message.contains("[UNK]") == true)
    for special in [["<s>", "<s>"], [""]] {
      trainer.specialTokens = special
      #expect(ReaderTestData.failure { try trainer.bytePair(from: ["a"]) }?.kind == .usage)
    }
    trainer.specialTokens = nil
    trainer.vocabularySize = 0
    #expect(ReaderTestData.failure { try trainer.bytePair(from: ["a"]) }?.kind == .usage)
  }
}
