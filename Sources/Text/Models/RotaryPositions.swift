import PluginAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Rotary position embedding (Su et al. 2021): queries and keys are turned by angles that grow with their place, so that
/// their products depend on the distance of two tokens alone.
///
/// Columns i and i + d / 2 of a head of width d make a pair; at place p it is turned by p * base^(-2 i / d), as in Hugging
/// Face's and EleutherAI's models.
public struct RotaryPositions {
  public let heads, width: Int
  /// `[places, d / 2]` each.
  private let cosines, sines: [Float]
  private let places: Int

  /// - Parameters:
  ///   - width: of a head, d; even.
  ///   - places: the most tokens of a sequence.
  public init(heads: Int, width: Int, places: Int, base: Double = 10_000) {
    (self.heads, self.width, self.places) = (heads, width, places)
    let half = width / 2
    let angles = (0..<places * half).map { index in
      Double(index / half) * pow(base, -2 * Double(index % half) / Double(width))
    }
    cosines = angles.map { Float(cos($0)) }
    sines = angles.map { Float(sin($0)) }
  }

  /// Queries or keys `[T, heads d]` of the sequences that begin at `offsets`, same shape out.
  ///
  /// float32 on the CPU is one pass over the rows; the backward pass turns gradients back.
  /// - Throws: `TensorError` for another width, or a sequence longer than the places.
  public func callAsFunction(_ rows: Tensor, offsets: [Int]) throws -> Tensor {
    try check(rows, offsets)
    guard rows.dtype == .float32, rows.device == .cpu else { return try plainly(rows, offsets: offsets) }
    return try turned(rows, offsets, forward: true)
  }

  private func turned(_ rows: Tensor, _ offsets: [Int], forward: Bool) throws -> Tensor {
    try customFunction("rotaryPositions", [rows], differentiableBackward: true) {
      ([try kernel(rows, offsets, forward ? 1 : -1)], { gradients in
        [try gradients[0].map { try turned($0, offsets, forward: !forward) }]
      })
    }[0]
  }

  private func check(_ rows: Tensor, _ offsets: [Int]) throws {
    let longest = zip(offsets, offsets.dropFirst()).map { $1 - $0 }.max() ?? 0
    guard rows.dimensions == 2, rows.shape[1] == heads * width, width % 2 == 0, longest <= places,
      offsets.first == 0, offsets.last == rows.shape[0]
    else {
      throw TensorError(
        operation: "rotaryPositions", shapes: [rows.shape],
        message: "needs rows [T, \(heads * width)] of sequences of at most \(places)")
    }
  }

  private func kernel(_ rows: Tensor, _ offsets: [Int], _ sign: Float) throws -> Tensor {
    let source = try rows.contiguous(), result = try Tensor.empty(rows.shape)
    let (half, heads, width) = (width / 2, heads, width)
    var place = [Int32](repeating: 0, count: rows.shape[0])
    for (begin, end) in zip(offsets, offsets.dropFirst()) { for row in begin..<end { place[row] = Int32(row - begin) } }
    try source.withMemory(of: Float.self) { from in
      try result.withMemory(of: Float.self) { to in
        try cosines.withUnsafeBufferPointer { cosines in
          try sines.withUnsafeBufferPointer { sines in
            try place.withUnsafeBufferPointer { place in
              nonisolated(unsafe) let (from, to, cosines, sines, place) = (from, to, cosines, sines, place)
              try LibTorch.parallelFor(0..<place.count, grain: 64) { part in
                for row in part {
                  let angle = Int(place[row]) * half
                  for head in 0..<heads {
                    let first = row * heads * width + head * width
                    for i in 0..<half {
                      let (c, s) = (cosines[angle + i], sign * sines[angle + i])
                      let (a, b) = (from[first + i], from[first + half + i])
                      to[first + i] = a * c - b * s
                      to[first + half + i] = b * c + a * s
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// ``callAsFunction(_:offsets:)`` by LibTorch's operators: any dtype and device.
  public func plainly(_ rows: Tensor, offsets: [Int]) throws -> Tensor {
    try check(rows, offsets)
    let half = width / 2
    let places = zip(offsets, offsets.dropFirst()).flatMap { 0..<$1 - $0 }
    func table(_ values: [Float]) throws -> Tensor {
      let picked = places.flatMap { values[$0 * half..<($0 + 1) * half] }
      return try Tensor(picked, shape: [places.count, 1, half]).to(rows.dtype).to(rows.device)
    }
    let (c, s) = (try table(cosines), try table(sines))
    let parts = try rows.reshaped([places.count, heads, width]).split(half, axis: 2)
    let turned = [try parts[0] * c - parts[1] * s, try parts[1] * c + parts[0] * s]
    return try Tensor.concatenate(turned, axis: 2).reshaped(rows.shape)
  }
}

extension MultiHeadAttention {
  /// ``withoutBias(_:offsets:causal:dropout:random:)`` with queries and keys turned by their places.
  func withoutBias(_ rows: Tensor, offsets: [Int], _ rotary: RotaryPositions) throws -> Tensor {
    try located {
      let parts = try linear(rows, inProjectionWeight, inProjectionBias).split(rows.shape[1], axis: 1)
      let (queries, keys) = (try rotary(parts[0], offsets: offsets), try rotary(parts[1], offsets: offsets))
      let mixed = try packedAttention(queries, keys, parts[2], offsets: offsets, heads: heads)
      return try out_proj.located { try linear(mixed, out_proj.weight) }
    }
  }
}
