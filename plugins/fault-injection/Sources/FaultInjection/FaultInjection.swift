import Foundation
import PluginAPI

/// Softmax regression on pixels that fails on purpose.
final class FaultInjection: Model {
  enum Fault: String, CaseIterable { case none, crash, hang, spin, memory }

  struct ModelOptions: Options {
    /// One of `Fault`.
    var fault = "none"
    /// Passes of training that go well before.
    var after = 3

    static var fields: [Field<Self>] {
      [
        Field("fault", \.fault, "what happens: none, crash, hang, spin or memory"),
        Field("after", \.after, in: 0...1_000_000, "passes of training before"),
      ]
    }
  }

  let linear: Linear
  private let fault: Fault
  private let after: Int
  private var passes = 0
  /// Kept, so that it stays in memory.
  private var eaten: [UnsafeMutableRawPointer] = []

  init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    guard let fault = Fault(rawValue: options.fault) else {
      throw BasinError.unknown("fault", options.fault, among: Fault.allCases.map(\.rawValue))
    }
    self.fault = fault
    after = options.after
    linear = try Linear(shape.channels * shape.height * shape.width, task.outputs)
  }

  func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    if case .train = mode {
      passes += 1
      if passes > after, isDue { fail() }
    }
    return Output(try linear(input.images.flattened(from: 1)))
  }

  /// Always, or only as long as the marker is not there.
  private var isDue: Bool {
    guard fault != .none else { return false }
    guard let marker = ProcessInfo.processInfo.environment["FAULT_MARKER"] else { return true }
    guard !FileManager.default.fileExists(atPath: marker) else { return false }
    return FileManager.default.createFile(atPath: marker, contents: nil)
  }

  private func fail() {
    switch fault {
    case .none: return
    case .crash: kill(getpid(), SIGSEGV)
    case .hang: while true { sleep(1) }
    case .spin: while passes > 0 { passes = max(passes, 1) }
    case .memory:
      while true {
        let size = 1 << 20
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
        // Written to: what is only reserved is not memory yet.
        memset(block, 1, size)
        eaten.append(block)
        usleep(200)
      }
    }
  }
}

struct FaultInjectionModule: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "fault-injection", "version": "0.1.0", "domain": "vision",
      "summary": "A model that fails on purpose, for the tests", "models": ["fault-injection"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(
      model: "fault-injection", FaultInjection.self, "crashes, hangs or eats memory when told to",
      recipe: Recipe(epochs: 4, batchSize: 32, learningRate: 0.01, optimizer: "sgd", tail: 0.2))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(FaultInjectionModule.self) }
