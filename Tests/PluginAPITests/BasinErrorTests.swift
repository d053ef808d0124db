import PluginAPI
import Testing

struct BasinErrorTests {
  @Test func descriptionNamesFilePlaceAndAdvice() {
    let error = BasinError.badData(
      "opcode 0xff is unsafe", file: "a/x", place: "byte 120", advice: "Fetch the file again")
    #expect(error.description == "a/x: byte 120: opcode 0xff is unsafe. Fetch the file again")
    #expect("\(BasinError.usage("unknown command"))" == "unknown command")
    #expect(BasinError.missing("is not there", file: "b").description == "b: is not there")
  }

  @Test func exitStatusesAreThoseOfSysexits() {
    let statuses: [(BasinError, Int32)] = [
      (.usage(""), 64), (.badData(""), 65), (.missing(""), 66), (.internalError(""), 70),
      (BasinError(.cannotCreate, ""), 73),
      (BasinError(.inputOutput, ""), 74),
    ]
    for (error, status) in statuses { #expect(error.kind.exitStatus == status) }
  }
}
