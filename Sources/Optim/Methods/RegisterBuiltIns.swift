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

  registry.add(schedule: "constant", ConstantRate.self, "the same rate all the time")
  registry.add(
    schedule: "linear-warmup", LinearWarmup.self, "a straight line up from 0, to go before another: linear-warmup,cosine@5ep")
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

  registry.add(schedule: "step", StepDecay.self, "the rate drops by a factor at even intervals")
  registry.add(schedule: "multi-step", MultiStepDecay.self, "the rate drops by a factor at milestones")
  registry.add(schedule: "exponential", ExponentialDecay.self, "the rate falls by the same factor in every epoch")
  registry.add(schedule: "polynomial", PolynomialDecay.self, "a power of what is left of the run, down to the floor")
  registry.add(schedule: "cosine-restarts", CosineRestarts.self, "half a cosine wave down in every cycle, each longer or alike")
  registry.add(schedule: "one-cycle", OneCycle.self, "up from a low rate to the initial one, then down to almost nothing")
  registry.add(schedule: "inverse-sqrt", InverseSquareRoot.self, "warm-up, then falling as 1 / sqrt(step)")
  registry.add(schedule: "triangular", TriangularRate.self, "a straight line up and one down in every cycle")
  registry.add(schedule: "swa-constant", SWAConstant.self, "hold, fall to a high tail for weight averaging, constant")
  registry.add(schedule: "points", PointsSchedule.self, "straight lines through points of one's own")

  registry.add(averaging: "none", NoAveraging.self, "the weights are never averaged")
  registry.add(averaging: "swa", SWA.self, "one average of the weights after every epoch late in the run")
  registry.add(averaging: "pswa", PSWA.self, "averages in cycles; each cycle starts from the average of the one before")
  registry.add(averaging: "ema", EMA.self, "an exponential moving average of the weights, sampled in every step")
  registry.add(averaging: "lawa", LAWA.self, "the mean of the latest few samples, one an epoch")
  registry.add(averaging: "swag", SWAG.self, "a Gaussian over the weights, evaluated by draws from it")
  registry.add(averaging: "suffix", SuffixAverage.self, "one average over the last part of the run, sampled in every step")

  for method in BuiltInMethods.all { registry.add(method) }
}
