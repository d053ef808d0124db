import Foundation
import PluginAPI
import Testing
import Text

@Suite("Tokenizers against the package tokenizers")
struct TokenizersParityTests {
  /// Every text alone and with the next one as a pair.
  private func encodings(_ tokenizer: SubwordTokenizer, _ texts: [String], pairs: Bool) throws -> [Encoding?] {
    texts.indices.map {
      try? tokenizer.encode(texts[$0], pair: pairs ? texts[($0 + 1) % texts.count] : nil)
    }
  }

  @Test func fixtureIsWhole() throws {
    let fixture = try TokenizersFixture.stored.get()
    #expect(fixture.cases.count >= 19)
    #expect(fixture.texts.count >= 150)
    #expect(fixture.cases.allSatisfy { $0.single.count == fixture.texts.count * 16 })
  }

  @Test(arguments: (try? TokenizersFixture.stored.get().cases) ?? [])
  func numbersTypesAndOffsets(_ example: TokenizersFixture.Case) throws {
    let texts = try TokenizersFixture.stored.get().texts
    let read = try tokenizer(example.tokenizer)
    for (isPair, expected) in [(false, example.single), (true, example.pair)] {
      let sums = try encodings(read, texts, pairs: isPair).map(Checksum.of)
      let wanted = Array(expected.utf8)
      for (index, sum) in sums.enumerated() {
        let want = String(decoding: wanted[index * 16..<index * 16 + 16], as: UTF8.self)
        #expect(sum == want, "text \(index)\(isPair ? " as a pair" : ""): \(texts[index].debugDescription)")
      }
    }
  }

  @Test(arguments: (try? TokenizersFixture.stored.get().cases) ?? [])
  func truncationAndBareSequences(_ example: TokenizersFixture.Case) throws {
    let texts = try TokenizersFixture.stored.get().texts
    let read = try tokenizer(example.tokenizer)
    for (name, expected) in example.cut.sorted(by: { $0.key < $1.key }) {
      let words = name.split(separator: " ")
      let strategy = try #require(TruncationStrategy(rawValue: String(words[0])))
      let maximum = try #require(Int(words[1]))
      var sum = Checksum()
      for (index, text) in texts.enumerated() {
        let encoding = try? read.encode(
          text, pair: texts[(index + 1) % texts.count], maximumLength: maximum, truncation: strategy)
        #expect(encoding.map { $0.count <= maximum } ?? true)
        sum.addNumbers(encoding)
        sum.addOffsets(encoding)
      }
      #expect(sum.hexadecimal == expected, "\(name)")
    }
    var bare = Checksum()
    for (index, text) in texts.enumerated() {
      let encoding = try? read.encode(text, pair: texts[(index + 1) % texts.count], addsSpecialTokens: false)
      bare.addNumbers(encoding)
      bare.addOffsets(encoding)
    }
    #expect(bare.hexadecimal == example.bare)
  }

  @Test(arguments: (try? TokenizersFixture.stored.get().cases) ?? [])
  func decoding(_ example: TokenizersFixture.Case) throws {
    let read = try tokenizer(example.tokenizer)
    var lines: [String] = []
    for text in try TokenizersFixture.stored.get().texts {
      let ids = try read.encode(text).ids
      lines.append(read.decode(ids))
      lines.append(read.decode(ids, skipsSpecialTokens: false))
    }
    var sum = Checksum()
    sum.add(lines.joined(separator: "\n"))
    #expect(sum.hexadecimal == example.decoded)
  }

  /// What is written is what the package writes, byte for byte.
  @Test(arguments: (try? TokenizersFixture.stored.get().cases) ?? [])
  func writing(_ example: TokenizersFixture.Case) throws {
    let read = try tokenizer(example.tokenizer)
    #expect(String(decoding: read.json(), as: UTF8.self) == example.tokenizer)
    try ReaderTestData.withFolder { folder in
      try read.save(to: folder)
      let again = try SubwordTokenizer(contentsOf: folder + "/tokenizer.json")
      #expect(again.json() == read.json())
      let error = ReaderTestData.failure { try read.save(to: folder + "/missing/tokenizer.json") }
      #expect(error?.kind == .cannotCreate)
    }
  }

  @Test(arguments: (try? TokenizersFixture.stored.get().cases) ?? [])
  func batchesOnManyThreads(_ example: TokenizersFixture.Case) throws {
    let texts = try TokenizersFixture.stored.get().texts
    let read = try tokenizer(example.tokenizer)
    let many = (0..<6).flatMap { _ in texts }
    let pairs = many.indices.map { many[($0 + 1) % many.count] }
    for threads in [1, 2, 5] {
      let packed = try read.encode(many, wantsSpans: true, threads: threads)
      #expect(packed.count == many.count)
      #expect(packed.spans?.count == packed.ids.count)
      let bare = try read.encode(many, threads: threads)
      #expect(bare.ids == packed.ids && bare.offsets == packed.offsets && bare.spans == nil)
      // The strategy of this one's file refuses some pairs.
      let both = try read.encode(many, pairs: pairs, truncation: .longestFirst, threads: threads)
      for index in many.indices {
        let one = try read.encode(many[index])
        #expect(Array(packed[index]) == one.ids)
        #expect(packed.spans.map { Array($0[packed.offsets[index]..<packed.offsets[index + 1]]) } == one.offsets)
        let pair = try read.encode(many[index], pair: pairs[index], truncation: .longestFirst)
        #expect(Array(both[index]) == pair.ids)
        let range = both.offsets[index]..<both.offsets[index + 1]
        #expect(both.segments.map { Array($0[range]) } ?? Array(repeating: 0, count: range.count) == pair.segments)
      }
    }
  }

  @Test func theSameFromManyThreadsAtOnce() async throws {
    let fixture = try TokenizersFixture.stored.get()
    let example = try #require(fixture.cases.first { $0.name == "bert" })
    let read = try tokenizer(example.tokenizer)
    let expected = try fixture.texts.map { try read.encode($0) }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<4 {
            for (text, want) in zip(fixture.texts, expected) where try read.encode(text) != want { return false }
          }
          return true
        }
      }
      for try await isEqual in group { #expect(isEqual) }
    }
  }

  @Test func scalarOffsets() throws {
    let fixture = try TokenizersFixture.stored.get()
    let example = try #require(fixture.cases.first { $0.name == "roberta" })
    let read = try tokenizer(example.tokenizer)
    let (first, second) = ("añb 漢字 cat", "é the 𝔘 mat")
    let encoding = try read.encode(first, pair: second)
    let scalars = [Array(first.unicodeScalars), Array(second.unicodeScalars)]
    let bytes = [Array(first.utf8), Array(second.utf8)]
    for (index, range) in encoding.scalarOffsets(in: first, second).enumerated() {
      guard let source = encoding.sources[index] else {
        #expect(range == 0..<0)
        continue
      }
      var part = String.UnicodeScalarView()
      part.append(contentsOf: scalars[source][range])
      #expect(String(part) == String(decoding: bytes[source][encoding.offsets[index]], as: UTF8.self))
    }
  }

  @Test func specialTokens() throws {
    let fixture = try TokenizersFixture.stored.get()
    let roberta = try tokenizer(try #require(fixture.cases.first { $0.name == "roberta" }).tokenizer)
    let special = roberta.specialTokens
    #expect(special.beginning == 0 && special.classification == 0 && special.padding == 1)
    #expect(special.end == 2 && special.separator == 2 && special.unknown == 3 && special.mask == 4)
    #expect(roberta.kind == .bytePair && roberta.vocabularySize == 341)
    #expect(roberta.specialTokenCount() == 2 && roberta.specialTokenCount(isPair: true) == 4)
    #expect(roberta.id(of: "<mask>") == 4 && roberta.token(4) == "<mask>" && roberta.token(341) == nil)
    let bert = try tokenizer(try #require(fixture.cases.first { $0.name == "bert" }).tokenizer).specialTokens
    #expect(bert.padding == 0 && bert.unknown == 1 && bert.classification == 2 && bert.separator == 3 && bert.mask == 4)
  }

  /// A text that stops early because of the maximum gives the same tokens as one that is cut.
  @Test func longTexts() throws {
    let example = try #require(try TokenizersFixture.stored.get().cases.first { $0.name == "roberta" })
    let read = try tokenizer(example.tokenizer)
    let text = String(repeating: "the cat sat ", count: 5000)
    let whole = try read.encode(text)
    for maximum in [2, 3, 17, 1000] {
      let cut = try read.encode(text, maximumLength: maximum)
      #expect(cut.ids == [0] + whole.ids[1..<maximum - 1] + [2])
      #expect(cut.offsets.dropLast() == whole.offsets[0..<maximum - 1])
    }
    let error = ReaderTestData.failure { try read.encode(text, maximumLength: 1) }
    #expect(error?.kind == .usage)
    #expect(error?.advice?.contains("2 or more") == true)
    #expect(try read.encode(text, maximumLength: 5, truncation: TruncationStrategy.none).count == whole.count)
  }
}
