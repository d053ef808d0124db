import Text

/// Reads a sentence of the `grammar` data set by its rule, knowing words and their order but nothing of the generator.
enum GrammarOracle {
  private static let animals = Set(GrammarLexicon.animals.flatMap { [$0.singular, $0.plural] })
  private static let singularNouns = Set((GrammarLexicon.animals + GrammarLexicon.people).map(\.singular))
  private static let nouns = Set((GrammarLexicon.animals + GrammarLexicon.people).flatMap { [$0.singular, $0.plural] })
  private static let singularVerbs = Set(GrammarLexicon.verbs.map(\.singular) + ["is"])
  private static let verbs = singularVerbs.union(GrammarLexicon.verbs.map(\.plural) + ["are"])

  static func read(_ tokens: [String]) -> GrammarClass? {
    let finite = tokens.filter(verbs.contains)
    guard finite.count == 1, let verb = finite.first, let verbPlace = tokens.firstIndex(of: verb) else { return nil }
    // The subject begins the sentence, unless the object stands in front, before a comma; its head is its first noun.
    let subjectStart = tokens.firstIndex(of: ",").map { $0 + 1 } ?? 0
    guard subjectStart < verbPlace, let head = tokens[subjectStart..<verbPlace].first(where: nouns.contains) else {
      return nil
    }
    let subjectActs = !tokens.contains("by")
    return GrammarClass(
      agentIsAnimal: animals.contains(head) == subjectActs,
      agrees: singularNouns.contains(head) == singularVerbs.contains(verb))
  }
}
