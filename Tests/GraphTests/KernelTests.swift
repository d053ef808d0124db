import Graph
import GraphKernels
import PluginAPI
import Testing

/// The kernels one by one against loops written down plainly.
@Suite("Graph kernels")
struct KernelTests {
  private func close(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }
  }

  @Test(
    "sparse products of every width, transposed or not",
    arguments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 24, 31, 33, 50, 71])
  func product(width: Int) throws {
    let random = Random(seed: UInt64(width))
    let matrix = try GraphTestData.sparse(37, 20, density: 0.3, random)
    let dense = random["dense"].uniform(20 * width)
    let bias = random["bias"].uniform(width).map { $0 - 0.5 }
    let nodes = (0..<37).map { Int32(36 - $0) }
    let kept = random["kept"].words(0..<(37 * width + 31) / 32)
    let places = (0..<matrix.entryCount).map { Int32(matrix.entryCount - 1 - $0) }
    let pointers = matrix.rowPointers.map { Int64($0) }

    for placed in [false, true] {
      var plain = [Float](repeating: 0, count: 37 * width)
      for (r, row) in nodes.enumerated() {
        for k in matrix.rowPointers[Int(row)]..<matrix.rowPointers[Int(row) + 1] {
          let value = matrix.values[placed ? Int(places[k]) : k]
          for j in 0..<width { plain[r * width + j] += value * dense[Int(matrix.columnIndices[k]) * width + j] }
        }
      }
      var activated = plain
      for r in 0..<37 {
        for j in 0..<width {
          let bit = Int(nodes[r]) * width + j
          let sum = plain[r * width + j] + bias[j]
          activated[r * width + j] = kept[bit / 32] >> UInt32(bit % 32) & 1 == 1 ? 3 * max(sum, 0) : 0
        }
      }
      var output = [Float](repeating: .nan, count: 37 * width)
      var withActivation = output
      var transposed = output
      nodes.withUnsafeBufferPointer { rows in
        places.withUnsafeBufferPointer { places in
          kept.withUnsafeBufferPointer { kept in
            bias.withUnsafeBufferPointer { bias in
              pointers.withUnsafeBufferPointer { pointers in
                matrix.columnIndices.withUnsafeBufferPointer { columns in
                  matrix.values.withUnsafeBufferPointer { values in
                    var raw = BasinSparseRows(
                      pointers: pointers.baseAddress, rows: rows.baseAddress, columns: columns.baseAddress,
                      places: placed ? places.baseAddress : nil, values: values.baseAddress)
                    var activation = BasinActivation(
                      bias: bias.baseAddress, rectified: 1, scale: 3, kept: kept.baseAddress, nodes: rows.baseAddress)
                    basinSparseProduct(&raw, dense, Int64(width), 0, 20, nil, &output)
                    basinSparseProduct(&raw, dense, Int64(width), 20, 37, nil, &output)
                    basinSparseProduct(&raw, dense, Int64(width), 0, 37, &activation, &withActivation)
                    basinSparseProductTransposed(&raw, dense, Int64(width), 37, 0, 3, &transposed)
                  }
                }
              }
            }
          }
        }
      }
      #expect(close(output, plain))
      #expect(close(withActivation, activated))
      #expect(close(transposed, (0..<(37 * width)).map { plain[$0 % 37 * width + $0 / 37] }))
    }
  }

  @Test("transposing", arguments: [(1, 1), (16, 1433), (7, 9), (8, 8), (17, 24), (5, 3)])
  func transpose(rows: Int, columns: Int) {
    let input = Random(seed: 1).uniform(rows * columns)
    var output = [Float](repeating: .nan, count: rows * columns)
    basinTranspose(input, Int64(rows), Int64(columns), 0, Int64(columns / 2), &output)
    basinTranspose(input, Int64(rows), Int64(columns), Int64(columns / 2), Int64(columns), &output)
    #expect(output == (0..<(rows * columns)).map { input[$0 % rows * columns + $0 / rows] })
  }

  @Test("dropout of values follows the bits", arguments: [0, 1, 31, 32, 33, 1000])
  func dropping(count: Int) {
    let input = Random(seed: 2).uniform(count)
    let bits = Random(seed: 3).words(0..<(count + 31) / 32)
    var output = [Float](repeating: .nan, count: count)
    basinDropValues(bits, 2, Int64(count), 0, Int64(bits.count), input, &output)
    #expect(output == (0..<count).map { bits[$0 / 32] >> UInt32($0 % 32) & 1 == 1 ? 2 * input[$0] : 0 })
  }

  @Test("masks keep the wanted part, and follow the words", arguments: [0.1, 0.25, 0.5, 0.9])
  func masks(rate: Double) throws {
    let count = 200_001
    let mask = try DropoutMask(count: count, rate: rate, Random(seed: 4))
    let kept = (0..<count).map { mask.bits[$0 / 32] >> UInt32($0 % 32) & 1 == 1 }
    #expect(abs(Double(kept.count { $0 }) / Double(count) - (1 - rate)) < 0.005)
    #expect(abs(Double(mask.scale) - 1 / (1 - rate)) < 1e-5)
    if rate != 0.5 {
      let words = Random(seed: 4).words(0..<count)
      #expect(kept == words.map { Double($0) >= (rate * 0x1p32).rounded(.down) })
    }
  }

  @Test("gradients before an activation and their sums")
  func activationGradient() {
    let (rows, width) = (2 * Int(BASIN_GRADIENT_BLOCK) + 5, 3)
    let result = Random(seed: 5).uniform(rows * width).map { max($0 - 0.5, 0) }
    let gradient = Random(seed: 6).uniform(rows * width).map { $0 - 0.5 }
    var output = [Float](repeating: .nan, count: rows * width)
    var sums = [Float](repeating: .nan, count: 3 * width)
    basinActivationGradient(result, gradient, 2, Int64(rows), Int64(width), 0, 3, &output, &sums)
    let plain = zip(result, gradient).map { $0 > 0 ? 2 * $1 : 0 }
    #expect(output == plain)
    for j in 0..<width {
      let total = stride(from: j, to: rows * width, by: width).reduce(0.0) { $0 + Double(plain[$1]) }
      #expect(abs(Double(sums[j] + sums[width + j] + sums[2 * width + j]) - total) < 1e-2)
    }
  }

  @Test("renormalization: symmetric, self-loops count twice, isolated nodes keep themselves")
  func renormalized() throws {
    let matrix = SparseMatrix.indicator(rows: 4, columns: 4, pairs: [(0, 1), (1, 0), (1, 1), (1, 2), (2, 1)])
    let found = try matrix.renormalized()
    // Row sums of A + I: 2, 4, 2, 1.
    let expected: [[Float]] = [[0.5, 0.35355338], [0.35355338, 0.5, 0.35355338], [0.35355338, 0.5], [1]]
    for row in 0..<4 { #expect(close(found.row(row).map(\.value), expected[row])) }
    #expect(found.row(1).map(\.column) == [0, 1, 2])
    #expect(throws: BasinError.self) { try SparseMatrix(emptyRows: 2, columns: 3).renormalized() }
  }
}
