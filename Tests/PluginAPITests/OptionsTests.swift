import PluginAPI
import Testing

private struct Settings: Options {
  enum Pooling: String, CaseIterable, Sendable { case mean, cls }
  var hidden = 16
  var rate = 0.5
  var free = 1.0
  var residual = true
  var pooling = Pooling.mean
  var start = Landmark(0.25, .duration)
  var title = "none"
  static var fields: [Field<Settings>] {
    [
      Field("hidden", \.hidden, in: 1...4096, "width"), Field("rate", \.rate, in: 0...0.9, "dropout"),
      Field("free", \.free, "any number"), Field("residual", \.residual, "shortcuts"),
      Field("pooling", \.pooling, choices: Pooling.self, "pooling"), Field("start", \.start, "when"),
      Field("title", text: \.title, "label"),
    ]
  }
}

struct OptionsTests {
  @Test func defaultsAreListed() throws {
    let options = try Settings(settings: [:], of: "model m")
    #expect(
      options.values == [
        "hidden": "16", "rate": "0.5", "free": "1.0", "residual": "true", "pooling": "mean", "start": "0.25dur",
        "title": "none",
      ])
    let descriptions = Settings.descriptions
    #expect(descriptions.map(\.name) == ["hidden", "rate", "free", "residual", "pooling", "start", "title"])
    #expect(
      descriptions[0].allowed == "1 to 4096" && descriptions[0].defaultValue == "16" && descriptions[0].help == "width")
    #expect(descriptions[4].allowed == "mean, cls")
    #expect(descriptions[0].with(default: "8").with(prefix: "model.").name == "model.hidden")
    #expect(NoOptions.descriptions.isEmpty)
  }

  @Test func settingsAreWrittenOverDefaults() throws {
    let settings = [
      "hidden": "4096", "rate": "0", "free": "-1e3", "residual": "false", "pooling": "cls", "start": "40ep",
      "title": "a b",
    ]
    let options = try Settings(settings: settings, of: "model m")
    #expect(options.hidden == 4096 && options.rate == 0 && options.free == -1000 && !options.residual)
    #expect(options.pooling == .cls && options.start == Landmark(40, .epochs) && options.title == "a b")
    #expect(try Settings(settings: options.values, of: "model m").values == options.values)
  }

  @Test(arguments: [
    ("hidden", "0"), ("hidden", "4097"), ("hidden", "1.5"), ("hidden", ""), ("hidden", "ten"), ("hidden", " 5"),
    ("hidden", "99999999999999999999"), ("rate", "0.91"), ("rate", "-0.1"), ("rate", "nan"), ("rate", "inf"),
    ("rate", "-nan"), ("free", "nan"), ("free", "x"), ("residual", "yes"), ("residual", "1"), ("pooling", "max"),
    ("pooling", "Mean"), ("start", "40"), ("start", "nandur"),
  ]) func valuesThatAreNotAllowedAreRefused(_ name: String, _ value: String) {
    let error = #expect(throws: BasinError.self) { _ = try Settings(settings: [name: value], of: "model m") }
    #expect(error?.kind == .usage)
    #expect(error?.message == "model m: option \(name) cannot be '\(value)'")
    #expect(error?.advice?.hasPrefix("It takes ") == true)
  }

  @Test func unknownNamesComeWithTheNearest() {
    let error = #expect(throws: BasinError.self) { _ = try Settings(settings: ["hiden": "3"], of: "model m") }
    #expect(error?.kind == .usage)
    #expect(error?.message == "unknown option 'hiden' of model m")
    #expect(error?.advice?.hasPrefix("Did you mean 'hidden'? Known: free, hidden, pooling, rate,") == true)
    let none = #expect(throws: BasinError.self) { _ = try NoOptions(settings: ["x": "3"], of: "model m") }
    #expect(none?.advice == "There are none")
  }

  @Test func nearestNames() {
    let names = ["gcn", "vgg16", "preresnet20", "preresnet56", "transformer"]
    #expect(nearestName(to: "preresnet65", among: names) == "preresnet56")
    #expect(nearestName(to: "VGG16", among: names) == "vgg16")
    #expect(nearestName(to: "transfromer", among: names) == "transformer")
    #expect(nearestName(to: "gnc", among: names) == "gcn")
    #expect(nearestName(to: "perceptron", among: names) == nil)
    #expect(nearestName(to: "", among: names) == nil)
    #expect(nearestName(to: "x", among: []) == nil)
    #expect(nearestName(to: "x", among: ["y", "z"]) == nil, "replacing every letter is not near")
    #expect(nearestName(to: String(repeating: "a", count: 10_000), among: names) == nil)
  }
}
