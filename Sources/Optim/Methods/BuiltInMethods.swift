import PluginAPI

/// The methods of the paper, and other averages over its backbone: how the rate runs and when weights are averaged;
/// optimizer and tail rate come from the recipe.
public enum BuiltInMethods {
  public static let all = [
    Method("backbone", "training as usual: the rate falls to 0.01 of itself, no averaging", schedule: "backbone"),
    Method(
      "backbone-chc", "the rate stays constant and high (or cyclic) late in the run, no averaging", schedule: "backbone-chc"),
    Method(
      "wa", "backbone with one average of the last quarter: averaging without the high rate", schedule: "backbone",
      averaging: "swa", settings: ["averaging.start": "0.75dur"]),
    Method(
      "swa", "stochastic weight averaging: one average of the last quarter at a high rate", schedule: "backbone-chc",
      averaging: "swa", settings: ["averaging.start": "0.75dur"]),
    Method(
      "dswa", "double SWA: two cycles of a quarter of the run, the second from the first's average",
      schedule: "backbone-chc", averaging: "pswa", settings: cycles(start: "0.5dur", period: "0.25dur")),
    Method(
      "tswa", "triple SWA: three cycles of a fifth of the run, each from the average of the one before",
      schedule: "backbone-chc", averaging: "pswa", settings: cycles(start: "0.4dur", period: "0.2dur")),
    Method(
      "pswa", "periodic SWA: cycles of an eighth of the run, each from the average of the one before",
      schedule: "pswa", averaging: "pswa", settings: cycles(start: "0.25dur", period: "0.125dur")),
    Method("ema", "backbone with an exponential moving average of the weights", schedule: "backbone", averaging: "ema"),
    Method("lawa", "backbone with the mean of the weights after the latest epochs", schedule: "backbone", averaging: "lawa"),
    Method(
      "swag", "backbone with a Gaussian over the weights of the last quarter, evaluated by draws from it",
      schedule: "backbone", averaging: "swag"),
    Method(
      "suffix", "backbone with one average of the weights after every step of the last quarter", schedule: "backbone",
      averaging: "suffix"),
  ]

  private static func cycles(start: String, period: String) -> [String: String] {
    ["averaging.start": start, "averaging.period": period, "averaging.tail": "1dur"]
  }
}
