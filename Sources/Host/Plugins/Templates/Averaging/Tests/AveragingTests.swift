import PluginAPI
import Testing

import __Target__

@Suite struct AveragingTests {
  @Test("the average of two samples, worked out by hand")
  func average() throws {
    let weight = try Tensor([Float(0), 4])
    let run = RunLength(epochs: 2, stepsPerEpoch: 1)
    let averager = try __Target__Averaging(.init()).makeAverager(
      [NamedTensor(path: "w", role: .parameter, tensor: weight)], in: run)
    #expect(try averager.average()?.count == nil)
    try averager.sample()
    try weight.fill(11)
    try averager.sample()
    // d = 1 / 11: a part of 10 / 11 of the way.
    let values: [Float] = try #require(try averager.average()).first.map { try $0.values() } ?? []
    #expect(values.count == 2 && abs(values[0] - 10) < 1e-5 && abs(values[1] - (4 + 70.0 / 11)) < 1e-5)
  }

  @Test("events: one in each step, from the start on")
  func events() throws {
    var options = __Target__Averaging.AveragingOptions()
    options.start = Landmark(0.5, .duration)
    let events = try __Target__Averaging(options).events(in: RunLength(epochs: 2, stepsPerEpoch: 3))
    #expect(events.map(\.step) == [4, 5, 6])
  }
}
