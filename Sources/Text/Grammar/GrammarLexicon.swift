/// The words of the `grammar` data set.
public enum GrammarLexicon {
  /// A noun in both numbers.
  public struct Noun: Sendable, Equatable {
    public let singular: String
    public let plural: String
  }

  /// A verb whose three forms differ: `the dog chases`, `the dogs chase`, `the dogs are chased`.
  public struct Verb: Sendable, Equatable {
    public let singular: String
    public let plural: String
    public let participle: String
  }

  public static let animals = nouns(
    "dog/dogs cat/cats horse/horses rabbit/rabbits goat/goats fox/foxes crow/crows wolf/wolves mouse/mice pig/pigs")
  public static let people = nouns(
    "farmer/farmers doctor/doctors baker/bakers pilot/pilots teacher/teachers singer/singers child/children "
      + "painter/painters woman/women sailor/sailors")
  public static let verbs = [
    "chases/chase/chased", "sees/see/seen", "knows/know/known", "draws/draw/drawn", "finds/find/found",
    "helps/help/helped", "follows/follow/followed", "hears/hear/heard", "greets/greet/greeted", "watches/watch/watched",
    "likes/like/liked", "calls/call/called",
  ].map { entry in
    let forms = entry.split(separator: "/").map(String.init)
    return Verb(singular: forms[0], plural: forms[1], participle: forms[2])
  }
  public static let prepositions = ["near", "behind", "beside", "above", "below", "opposite"]
  public static let adjectives = [
    "big", "small", "quiet", "grey", "clever", "tired", "strong", "young", "proud", "lazy",
  ]
  public static let adverbs = ["often", "rarely", "always", "sometimes", "usually", "never"]

  private static func nouns(_ list: String) -> [Noun] {
    list.split(separator: " ").map { entry in
      let forms = entry.split(separator: "/").map(String.init)
      return Noun(singular: forms[0], plural: forms[1])
    }
  }
}
