import Foundation
import GatedMixer
import PluginAPI
import Testing

/// Not a test of right and wrong: tells how long kernel and twin take, in turns. Runs where it is asked for:
/// `GATED_MIXER_SPEED=1 basin plugin test plugins/gated-mixer --filter Speed`.
@Suite("Speed", .serialized, .enabled(if: ProcessInfo.processInfo.environment["GATED_MIXER_SPEED"] != nil))
struct SpeedTests {
  private func seconds(_ activation: GatedActivation, _ h: Tensor) throws -> Double {
    try h.clearGradient()
    let begin = ContinuousClock.now
    try activation(h).sum().backward()
    let time = ContinuousClock.now - begin
    return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
  }

  @Test("forward and backward, 21 pairs each", arguments: [(2304, 72), (2304, 128), (9216, 256)], [1, 2])
  func pairs(shape: (rows: Int, width: Int), threads: Int) throws {
    try LibTorch.setThreads(threads)
    let h = try Tensor.zeros([shape.rows, 2 * shape.width])
    try h.fillNormal(deviation: 2, Random(seed: 1))
    try h.setRequiresGradient(true)
    var pairs: [(fused: Double, plain: Double)] = []
    for _ in 0..<24 { pairs.append((try seconds(.fused, h), try seconds(.plain, h))) }
    // The first three warm up.
    pairs.removeFirst(3)
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    let (fused, plain) = (median(pairs.map(\.fused)), median(pairs.map(\.plain)))
    let ratios = pairs.map { $0.plain / $0.fused }.sorted()
    print(
      String(
        format: "%d x %d, threads %d: kernel %.3f ms, twin %.3f ms, twin / kernel %.2f (middle half %.2f to %.2f)", shape.rows,
        shape.width, threads, 1e3 * fused, 1e3 * plain, median(ratios), ratios[5], ratios[15]))
  }
}
