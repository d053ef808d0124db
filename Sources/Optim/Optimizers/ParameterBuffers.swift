import PluginAPI

/// What an optimizer remembers about each parameter: buffers of the parameter's shape, by kind, and its step count.
///
/// A value: to restore two parts of a state or neither, restore a copy first. In a saved state the buffers are
/// `kind/<path>`, the count is the counter `step`, with `step/<path>` for parameters that lag behind.
struct ParameterBuffers {
  /// One kind of buffer and what it holds before the first step.
  struct Kind {
    enum Start { case value(Double), weights }
    let name: String
    var start = Start.value(0)
  }

  /// Parameters with gradients that have made equally many steps.
  struct Batch {
    let weights, gradients: [Tensor]
    /// Steps made, this one included.
    let count: Int
    fileprivate let buffers: [[Tensor]]
    /// Elements of each tensor; 0 on an accelerator.
    fileprivate let sizes: [Int]

    /// The buffers of the kind at that position.
    subscript(kind: Int) -> [Tensor] { buffers[kind] }

    /// Weights, gradients, and each kind of buffers.
    var lists: [[Tensor]] { [weights, gradients] + buffers }

    /// Pieces for operators over lists of tensors.
    var parts: [Batch] {
      var parts: [Range<Int>] = [], begin = 0, elements = 0
      for (position, size) in sizes.enumerated() {
        if begin < position, elements + size > ParameterBuffers.mostElements
          || position - begin == ParameterBuffers.mostTensors {
          parts.append(begin..<position)
          (begin, elements) = (position, 0)
        }
        elements += size
      }
      guard begin > 0 else { return [self] }
      return (parts + [begin..<sizes.count]).map { part in
        Batch(
          weights: Array(weights[part]), gradients: Array(gradients[part]), count: count,
          buffers: buffers.map { Array($0[part]) }, sizes: Array(sizes[part]))
      }
    }
  }

  /// Most tensors in a part of a batch.
  static let mostTensors = 256
  /// A part's tensors and their buffers shall stay in the cache from one operation to the next; an accelerator takes
  /// as many as it gets.
  private static let mostElements = 1 << 16

  let trained: TrainedTensors
  private let owner: String
  private let kinds: [Kind]
  private let agesTogether: Bool
  private let sizes: [Int]
  /// One list a kind; none before the first step.
  private var buffers: [[Tensor]] = []
  /// Steps each parameter has made; nil as long as that is `step` for all of them.
  private var counts: [Int]?
  /// Steps of the parameter that made most.
  private(set) var step = 0

  /// - Parameters:
  ///   - owner: the optimizer's name, for messages.
  ///   - agesTogether: one step count for all; else a parameter without a gradient does not age, as in PyTorch.
  init(_ parameters: [NamedTensor], _ kinds: [Kind], of owner: String, agesTogether: Bool = false) {
    trained = TrainedTensors(parameters)
    self.kinds = kinds
    self.owner = owner
    self.agesTogether = agesTogether
    sizes = trained.tensors.map { $0.device == .cpu ? $0.count : 0 }
  }

  /// The buffers of every parameter, one list a kind; none before the first step.
  var all: [[Tensor]] { buffers }

  /// The buffers of every parameter; nil before the first step.
  func all(_ kind: Int) -> [Tensor]? { buffers.isEmpty ? nil : buffers[kind] }

  /// Whether the next step of all parameters together is an ordinary one: none lags behind, and buffers are there.
  var areOfOneAge: Bool { counts == nil && !buffers.isEmpty }

  /// Counts a step for the parameters that have gradients and gives them, one batch an age; none at all is no step.
  mutating func advance() throws -> [Batch] {
    let gradients = try trained.gradients()
    guard !gradients.isEmpty else { return [] }
    if buffers.isEmpty { buffers = try kinds.map(start) }
    if gradients.positions == nil, counts == nil {
      step += 1
      return [
        Batch(weights: trained.tensors, gradients: gradients.tensors, count: step, buffers: buffers, sizes: sizes)
      ]
    }
    let positions = gradients.positions ?? Array(trained.tensors.indices)
    return age(positions).map { count, members in
      let places = members.map { positions[$0] }
      return Batch(
        weights: places.map { trained.tensors[$0] }, gradients: members.map { gradients.tensors[$0] }, count: count,
        buffers: buffers.map { buffers in places.map { buffers[$0] } }, sizes: places.map { sizes[$0] })
    }
  }

  /// Counts an ordinary step that something else makes; see ``areOfOneAge``.
  mutating func countOrdinaryStep() { step += 1 }

  private func start(_ kind: Kind) throws -> [Tensor] {
    try trained.tensors.indices.map { position in
      let buffer = try trained.zeros(position)
      switch kind.start {
      case .value(0): break
      case .value(let value): try buffer.fill(value)
      case .weights: try buffer.copy(from: trained.tensors[position])
      }
      return buffer
    }
  }

  /// The new counts, each with the indices into `positions` it belongs to.
  private mutating func age(_ positions: [Int]) -> [(Int, [Int])] {
    if agesTogether || counts == nil && positions.count == trained.tensors.count {
      step += 1
      return [(step, Array(positions.indices))]
    }
    var counts = counts ?? Array(repeating: step, count: trained.tensors.count)
    for position in positions { counts[position] += 1 }
    set(counts)
    return Dictionary(grouping: positions.indices) { counts[positions[$0]] }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  private mutating func set(_ counts: [Int]) {
    step = counts.max() ?? 0
    self.counts = counts.allSatisfy { $0 == step } ? nil : counts
  }

  // MARK: State

  var state: OptimizerState {
    get throws {
      var tensors: [String: Tensor] = [:]
      for (kind, buffers) in zip(kinds, buffers) { tensors.merge(try trained.saved(buffers, as: kind.name)) { $1 } }
      var counters = ["step": step]
      for (path, count) in zip(trained.paths, counts ?? []) where count != step { counters["step/\(path)"] = count }
      return OptimizerState(tensors: tensors, counters: counters)
    }
  }

  /// - Throws: `BasinError` of kind badData for a state that is not one of these buffers; they are as before then.
  mutating func restore(_ state: OptimizerState) throws {
    let ownCounters = Set((agesTogether ? [] : trained.paths.map { "step/\($0)" }) + ["step"])
    try trained.check(state, kinds: kinds.map(\.name), counters: ownCounters.contains, of: "optimizer")
    guard let step = state.counters["step"], state.counters.values.allSatisfy({ 0 <= $0 && $0 <= step }) else {
      throw BasinError.badData(
        "the saved state of optimizer \(owner) has no sound step count", advice: "It was saved with another optimizer")
    }
    let found = try kinds.map { try trained.buffers($0.name, from: state).compactMap { $0 } }
    let expected = step == 0 ? 0 : trained.tensors.count
    for (kind, buffers) in zip(kinds, found) where buffers.count != expected {
      throw BasinError.badData(
        "the saved state of optimizer \(owner) has \(buffers.count) tensors \(kind.name)/... after \(step) steps for"
          + " \(trained.tensors.count) parameters", advice: "It was saved with another model")
    }
    buffers = step == 0 ? [] : found
    set(trained.paths.map { state.counters["step/\($0)"] ?? step })
    self.step = step
  }

  mutating func reset() {
    buffers = []
    counts = nil
    step = 0
  }
}
