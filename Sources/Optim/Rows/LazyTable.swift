import PluginAPI

/// An optimizer that can make the steps of a table's rows one by one: all that it computes, it computes element by element, and
/// a step with a gradient of zero is all that it needs to know of a row that was not read.
protocol RowwiseOptimizer: Optimizer {
  associatedtype Step
  /// Whether it can with the options it has.
  var takesRows: Bool { get }
  /// The buffers of a parameter, in the order in which the kernels take their memory.
  var rowBuffers: [String] { get }
  /// Whether a row that has never had a gradient stays as it is.
  var leavesUnreadRows: Bool { get }
  /// Whether states count the steps.
  static var countsSteps: Bool { get }
  /// What step number `count` (from 1) is at this learning rate.
  func rowStep(learningRate: Double, count: Int) -> Step
  static var stepKernel: FusedPass.Kernel<Step> { get }
  /// Several steps with gradients of zero.
  static var catchUpKernel:
    (UnsafePointer<Step>?, Int64, Int64, UnsafePointer<UnsafeMutablePointer<Float>?>?) -> Void { get }
}

/// One table of an optimizer, of whose rows a step touches those alone that were read.
///
/// A step with a gradient of zero still moves a row, by momentum and by decay. A row therefore lags: the steps it was not read in
/// are made up for, one after another with the learning rates they had, when it is read next (``refresh(_:)``) or all rows
/// are wanted (``settle()``). The weights are to the bit those of the same kernel over the whole table in every step; the time
/// of these steps is spent in registers instead of memory, and for rows that nothing moves not at all.
protocol LazyTable: RowKeeper {
  var path: String { get }
  /// Steps made.
  var count: Int { get }
  func step(learningRate: Double) throws
  func settle() throws
  /// `kind/path`; none before the first step.
  func savedBuffers() throws -> [String: Tensor]
  func restore(_ state: OptimizerState, count: Int) throws
  func reset() throws
}

final class OptimizerTable<O: RowwiseOptimizer>: LazyTable {
  let path: String
  private let optimizer: O
  private let rows: TableRows
  private let trained: TrainedTensors
  private let weight: Tensor
  private var buffers: [Tensor] = []
  private(set) var count = 0

  /// The steps since all rows were up to date, oldest first.
  private var history: [O.Step] = []
  /// Of each row, how many of `history` it has made.
  private var made: [Int32]
  /// Whether a row has had a gradient.
  private var isTouched: [Bool]

  private static var grain: Int { 16 }

  /// - Returns: nil where the parameter says nothing of its rows, or is no dense float32 matrix on the CPU.
  init?(_ parameter: NamedTensor, _ optimizer: O) {
    let tensor = parameter.tensor
    guard let rows = parameter.rows, parameter.role == .parameter, tensor.shape.count == 2, tensor.dtype == .float32,
      tensor.device == .cpu, tensor.isContiguous
    else { return nil }
    path = parameter.path
    self.optimizer = optimizer
    self.rows = rows
    trained = TrainedTensors([parameter])
    weight = tensor
    made = Array(repeating: 0, count: tensor.shape[0])
    isTouched = Array(repeating: false, count: tensor.shape[0])
    rows.keeper = self
  }

  /// - Throws: `BasinError` of kind internalError where something else than its `Embedding` has read the table: that had seen rows that lag, and
  ///   its part of the gradient would be lost.
  func step(learningRate: Double) throws {
    guard try weight.gradient() == nil else {
      throw BasinError.internalError(
        "\(path) is read by something else than its Embedding, which trains the rows alone that it reads itself",
        advice: "The model has to make that Embedding with isShared: true")
    }
    guard let (read, gradient) = try rows.gradient() else { return }
    if buffers.isEmpty { buffers = try optimizer.rowBuffers.map { _ in try trained.zeros(0) } }
    try refresh(read)
    let step = optimizer.rowStep(learningRate: learningRate, count: count + 1)
    let size = weight.shape[1]
    try gradient.contiguous().withMemory(of: Float.self) { gradients in
      nonisolated(unsafe) let (gradients, step) = (gradients, step)
      try walk(read) { index, row, memory in
        var lists = [memory[0], gradients + index * size] + memory.dropFirst()
        withUnsafePointer(to: step) { O.stepKernel($0, Int64(size), &lists, nil, 0) }
      }
    }
    count += 1
    history.append(step)
    for row in read {
      made[row] = Int32(history.count)
      isTouched[row] = true
    }
  }

  func refresh(_ rows: [Int]) throws {
    guard !history.isEmpty else { return }
    let behind = rows.filter { made[$0] < history.count }
    for row in behind where !isMoved(row) { made[row] = Int32(history.count) }
    try catchUp(behind.filter { made[$0] < history.count })
  }

  func settle() throws {
    guard !history.isEmpty else { return }
    try catchUp(made.indices.filter { made[$0] < history.count && isMoved($0) })
    history.removeAll(keepingCapacity: true)
    for row in made.indices { made[row] = 0 }
  }

  /// Whether steps without a gradient change a row.
  private func isMoved(_ row: Int) -> Bool { isTouched[row] || !optimizer.leavesUnreadRows }

  private func catchUp(_ rows: [Int]) throws {
    guard !rows.isEmpty else { return }
    let size = weight.shape[1]
    try history.withUnsafeBufferPointer { steps in
      try made.withUnsafeBufferPointer { made in
        nonisolated(unsafe) let (steps, made) = (steps, made)
        try walk(rows) { _, row, memory in
          var lists = memory
          let first = Int(made[row])
          O.catchUpKernel(steps.baseAddress.map { $0 + first }, Int64(steps.count - first), Int64(size), &lists)
        }
      }
    }
    for row in rows { made[row] = Int32(history.count) }
  }

  /// Calls `body` with each row's place in `rows`, its number, and the addresses of its weights and buffers, on several threads.
  private func walk(_ rows: [Int], _ body: (Int, Int, [UnsafeMutablePointer<Float>?]) -> Void) throws {
    let size = weight.shape[1]
    // The addresses outlive the closures because the tensors do.
    let starts = try ([weight] + buffers).map { tensor in try tensor.withMemory(of: Float.self) { $0 } }
    nonisolated(unsafe) let (bases, body) = (starts, body)
    try withExtendedLifetime((weight, buffers)) {
      try LibTorch.parallelFor(0..<rows.count, grain: Self.grain) { part in
        for index in part { body(index, rows[index], bases.map { $0 + rows[index] * size }) }
      }
    }
  }

  // MARK: State

  func savedBuffers() throws -> [String: Tensor] {
    try settle()
    var result: [String: Tensor] = [:]
    for (name, buffer) in zip(optimizer.rowBuffers, buffers) { result["\(name)/\(path)"] = try buffer.clone() }
    return result
  }

  func restore(_ state: OptimizerState, count: Int) throws {
    let found = try optimizer.rowBuffers.compactMap { try trained.buffers($0, from: state)[0] }
    guard found.isEmpty || found.count == optimizer.rowBuffers.count else {
      throw BasinError.badData(
        "the saved state has not all of \(optimizer.rowBuffers.joined(separator: ", ")) of \(path)",
        advice: "It was saved with another optimizer")
    }
    buffers = found
    self.count = count
    forgetRows()
    // Which rows had a gradient before is not saved: all are taken to.
    if !found.isEmpty { isTouched = isTouched.map { _ in true } }
  }

  func reset() {
    buffers = []
    count = 0
    forgetRows()
  }

  private func forgetRows() {
    history = []
    for row in made.indices {
      made[row] = 0
      isTouched[row] = false
    }
  }
}
