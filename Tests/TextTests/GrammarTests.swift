import PluginAPI
import Testing
import Text

@Suite("The grammar data set")
struct GrammarTests {
  private let generator = GrammarGenerator()

  @Test func sizesLengthsAndBalance() throws {
    let splits = try generator.splits()
    let test = try #require(splits.test)
    #expect(splits.train.count == 4000 && test.count == 1000 && splits.validation == nil)
    #expect(splits.classNames == ["animal-agrees", "animal-disagrees", "person-agrees", "person-disagrees"])
    let lengths = splits.train.texts.map { Tokenizer().tokens(in: $0).count }
    #expect(lengths.min() == 9 && lengths.max() == 16)
    #expect(try Vocabulary(texts: splits.train.texts).count == 3 + 104)
    for label in 0..<4 { #expect((900...1100).contains(splits.train.labels.count { $0 == Int32(label) })) }
    let known = Set(splits.train.texts)
    #expect(known.count > 3990)
    #expect(test.texts.count { known.contains($0) } < 10)
  }

  @Test func dependsOnTheSeedAlone() throws {
    #expect(try generator.splits() == GrammarGenerator().splits())
    #expect(try generator.splits() != GrammarGenerator(seed: 1).splits())
    let few = try GrammarGenerator(trainCount: 101, testCount: 9).splits()
    let many = try generator.splits()
    #expect(few.train.texts == Array(many.train.texts.prefix(101)))
    #expect(few.train.labels == Array(many.train.labels.prefix(101)))
    #expect(generator.example(0, of: .train) != generator.example(0, of: .test))
  }

  /// A bag of words says nothing of the class: every frame is said in all four with the same words.
  @Test func allClassesShareEachBag() {
    for index in 0..<2000 {
      let frame = generator.example(index, of: .train).frame
      let sentences = GrammarClass.allCases.map(frame.tokens)
      #expect(Set(sentences.map { $0.sorted() }).count == 1)
      #expect(Set(sentences).count == 4)
      for (meaning, tokens) in zip(GrammarClass.allCases, sentences) { #expect(GrammarOracle.read(tokens) == meaning) }
    }
  }

  @Test func whoReadsTheRuleIsRightUpToTheNoise() throws {
    let test = try #require(generator.splits().test)
    let right = zip(test.texts, test.labels).count { text, label in
      GrammarOracle.read(text.split(separator: " ").map(String.init))?.rawValue == label
    }
    #expect((0.93...0.97).contains(Double(right) / 1000))
    let clean = try GrammarGenerator(trainCount: 400, testCount: 4, labelNoise: 0).splits().train
    for (text, label) in zip(clean.texts, clean.labels) {
      #expect(GrammarOracle.read(text.split(separator: " ").map(String.init))?.rawValue == label)
    }
  }

  @Test func aBagOfWordsFails() throws {
    let splits = try generator.splits()
    let test = try #require(splits.test)
    let vocabulary = try Vocabulary(texts: splits.train.texts)
    let train = vocabulary.encode(splits.train.texts, addsClassification: false)
    let held = vocabulary.encode(test.texts, addsClassification: false)
    let bayes = BagOfWords.naiveBayes(train, splits.train.labels, words: vocabulary.count, classes: 4)
    let logistic = BagOfWords.logisticRegression(train, splits.train.labels, words: vocabulary.count, classes: 4)
    let (a, b) = (bayes.accuracy(held, test.labels), logistic.accuracy(held, test.labels))
    print("grammar, chance 0.25: naive Bayes \(a), logistic regression \(b)")
    #expect(a < 0.35 && b < 0.35)
  }

  /// The same classifiers do find a class that a word tells: the test above fails for the data's sake, not for theirs.
  @Test func aBagOfWordsFindsWhatABagHolds() throws {
    let splits = try generator.splits()
    let test = try #require(splits.test)
    let vocabulary = try Vocabulary(texts: splits.train.texts)
    func label(_ texts: [String]) -> [Int32] {
      texts.map { text in
        let words = text.split(separator: " ")
        return (words.contains("by") ? 1 : 0) + (words.contains("the") ? 2 : 0)
      }
    }
    let train = vocabulary.encode(splits.train.texts, addsClassification: false)
    let held = vocabulary.encode(test.texts, addsClassification: false)
    let labels = label(splits.train.texts)
    let logistic = BagOfWords.logisticRegression(train, labels, words: vocabulary.count, classes: 4)
    #expect(logistic.accuracy(held, label(test.texts)) > 0.9)
    let bayes = BagOfWords.naiveBayes(train, labels, words: vocabulary.count, classes: 4)
    #expect(bayes.accuracy(held, label(test.texts)) > 0.6)
  }

  @Test func impossibleSizesAreRefused() {
    for bad in [
      GrammarGenerator(trainCount: 0), GrammarGenerator(testCount: -1), GrammarGenerator(trainCount: .max),
      GrammarGenerator(labelNoise: 1.1), GrammarGenerator(labelNoise: .nan),
    ] {
      #expect(ReaderTestData.failure { try bad.splits() }?.kind == .usage)
    }
  }
}
