import PluginAPI

/// - Parameter option: the name of the option that holds `landmark`.
/// - Throws: `BasinError` of kind usage for a length of more steps than there are.
func requireFit(_ steps: Int, _ landmark: Landmark, _ option: String, in part: RunPart, of owner: String) throws {
  guard steps <= part.steps else {
    let left = part.start > 0 ? "left for it" : "of the run"
    throw BasinError.usage(
      "\(owner): \(option), \(landmark) (\(steps) steps), is longer than the \(part.steps) steps \(left)",
      advice: "Set schedule.\(option) shorter, such as 0.1dur, or train for more epochs")
  }
}

/// - Throws: `BasinError` of kind usage for a length that rounds to fewer than `least` steps.
func requireSteps(
  _ steps: Int, _ landmark: Landmark, _ option: String, atLeast least: Int = 1, of owner: String
) throws {
  guard steps >= least else {
    throw BasinError.usage(
      "\(owner): \(option), \(landmark), is \(steps) steps of this run and must be at least \(least)",
      advice: "Set schedule.\(option) longer, such as 0.1dur")
  }
}
