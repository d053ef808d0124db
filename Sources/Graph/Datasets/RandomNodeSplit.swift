import PluginAPI

/// A random split of labelled nodes: as many training nodes of each class, the rest divided by the share of each class.
enum RandomNodeSplit {
  /// - Parameters:
  ///   - labels: of each node, -1 where unknown.
  ///   - perClass: training nodes of each class.
  ///   - file: for the error.
  /// - Throws: `BasinError` of kind usage where there are not so many nodes.
  static func draw(
    _ labels: [Int32], perClass: Int, validation: Int, test: Int, _ random: Random, file: String?
  ) throws -> [Split: [Int]] {
    var classes: [Int32: [Int]] = [:]
    for (node, label) in labels.enumerated() where label >= 0 { classes[label, default: []].append(node) }
    var splits: [Split: [Int]] = [:]
    var rest: [[Int]] = []
    for (label, nodes) in classes.sorted(by: { $0.key < $1.key }) {
      let order = random[Int(label)].permutation(nodes.count).map { nodes[$0] }
      splits[.train, default: []] += order.prefix(perClass)
      rest.append(Array(order.dropFirst(perClass)))
    }
    for (split, wanted) in [(Split.validation, validation), (.test, test)] {
      let left = rest.reduce(0) { $0 + $1.count }
      guard left >= wanted else {
        throw BasinError(
          .usage, "\(wanted) nodes are wanted for \(split.rawValue), \(left) are left", file: file,
          advice: "Lower dataset.trainPerClass, dataset.validation or dataset.test")
      }
      // What a class owes is carried to the next, so that the total is right.
      var owed = 0.0
      for index in rest.indices {
        owed += Double(rest[index].count) * Double(wanted) / Double(max(left, 1))
        let take = min(Int(owed.rounded()), rest[index].count)
        owed -= Double(take)
        splits[split, default: []] += rest[index].prefix(take)
        rest[index].removeFirst(take)
      }
    }
    return splits.mapValues { $0.sorted() }
  }
}
