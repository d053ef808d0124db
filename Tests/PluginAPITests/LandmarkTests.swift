import PluginAPI
import Testing

struct LandmarkTests {
  @Test func writingAndReadingAgree() {
    let cases: [(String, Landmark)] = [
      ("40ep", Landmark(40, .epochs)), ("300st", Landmark(300, .steps)), ("0.5dur", Landmark(0.5, .duration)),
      ("0ep", Landmark(0, .epochs)), ("1.25ep", Landmark(1.25, .epochs)),
    ]
    for (text, landmark) in cases {
      #expect(Landmark(text) == landmark)
      #expect(landmark.description == text)
    }
    #expect(Landmark("1e3st") == Landmark(1000, .steps))
    for value in [0.1, 1.0 / 3, 1e15, 1e300] {
      #expect(Landmark(Landmark(value, .duration).description) == Landmark(value, .duration))
    }
  }

  @Test(arguments: [
    "", "ep", "40", "40 ep", "-1ep", "nanep", "infst", "-infdur", "40EP", "0.5durs", "e5st", "1,5ep", "ep40", "40epst",
  ])
  func whatIsNoLandmarkIsRefused(_ text: String) { #expect(Landmark(text) == nil) }

  @Test func stepsAreRoundedToTheNearest() {
    let run = RunLength(epochs: 10, stepsPerEpoch: 7)
    #expect(run.steps == 70)
    let cases = [
      ("3ep", 21), ("0.5ep", 4), ("0.2ep", 1), ("0.07ep", 0), ("12st", 12), ("12.4st", 12), ("12.6st", 13),
      ("0.5dur", 35),
      ("0.375dur", 26), ("0.9dur", 63), ("1dur", 70), ("0.25dur", 18),
    ]
    for (text, steps) in cases { #expect(Landmark(text)?.steps(in: run) == steps, "\(text)") }
    #expect(Landmark("1e308ep")?.steps(in: run) == 1_000_000_000_000_000)
    #expect(Landmark("1dur")?.steps(in: RunLength(epochs: 0, stepsPerEpoch: 0)) == 0)
  }

  @Test func progressIsAPartOfTheRun() {
    let run = RunLength(epochs: 4, stepsPerEpoch: 5)
    #expect(Progress(step: 0, run: run).fraction == 0)
    #expect(Progress(step: 5, run: run).fraction == 0.25)
    #expect(Progress(step: 7, run: run).epochFraction == 0.4)
    #expect(Progress(step: 0, run: RunLength(epochs: 0, stepsPerEpoch: 0)).fraction == 0)
  }

  @Test func runsTooLongToCountDoNotOverflow() {
    let run = RunLength(epochs: .max, stepsPerEpoch: 3)
    #expect(run.steps == .max)
    #expect(Landmark("0.5dur")?.steps(in: run) == 1_000_000_000_000_000)
  }
}
