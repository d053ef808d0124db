import Foundation
import Testing

/// Commands that start programs of their own: what these find is told at once, and none of them stays behind.
@Suite("plug-in commands that are interrupted", .serialized) struct PluginInterruptionTests {
  /// Checks that take much longer than this test.
  private func checking(_ space: Workspace) throws -> RunningProgram {
    let program = try space.start(["plugin", "check", "optim", "--steps", "100000000"])
    #expect(until { program.text.contains("  ok      optimizer") }, "no check is told of while others are made")
    #expect(program.isRunning && space.processes.count >= 2)
    return program
  }

  private func until(_ seconds: Double = 60, _ condition: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !condition() {
      guard ContinuousClock.now < deadline else { return false }
      usleep(10_000)
    }
    return true
  }

  @Test("checks: Ctrl-C ends the process that makes them", arguments: [SIGINT, SIGTERM])
  func checks(signal: Int32) throws {
    let space = try Workspace()
    let program = try checking(space)
    program.signal(signal)
    let outcome = try program.finish(timeout: .seconds(90))
    #expect(outcome.ending == .exited(130) && outcome.errors.contains("basin: interrupted"), "\(outcome)")
    #expect(space.processes.isEmpty)
  }

  @Test("checks: they end with a command that is killed")
  func killed() throws {
    let space = try Workspace()
    let program = try checking(space)
    program.signal(SIGKILL)
    _ = try program.finish()
    #expect(until(10) { space.processes.isEmpty }, "left: \(space.processes)")
  }

  @Test("a build: Ctrl-C ends the compiler, and the next build goes on")
  func build() throws {
    let space = try PluginWorkspace()
    try space.run(["plugin", "new", "late", "--kind", "averaging"], expecting: 0)
    let program = try space.start(["plugin", "build", "late"])
    #expect(until { space.processes.count >= 2 || !program.isRunning })
    program.signal(SIGINT)
    let outcome = try program.finish(timeout: .seconds(90))
    #expect(outcome.ending == .exited(130) && outcome.errors.contains("basin: interrupted"), "\(outcome)")
    // SwiftPM's own children have groups of their own and a moment to end.
    #expect(until(20) { space.processes.isEmpty }, "left: \(space.processes)")
    try space.run(["plugin", "build", "late", "--quiet"], expecting: 0)
  }
}
