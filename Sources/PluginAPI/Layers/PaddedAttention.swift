import TensorKernels

/// Attention of packed rows by LibTorch's operators on a grid padded to the longest sequence: any device, dtype and order of
/// derivatives; the plain twin of the kernels.
struct PaddedAttention {
  let offsets: [Int]
  let heads: Int
  let causal: Bool
  /// nil: none.
  let dropout: (rate: Double, random: Random)?

  private var count: Int { offsets.count - 1 }
  private var lengths: [Int] { zip(offsets, offsets.dropFirst()).map { $1 - $0 } }

  /// `[T, size]` each, same shape out.
  func mix(_ queries: Tensor, _ keys: Tensor, _ values: Tensor) throws -> Tensor {
    guard queries.count > 0 else { return try queries + keys + values }
    let device = queries.device, width = queries.shape[1], longest = lengths.max() ?? 0
    let places = try Tensor(SequenceOffsets.places(offsets, longest: longest)).to(device)
    func spread(_ rows: Tensor) throws -> Tensor {
      try Tensor.zeros([count * longest, width], rows.dtype, device: device).addingRows(places, rows)
        .reshaped([count, longest, heads, width / heads]).transposed(1, 2)
    }
    let (q, k, v) = (try spread(queries), try spread(keys), try spread(values))
    let mask = try mask(longest).map { try $0.to(device) }
    let mixed: Tensor
    if let dropout {
      let scores = try q.matmul(k.transposed()) * (1 / Double(width / heads).squareRoot())
      let masked = try mask.map { try scores.filled(where: $0.not(), with: -.infinity) } ?? scores
      let kept = try Tensor(kept(longest, dropout.rate, dropout.random), shape: [count, heads, longest, longest])
      mixed = try (softmax(masked) * kept.to(masked.dtype).to(device)).matmul(v)
    } else {
      mixed = try scaledDotProductAttention(q, k, v, mask: mask)
    }
    return try mixed.transposed(1, 2).reshaped([count * longest, width]).rows(places)
  }

  /// Bool `[N or 1, 1, L or 1, L]`, true where attention is allowed; nil where it is everywhere.
  ///
  /// Padding may see the first place, so that no row of scores is empty.
  private func mask(_ longest: Int) throws -> Tensor? {
    let lengths = lengths, isPadded = lengths.contains { $0 < longest }
    guard isPadded || causal else { return nil }
    let (sequences, rows) = (isPadded ? count : 1, causal ? longest : 1)
    var mask: [Bool] = []
    mask.reserveCapacity(sequences * rows * longest)
    for sequence in 0..<sequences {
      let length = isPadded ? max(lengths[sequence], 1) : longest
      for row in 0..<rows { for column in 0..<longest { mask.append(column < length && (!causal || column <= row)) } }
    }
    return try Tensor(mask, shape: [sequences, 1, rows, longest])
  }

  // MARK: Dropout

  // Each row of weights begins on a group of random words of its own, as in the kernels.
  private static func groups(_ length: Int) -> Int { (length + Int(BASIN_RANDOM_GROUP) - 1) / Int(BASIN_RANDOM_GROUP) }

  /// Where the random words of each sequence begin, in groups.
  var firstGroups: [Int] {
    var next = 0
    return lengths.map { length in
      defer { next += heads * length * Self.groups(length) }
      return next
    }
  }

  /// What each weight is multiplied by, `[N, heads, L, L]`; 1 at padding.
  private func kept(_ longest: Int, _ rate: Double, _ random: Random) -> [Float] {
    let (threshold, scale) = Tensor.dropoutThreshold(rate), group = Int(BASIN_RANDOM_GROUP)
    var kept = [Float](repeating: 1, count: count * heads * longest * longest)
    for (sequence, (length, first)) in zip(lengths, firstGroups).enumerated() {
      for row in 0..<heads * length {
        let begin = (first + row * Self.groups(length)) * group
        let place = ((sequence * heads + row / length) * longest + row % length) * longest
        for (column, word) in random.words(begin..<begin + length).enumerated() {
          kept[place + column] = word >= threshold ? scale : 0
        }
      }
    }
    return kept
  }
}
