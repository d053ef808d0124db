import PluginAPI

/// - Throws: `BasinError` of kind usage where averaging would start when the run is over.
func requireStart(_ start: Int, _ landmark: Landmark, before run: RunLength, of owner: String) throws {
  guard start < run.steps else {
    throw BasinError.usage(
      "\(owner): the start, \(landmark) (step \(start)), is not before the end of the run at step \(run.steps)",
      advice: "Set averaging.start lower, such as 0.75dur, or train for more epochs")
  }
}

/// - Throws: `BasinError` of kind usage where there is nothing to average: no parameter, or none that is trained.
func requireTrained(_ parameters: [NamedTensor], of owner: String) throws {
  guard !parameters.contains(where: { $0.role == .parameter && $0.tensor.requiresGradient }) else { return }
  throw BasinError.usage(
    "\(owner): every parameter is frozen, so that there is nothing to average",
    advice: "Train some of the parameters, or take --averaging none and no observers")
}
