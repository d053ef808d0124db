/// What a sentence of the `grammar` data set is made of, before it is decided who does what and whether the verb
/// agrees.
///
/// Each of the four classes can be said with the words of any frame, and each uses every one of them exactly once: the
/// bag of words is independent of the class by construction. That needs both groups of nouns to hold a singular and a
/// plural: exchanging the head of the subject with the noun beside it then makes or breaks the agreement, and
/// exchanging the groups turns the action around.
public struct GrammarFrame: Sendable, Equatable {
  public enum Construction: Sendable, CaseIterable {
    /// `the dog near cats sees the farmer behind pilots`
    case active
    /// `the farmer behind pilots is seen by the dog near cats`
    case passive
    /// `the farmer behind pilots , the dog near cats sees`: the object in front
    case fronted
  }

  /// Two nouns of one kind, the first singular and the second plural, each with its article and adjective.
  struct Group: Sendable, Equatable {
    var singular: [String]
    var plural: [String]
    var preposition: String

    func words(head isSingular: Bool) -> [String] {
      isSingular ? singular + [preposition] + plural : plural + [preposition] + singular
    }
  }

  public let construction: Construction
  /// Whether the verb, or in the passive the auxiliary, has its singular form.
  public let verbIsSingular: Bool
  let animals: Group
  let people: Group
  /// Whether the head of the object is singular, which nothing depends on.
  let objectIsSingular: Bool
  let verb: GrammarLexicon.Verb
  let adverb: String?

  /// Draws a frame; every choice is independent of the class.
  init(using random: inout SplitMix64) {
    construction = random.chance(0.5) ? .active : random.chance(0.5) ? .passive : .fronted
    // Even odds would make the agreement an exclusive or of two numbers with no slope to either: a small transformer
    // was still guessing it after 14 epochs. At 3 to 1 it is learnt within ten, and classes still share every bag of
    // words.
    verbIsSingular = random.chance(0.75)
    objectIsSingular = random.chance(0.5)
    verb = random.pick(GrammarLexicon.verbs)
    adverb = random.chance(0.25) ? random.pick(GrammarLexicon.adverbs) : nil
    // At most two adjectives, so that sentences stay within 16 tokens.
    let adjectives = [random.chance(0.35) ? random.below(4) : nil, random.chance(0.35) ? random.below(4) : nil]
    func group(_ nouns: [GrammarLexicon.Noun], first: Int, _ random: inout SplitMix64) -> Group {
      func phrase(_ noun: String, article: String?, place: Int, _ random: inout SplitMix64) -> [String] {
        let adjective = adjectives.contains(place) ? random.pick(GrammarLexicon.adjectives) : nil
        return [article, adjective, noun].compactMap { $0 }
      }
      let article = random.chance(0.7) ? "the" : "a"
      let singular = phrase(random.pick(nouns).singular, article: article, place: first, &random)
      let pluralArticle = random.chance(0.5) ? "the" : nil
      let plural = phrase(random.pick(nouns).plural, article: pluralArticle, place: first + 1, &random)
      return Group(singular: singular, plural: plural, preposition: random.pick(GrammarLexicon.prepositions))
    }
    animals = group(GrammarLexicon.animals, first: 0, &random)
    people = group(GrammarLexicon.people, first: 2, &random)
  }

  /// The tokens of the frame said in a class; 9 to 16 of them. The same tokens, in other orders, for all four classes.
  public func tokens(_ meaning: GrammarClass) -> [String] {
    let subjectIsAgent = construction != .passive
    let subjectIsAnimal = meaning.agentIsAnimal == subjectIsAgent
    let headIsSingular = meaning.agrees == verbIsSingular
    let subject = (subjectIsAnimal ? animals : people).words(head: headIsSingular)
    let object = (subjectIsAnimal ? people : animals).words(head: objectIsSingular)
    let adverb = adverb.map { [$0] } ?? []
    let form = verbIsSingular ? verb.singular : verb.plural
    switch construction {
    case .active: return subject + adverb + [form] + object
    case .passive: return subject + [verbIsSingular ? "is" : "are"] + adverb + [verb.participle, "by"] + object
    case .fronted: return object + [","] + subject + adverb + [form]
    }
  }
}
