/// The four classes of the `grammar` data set: who acts on whom, and whether the verb agrees with its subject.
public enum GrammarClass: Int32, Sendable, CaseIterable {
  case animalActs, animalActsWrongly, personActs, personActsWrongly

  public init(agentIsAnimal: Bool, agrees: Bool) {
    self = agentIsAnimal ? (agrees ? .animalActs : .animalActsWrongly) : (agrees ? .personActs : .personActsWrongly)
  }

  /// Whether an animal acts on a person, not a person on an animal.
  public var agentIsAnimal: Bool { self == .animalActs || self == .animalActsWrongly }
  /// Whether the verb has the number of its subject's head, whatever noun stands in between.
  public var agrees: Bool { self == .animalActs || self == .personActs }

  /// What reports call the class.
  public var name: String {
    switch self {
    case .animalActs: "animal-agrees"
    case .animalActsWrongly: "animal-disagrees"
    case .personActs: "person-agrees"
    case .personActsWrongly: "person-disagrees"
    }
  }
}
