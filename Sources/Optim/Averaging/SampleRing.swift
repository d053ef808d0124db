import PluginAPI

/// The last few sets of tensors, oldest first; the memory of the oldest is taken for the newest.
struct SampleRing {
  let capacity: Int
  /// Oldest first.
  private(set) var sets: [[Tensor]] = []

  init(capacity: Int) { self.capacity = capacity }

  /// The set to write the next tensors into, now the newest.
  ///
  /// - Parameter make: makes a set where there is none to take; its tensors are kept by the ring.
  mutating func advance(_ make: () throws -> [Tensor]) rethrows -> [Tensor] {
    let set = sets.count == capacity ? sets.removeFirst() : try make()
    sets.append(set)
    return set
  }

  mutating func removeAll() { sets = [] }

  /// Copies, named `kind.<index>/<path>`, index 0 the oldest.
  func saved(as kind: String, of trained: TrainedTensors) throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (index, set) in sets.enumerated() {
      result.merge(try trained.saved(set, as: "\(kind).\(index)")) { $1 }
    }
    return result
  }

  func kinds(_ kind: String) -> [String] { (0..<capacity).map { "\(kind).\($0)" } }

  /// The ring of a saved state.
  ///
  /// - Parameters:
  ///   - count: how many sets it must hold.
  ///   - dtype: the element type of its tensors; nil: that of each parameter.
  /// - Throws: `BasinError` of kind badData where it holds others.
  func restored(
    _ kind: String, count: Int, from state: OptimizerState, of trained: TrainedTensors, dtype: DType? = nil
  ) throws -> SampleRing {
    var ring = SampleRing(capacity: capacity)
    for index in 0..<capacity {
      let set = try trained.buffers("\(kind).\(index)", from: state, dtype: dtype).compactMap { $0 }
      guard set.count == (index < count ? trained.tensors.count : 0) else {
        throw BasinError.badData(
          "the saved average holds \(set.count) of \(trained.tensors.count) tensors '\(kind).\(index)', after \(count) sets",
          advice: "It was saved with another model or other averaging options")
      }
      if !set.isEmpty { ring.sets.append(set) }
    }
    return ring
  }
}
