import PluginAPI
import Testing

@Suite("Batches of sequences")
struct TokenBatchTests {
  @Test func sequencesOneBehindTheOther() throws {
    let batch = try TokenBatch([[5, 6, 7], [], [8, 9]], segments: [[0, 0, 1], [], [0, 1]])
    #expect(batch.offsets == [0, 3, 3, 5] && batch.count == 3 && batch.lengths == [3, 0, 2] && batch.longest == 3)
    #expect(try batch.tokens.values(Int64.self) == [5, 6, 7, 8, 9])
    #expect(try batch.segments?.values(Int64.self) == [0, 0, 1, 0, 1])
    #expect(try batch.positions().values(Int64.self) == [0, 1, 2, 0, 1])
    let (tokens, mask) = try batch.padded(with: 1)
    #expect(try tokens.shape == [3, 3] && tokens.values(Int64.self) == [5, 6, 7, 1, 1, 1, 8, 9, 1])
    #expect(try mask.values(Bool.self) == [true, true, true, false, false, false, true, true, false])
    let moved = try batch.moved(to: .cpu)
    #expect(moved.offsets == batch.offsets && moved.segments != nil)
  }

  @Test func aBatchOfNothing() throws {
    let batch = try TokenBatch([])
    #expect(batch.count == 0 && batch.longest == 0 && batch.tokens.shape == [0])
    #expect(try batch.padded().tokens.shape == [0, 0] && batch.positions().shape == [0])
  }

  @Test func whatDoesNotFit() throws {
    let tokens = try Tensor([1, 2, 3] as [Int64])
    for offsets in [[], [0], [0, 2], [1, 3], [0, 2, 1, 3], [0, 4]] as [[Int]] {
      let error = #expect(throws: TensorError.self) { try TokenBatch(tokens: tokens, offsets: offsets) }
      #expect(error?.message.contains("rise from 0") == true)
    }
    let grid = try tokens.reshaped([1, 3]), short = try Tensor([0, 0] as [Int64]), floats = try Tensor([1, 2, 3] as [Float])
    #expect(throws: TensorError.self) { try TokenBatch(tokens: grid, offsets: [0, 3]) }
    #expect(throws: TensorError.self) { try TokenBatch(tokens: floats, offsets: [0, 3]) }
    #expect(throws: TensorError.self) { try TokenBatch(tokens: tokens, offsets: [0, 3], segments: short) }
    #expect(throws: TensorError.self) { try TokenBatch(tokens: tokens, offsets: [0, 3], segments: floats) }
  }
}
