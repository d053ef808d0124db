import PluginAPI
import Testing
import Text

/// Words of a prompt as tokens and back.
@Suite("Language generation")
struct LanguageGenerationTests {
  @Test func promptsAndTexts() throws {
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write("the cat sat\nthe cat ran\n", to: folder + "/train.txt")
      let data = try LanguageDataset(.init(), source: DataSource(name: "corpus", path: folder + "/train.txt"), random: Random(seed: 0))
      let the = try #require(data.words?.tokens.firstIndex(of: "the")), cat = try #require(data.words?.tokens.firstIndex(of: "cat"))
      #expect(try data.promptTokens("the cat") == [the, cat])
      #expect(try data.promptTokens(" the  cat\n") == [the, cat])
      #expect(try data.promptTokens("the\ncat") == [the, 0, cat])
      #expect(try data.promptTokens("the dog") == [the, 1])
      #expect(try data.promptTokens("") == [0])
      #expect(try data.text([the, cat, 0, the, 1]) == "the cat\nthe <unk>")
      #expect(data.endToken == 0)
      #expect(throws: BasinError.self) { try data.text([6]) }
    }
  }
}
