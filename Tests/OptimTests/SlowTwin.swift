import PluginAPI
import Testing

typealias Numbers = [Double]

/// An optimizer written from the formulas of its paper, over plain numbers and without regard for time.
protocol SlowTwin: AnyObject {
  /// - Parameter gradients: at given weights; nil for parameters without one.
  func step(_ weights: inout [Numbers], rate: Double, gradients: ([Numbers]) throws -> [Numbers?]) throws
}

/// What a twin remembers about one tensor.
struct TwinMemory {
  let shape: [Int]
  /// Steps made, the present one included.
  var t = 0
  private var buffers: [String: Numbers] = [:]

  init(shape: [Int]) { self.shape = shape }

  /// A buffer that starts as `start` everywhere.
  subscript(name: String, start: Double = 0) -> Numbers {
    get { buffers[name] ?? Numbers(repeating: start, count: shape.reduce(1, *)) }
    set { buffers[name] = newValue }
  }

  func has(_ name: String) -> Bool { buffers[name] != nil }
}

/// A twin that treats every tensor by itself.
final class TensorTwin: SlowTwin {
  typealias Update = (_ memory: inout TwinMemory, _ w: Numbers, _ g: Numbers, _ rate: Double) -> Numbers
  private var memories: [TwinMemory]
  private let update: Update

  init(_ shapes: [[Int]], _ update: @escaping Update) {
    memories = shapes.map(TwinMemory.init)
    self.update = update
  }

  func step(_ weights: inout [Numbers], rate: Double, gradients: ([Numbers]) throws -> [Numbers?]) throws {
    for (position, gradient) in try gradients(weights).enumerated() {
      guard let gradient else { continue }
      memories[position].t += 1
      weights[position] = update(&memories[position], weights[position], gradient, rate)
    }
  }
}

/// Element by element.
func elementwise(_ a: Numbers, _ b: Numbers, _ body: (Double, Double) -> Double) -> Numbers { zip(a, b).map(body) }

func euclidean(_ numbers: Numbers) -> Double { numbers.reduce(0) { $0 + $1 * $1 }.squareRoot() }

extension OptimizerCase {
  /// An option, or the default the paper or PyTorch gives: the twins do not ask the optimizers for theirs.
  func number(_ name: String, _ standard: Double) throws -> Double {
    guard let text = settings[name] else { return standard }
    return try #require(Double(text))
  }

  func isOn(_ name: String, _ standard: Bool = false) -> Bool { settings[name].map { $0 == "true" } ?? standard }

  /// - Parameter biases: which tensors are biases.
  func slowTwin(_ shapes: [[Int]], biases: Set<Int> = []) throws -> any SlowTwin {
    var names = parts
    var twin = try innermost(names.removeLast(), shapes)
    for name in names.reversed() {
      switch name {
      case "sam": twin = try SAMTwin(around: twin, rho: number("rho", 0.05), eta: nil, biases: biases)
      case "asam":
        twin = try SAMTwin(around: twin, rho: number("rho", 0.5), eta: number("eta", 0.01), biases: biases)
      default: twin = try LookaheadTwin(around: twin, every: Int(number("syncEvery", 5)), part: number("slowStep", 0.5))
      }
    }
    return twin
  }

  private func innermost(_ name: String, _ shapes: [[Int]]) throws -> any SlowTwin {
    switch name {
    case "sgd": TensorTwin(shapes, try sgdTwin())
    case "adam": TensorTwin(shapes, try adamTwin(decoupled: false, decay: 0))
    case "adamw": TensorTwin(shapes, try adamTwin(decoupled: true, decay: 0.01))
    case "rmsprop": TensorTwin(shapes, try rmspropTwin())
    case "adagrad": TensorTwin(shapes, try adagradTwin())
    case "nadam": TensorTwin(shapes, try nadamTwin())
    case "lion": TensorTwin(shapes, try lionTwin())
    case "lamb": TensorTwin(shapes, try lambTwin())
    case "muon": TensorTwin(shapes, try muonTwin())
    case "schedule-free-sgd": try ScheduleFreeTwin(self, adaptive: false, shapes)
    case "schedule-free-adamw": try ScheduleFreeTwin(self, adaptive: true, shapes)
    default: throw BasinError.internalError("no twin of \(name)")
    }
  }
}
