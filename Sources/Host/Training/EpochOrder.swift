import PluginAPI

/// The order of examples within an epoch.
enum EpochOrder {
  /// Consecutive batches of `size`. A last batch of a single example goes to the one before: normalization by batch needs two.
  static func batches(_ ids: [Int], size: Int?) -> [[Int]] {
    guard let size, size < ids.count else { return ids.isEmpty ? [] : [ids] }
    return (0..<count(ids.count, size: size)).map { index in
      let last = index == count(ids.count, size: size) - 1
      return Array(ids[index * size..<(last ? ids.count : (index + 1) * size)])
    }
  }

  static func count(_ examples: Int, size: Int?) -> Int {
    guard let size, size < examples else { return 1 }
    let whole = (examples + size - 1) / size
    return examples % size == 1 && size > 1 ? whole - 1 : whole
  }

  /// The batches of one epoch: a permutation that depends on the seed and the epoch alone. A full batch keeps its order.
  ///
  /// - Parameter lengths: how examples come together, and the length of each by its number in the split.
  static func training(
    _ ids: [Int], size: Int?, epoch: Int, _ random: Random, lengths: (mixing: LengthMixing, of: [Int32])? = nil
  ) -> [[Int]] {
    guard let size, size < ids.count else { return [ids] }
    let order = random["order"][epoch].permutation(ids.count).map { ids[$0] }
    guard let lengths else { return batches(order, size: size) }
    return lengths.mixing.batches(order, size: size, length: { Int(lengths.of[$0]) }, random["lengths"][epoch])
  }
}
