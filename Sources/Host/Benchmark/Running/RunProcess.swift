import Foundation
import PluginAPI

/// One attempt at a run: a process of its own that is watched until it ends, in one way or another.
struct RunProcess {
  enum Ending: Hashable, Sendable {
    case exited(Int32)
    /// By a signal that was not sent here.
    case signalled(Int32)
    case timedOut(seconds: Double)
    /// Over the limit, or ended by the system for want of memory (0 where that is all that is known).
    case outOfMemory(bytes: Int)
    case stuck(seconds: Double)
    case notStarted(String)
  }

  struct Result: Sendable {
    var ending: Ending
    var seconds: Double
    var peakMemoryBytes: Int?
  }

  let program: String
  let arguments: [String]
  /// What the process has as its input: it ends when this program does.
  let input: Int32
  /// Where its standard error goes.
  let log: String
  /// Where it shows that it gets on.
  let heartbeat: String
  let limits: RunLimits

  /// Runs it to its end. After Ctrl-C it is told once, and has a minute to write its checkpoint.
  func run() -> Result {
    let start = Clock.now()
    let oomKills = Self.systemKills()
    let child: ProcessGroup
    do {
      child = try ProcessGroup(
        program, arguments, input: .descriptor(input), output: .writing("/dev/null"), errors: .writing(log))
    } catch {
      return Result(ending: .notStarted((error as? BasinError)?.message ?? "\(error)"), seconds: 0, peakMemoryBytes: nil)
    }
    var cause: Ending?
    var told: Double?
    var lastBeat = start, beats = Heartbeat.Reading(file: heartbeat)
    var nextMemory = start, nextBeat = start + 1
    func end(_ why: Ending) {
      guard cause == nil else { return }
      cause = why
      child.kill()
    }
    while !child.hasEnded {
      usleep(3000)
      let now = Clock.now()
      if Interruption.isRequested, told == nil {
        told = now
        // It is in a group of its own, so that a terminal's Ctrl-C did not reach it.
        kill(child.leader, SIGINT)
      }
      if let told {
        if now - told > 60 { end(.stuck(seconds: now - told)) }
        continue
      }
      if let limit = limits.time, now - start > limit { end(.timedOut(seconds: limit)) }
      if let limit = limits.memory, now >= nextMemory {
        nextMemory = now + 0.02
        if let bytes = Self.memory(of: child.leader), bytes > limit { end(.outOfMemory(bytes: bytes)) }
      }
      if let limit = limits.silence, now >= nextBeat {
        nextBeat = now + min(1, limit / 4)
        let reading = Heartbeat.Reading(file: heartbeat)
        if reading != beats { (beats, lastBeat) = (reading, now) }
        if now - lastBeat > limit { end(.stuck(seconds: limit)) }
      }
    }
    // What it may have started goes with it.
    let (last, peak) = child.end()
    var ending = cause ?? Ending(last)
    if ending == .signalled(SIGKILL), Self.systemKills() > oomKills { ending = .outOfMemory(bytes: 0) }
    return Result(ending: ending, seconds: Clock.now() - start, peakMemoryBytes: peak)
  }

  // MARK: Watching

  /// Bytes of anonymous memory, swapped out or not; nil where the process is gone.
  private static func memory(of process: pid_t) -> Int? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(process)/status") else { return nil }
    var kilobytes = 0
    for line in data.split(separator: 0x0A) {
      guard line.starts(with: "RssAnon:".utf8) || line.starts(with: "VmSwap:".utf8) || line.starts(with: "RssShmem:".utf8) else { continue }
      kilobytes += line.reduce(0) { (0x30...0x39).contains($1) ? $0 * 10 + Int($1 - 0x30) : $0 }
    }
    return kilobytes * 1024
  }

  /// How many processes the system has ended for want of memory, since it started and in this control group.
  private static func systemKills() -> Int {
    var count = 0
    for (file, key) in [("/proc/vmstat", "oom_kill "), ("/sys/fs/cgroup/memory.events", "oom_kill ")] {
      guard let data = FileManager.default.contents(atPath: file) else { continue }
      for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line.hasPrefix(key) {
        count += Int(line.dropFirst(key.count)) ?? 0
      }
    }
    return count
  }
}

extension RunProcess.Ending {
  fileprivate init(_ ending: ProcessGroup.Ending) {
    switch ending {
    case .exited(let status): self = .exited(status)
    case .signalled(let signal): self = .signalled(signal)
    }
  }
}
