import PluginAPI

/// `none`: the weights are never averaged.
public struct NoAveraging: AveragingPolicy {
  public init(_ options: NoOptions) {}
  public func events(in run: RunLength) -> [AveragingEvent] { [] }
  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) -> any Averager { ParameterAverager(parameters) }
}
