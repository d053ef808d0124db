import TensorKernels

/// Brings rows of a table up to date that steps have passed over: an optimizer, for ``TableRows``.
public protocol RowKeeper: AnyObject {
  /// - Parameter rows: those about to be read, each once, in any order.
  func refresh(_ rows: [Int]) throws
}

/// The rows of a table that a step reads, and their gradients: what an ``Embedding`` tells the optimizer.
///
/// A step of a text model reads some hundred rows of fifty thousand. As long as an optimizer has taken charge (``keeper``),
/// the table itself gets no gradient, which would be as large as the table and nearly all zeros; the optimizer gets the
/// gradients of the rows that were read (``gradient()``), and makes up for the steps of the others when they are read next.
public final class TableRows: @unchecked Sendable {
  /// Who keeps the rows up to date; nil: the table has an ordinary gradient.
  public weak var keeper: (any RowKeeper)?

  /// The rows that a part of the step read, each once, and the values read: `[rows, size]`, whose gradients are wanted.
  private var reads: [(rows: [Int], values: Tensor)] = []
  private var merged: (rows: [Int], gradient: Tensor)?

  public init() {}

  /// What a pass of the model over a batch read.
  func note(_ rows: [Int], _ values: Tensor) {
    reads.append((rows, values))
    merged = nil
  }

  /// The rows read since ``clear()`` that `backward` left gradients for, each once, with these gradients `[rows, size]`; nil where there are
  /// none. What is done to the tensor in place stays.
  public func gradient() throws -> (rows: [Int], gradient: Tensor)? {
    if let merged { return merged }
    let found = try reads.compactMap { read in try read.values.gradient().map { (rows: read.rows, gradient: $0) } }
    guard var first = found.first else { return nil }
    if found.count > 1 {
      // Several batches a step, or several layers over one table.
      let (rows, places) = Self.distinct(found.flatMap(\.rows))
      let size = first.gradient.shape[1]
      let all = try LibTorch.withoutGradient { try Tensor.concatenate(found.map(\.gradient)) }
      first = (rows, try RowPlaces(places, count: rows.count).sums(all, size: size))
    }
    merged = first
    return first
  }

  /// Forgets what was read.
  public func clear() {
    reads = []
    merged = nil
  }

  /// The different numbers in order of their first occurrence, and for each number its place among these.
  static func distinct(_ numbers: [Int]) -> (distinct: [Int], places: [Int]) {
    var seen: [Int: Int] = [:]
    seen.reserveCapacity(numbers.count)
    var distinct: [Int] = []
    let places = numbers.map { number in
      if let place = seen[number] { return place }
      seen[number] = distinct.count
      distinct.append(number)
      return distinct.count - 1
    }
    return (distinct, places)
  }
}

extension NamedTensor {
  /// What `backward` left for this tensor: the gradient of its shape, or `[rows, size]` of those rows of a table that were
  /// read (``TableRows/gradient()``), which has all that is not zero.
  public func gradient() throws -> Tensor? { try rows?.gradient()?.gradient ?? tensor.gradient() }

  public func clearGradient() throws {
    try tensor.clearGradient()
    rows?.clear()
  }
}

/// Copies rows to places and sums what comes back from these places.
struct RowPlaces {
  /// Row i of the long side is row `places[i]` of the short one, which has `count` rows.
  let places: [Int]
  let count: Int

  // About 32 KB at the usual widths: less is not worth another thread.
  private static let grain = 64

  init(_ places: [Int], count: Int) {
    self.places = places
    self.count = count
  }

  /// `[count, size]` to `[places, size]`.
  func gathered(_ short: Tensor, size: Int) throws -> Tensor {
    let result = try Tensor.empty([places.count, size])
    try short.withMemory(of: Float.self) { from in
      try result.withMemory(of: Float.self) { to in
        try places.withUnsafeBufferPointer { places in
          nonisolated(unsafe) let (from, to, places) = (from, to, places)
          try LibTorch.parallelFor(0..<places.count, grain: Self.grain) { part in
            basinGatherRows(Int64(part.lowerBound), Int64(part.upperBound), Int64(size), places.baseAddress, from, to)
          }
        }
      }
    }
    return result
  }

  /// `[places, size]` to `[count, size]`: the sum of the rows of each place, in their order.
  func sums(_ long: Tensor, size: Int) throws -> Tensor {
    // Rows by place: those of place p are order[starts[p]..<starts[p + 1]].
    var starts = [Int](repeating: 0, count: count + 1)
    for place in places { starts[place + 1] += 1 }
    for place in 0..<count { starts[place + 1] += starts[place] }
    var next = starts
    var order = [Int](repeating: 0, count: places.count)
    for (row, place) in places.enumerated() {
      order[next[place]] = row
      next[place] += 1
    }
    let long = try long.contiguous()
    let result = try Tensor.empty([count, size])
    try long.withMemory(of: Float.self) { from in
      try result.withMemory(of: Float.self) { to in
        try starts.withUnsafeBufferPointer { starts in
          try order.withUnsafeBufferPointer { order in
            nonisolated(unsafe) let (from, to, starts, order) = (from, to, starts, order)
            try LibTorch.parallelFor(0..<count, grain: Self.grain) { part in
              basinSumRows(
                Int64(part.lowerBound), Int64(part.upperBound), Int64(size), starts.baseAddress, order.baseAddress, from, to)
            }
          }
        }
      }
    }
    return result
  }
}
