import PluginAPI

/// Registers every optimizer, schedule, averaging policy and method of this library.
///
/// - Parameter registry: one with the module name `optim`.
public func registerBuiltIns(in registry: inout Registry) {
  registry.add(optimizer: "sgd", SGD.self, "stochastic gradient descent with momentum")
  registry.add(optimizer: "adam", Adam.self, "Adam, weight decay as an L2 penalty")
  registry.add(optimizer: "adamw", AdamW.self, "Adam with decoupled weight decay")
  registry.add(optimizer: "rmsprop", RMSprop.self, "gradients over the root of their mean square")
  registry.add(optimizer: "adagrad", Adagrad.self, "gradients over the root of the sum of their squares")
  registry.add(optimizer: "nadam", NAdam.self, "Adam with Nesterov momentum")
  registry.add(optimizer: "lion", Lion.self, "steps of one size along the sign of the momentum")
  registry.add(optimizer: "lamb", LAMB.self, "Adam's direction, as long in every tensor as the tensor, for large batches")
  registry.add(optimizer: "muon", Muon.self, "orthogonal steps for matrices and filters, AdamW for all else")
  registry.add(
    optimizer: "schedule-free-sgd", ScheduleFreeSGD.self, "SGD that averages its steps instead of lowering the rate")
  registry.add(
    optimizer: "schedule-free-adamw", ScheduleFreeAdamW.self, "AdamW that averages its steps instead of lowering the rate")
  registry.add(wrapper: "sam", SAM.self, "gradients from a point uphill of the weights: sam:sgd")
  registry.add(wrapper: "asam", ASAM.self, "sam, as far in each weight as the weight is large: asam:sgd")
  registry.add(wrapper: "lookahead", Lookahead.self, "slow weights that follow the optimizer inside: lookahead:adam")

  registry.add(schedule: "constant", ConstantRate.self, "the initial rate all the time")
  registry.add(schedule: "piecewise", PiecewiseLinear.self, "hold, a straight line down, a constant tail")
  registry.add(schedule: "linear", LinearDecay.self, "a straight line down to the floor")
  registry.add(schedule: "cosine", CosineDecay.self, "half a cosine wave down to the floor")
  registry.add(schedule: "cyclic", CyclicRate.self, "a straight line down to the floor in every cycle")
  registry.add(
    schedule: BackbonePlan.name, PaperSchedule<BackbonePlan>.self, "hold to 0.5 of the run, linear to 0.01 at 0.9, constant")
  registry.add(
    schedule: ConstantHighPlan.name, PaperSchedule<ConstantHighPlan>.self,
    "hold to 0.375 of the run, linear to the tail at 0.675, constant and high, or cyclic")
  registry.add(
    schedule: PeriodicPlan.name, PaperSchedule<PeriodicPlan>.self,
    "hold to 0.5 of the run, linear to the tail at 0.9, constant; or cyclic from 0.25")

  registry.add(averaging: "none", NoAveraging.self, "the weights are never averaged")
  registry.add(averaging: "swa", SWA.self, "one average of the weights after every epoch late in the run")
  registry.add(averaging: "pswa", PSWA.self, "averages in cycles; each cycle starts from the average of the one before")

  for method in BuiltInMethods.all { registry.add(method) }
}
