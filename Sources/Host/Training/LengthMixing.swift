import PluginAPI

/// Which lengths come together in a batch: the option `batches.lengths`.
///
/// Both ways of minding lengths begin with the epoch's permutation and look at pools of 64 batches of it, so that the company an
/// example keeps is drawn anew each epoch; the order of the batches is drawn at the end. Seed and epoch alone decide.
public enum LengthMixing: String, CaseIterable, Sendable {
  /// Whichever the permutation puts there.
  case any
  /// Neighbours by length: for models that fill short examples up.
  case alike
  /// A share of every length: steps of even cost and memory, for models that need no padding.
  case even

  /// Batches whose examples are sorted together.
  static let pool = 64

  /// The batches of one epoch, of the sizes that ``EpochOrder/batches(_:size:)`` gives, in an order of their own.
  ///
  /// - Parameters:
  ///   - order: the examples, permuted.
  ///   - length: of an example.
  ///   - random: for the order of the batches.
  public func batches(_ order: [Int], size: Int, length: (Int) -> Int, _ random: Random) -> [[Int]] {
    guard self != .any else { return EpochOrder.batches(order, size: size) }
    let places = Array(order.indices), step = size.multipliedReportingOverflow(by: Self.pool)
    let pools = EpochOrder.batches(places, size: step.overflow ? nil : step.partialValue)
    let batches = pools.flatMap { pool -> [[Int]] in
      // By length; those of the same one as the permutation has them.
      let sorted = pool.sorted { (length(order[$0]), $0) < (length(order[$1]), $1) }
      let sizes = EpochOrder.batches(pool, size: size).map(\.count)
      return self == .alike ? Self.cut(sorted, sizes) : Self.deal(sorted, sizes).map { $0.sorted() }
    }
    return random.permutation(batches.count).map { batches[$0].map { order[$0] } }
  }

  private static func cut(_ sorted: [Int], _ sizes: [Int]) -> [[Int]] {
    var next = 0
    return sizes.map { size in
      defer { next += size }
      return Array(sorted[next..<next + size])
    }
  }

  /// Each batch has places evenly over the sorted examples; in every other round the batches come in reverse, so that none always
  /// gets the longer ones.
  private static func deal(_ sorted: [Int], _ sizes: [Int]) -> [[Int]] {
    var places: [(rank: Double, batch: Int)] = []
    for (batch, size) in sizes.enumerated() {
      for round in 0..<size {
        let turn = round % 2 == 0 ? batch : sizes.count - 1 - batch
        let share = (Double(turn) + 0.5) / Double(sizes.count)
        places.append(((Double(round) + share) / Double(size), batch))
      }
    }
    var batches = sizes.map { _ in [Int]() }
    for (place, example) in zip(places.sorted { ($0.rank, $0.batch) < ($1.rank, $1.batch) }, sorted) {
      batches[place.batch].append(example)
    }
    return batches
  }
}

/// How batches are put together: the section `batches` of a run.
public struct BatchOptions: Options {
  public var lengths = LengthMixing.any

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field(
        "lengths", \.lengths, choices: LengthMixing.self,
        "which lengths a training batch has: any, alike (for models that pad), or even (each batch a share of every length)")
    ]
  }
}
