// The share of the machine's matmul rate that every convolution of an image network reaches in a training step, alone and behind its
// batch normalization and ReLU.
//
//   convolution-layers [preresnet20|preresnet164|vgg16-bn|wrn28-10] [--batch-size N] [--threads N] [--rounds N]
//
// A round times each layer once, forward and backward (gradients of input and weight), and a product of two 2,048 x 2,048 matrices
// beside each: the rate of that product at that moment is the peak a layer is held against. Medians over the rounds. Operations are
// counted as those of the direct convolution, three times 2 N H' W' C K k^2 a step, so minimal filtering may pass 100 %.
import Foundation
import PluginAPI

/// A kind of convolution, and how often the network has it.
struct Layer {
  let inputs, outputs, kernel, stride, size, count: Int
  /// Whether batch normalization and ReLU come before it.
  var isRectified = true

  /// A side of the output.
  var output: Int { size / stride }
  /// Of a step.
  func operations(_ batch: Int) -> Double {
    3 * 2 * Double(batch * output * output * inputs) * Double(outputs * kernel * kernel)
  }
  var name: String { "\(kernel)x\(kernel)\(stride > 1 ? "/\(stride)" : "") \(inputs)-\(outputs) at \(size)x\(size)" }
}

let networks: [String: [Layer]] = [
  "preresnet20": [Layer(inputs: 3, outputs: 16, kernel: 3, stride: 1, size: 32, count: 1, isRectified: false)]
    + stages { inputs, width, size in
      let stride = inputs == width ? 1 : 2
      return [
        Layer(inputs: inputs, outputs: width, kernel: 3, stride: stride, size: size * stride, count: 1),
        Layer(inputs: width, outputs: width, kernel: 3, stride: 1, size: size, count: 5),
      ] + (stride == 1 ? [] : [Layer(inputs: inputs, outputs: width, kernel: 1, stride: 2, size: size * 2, count: 1, isRectified: false)])
    },
  "preresnet164": [Layer(inputs: 3, outputs: 16, kernel: 3, stride: 1, size: 32, count: 1, isRectified: false)]
    + stages { inputs, width, size in
      let stride = inputs == width ? 1 : 2
      let wide = inputs == width ? width : 4 * inputs
      return [
        Layer(inputs: wide, outputs: width, kernel: 1, stride: 1, size: size * stride, count: 1),
        Layer(inputs: width, outputs: width, kernel: 3, stride: stride, size: size * stride, count: 1),
        Layer(inputs: wide, outputs: 4 * width, kernel: 1, stride: stride, size: size * stride, count: 1, isRectified: false),
        Layer(inputs: 4 * width, outputs: width, kernel: 1, stride: 1, size: size, count: 17),
        Layer(inputs: width, outputs: width, kernel: 3, stride: 1, size: size, count: 17),
        Layer(inputs: width, outputs: 4 * width, kernel: 1, stride: 1, size: size, count: 18),
      ]
    },
  "vgg16-bn": [
    Layer(inputs: 3, outputs: 64, kernel: 3, stride: 1, size: 32, count: 1, isRectified: false),
    Layer(inputs: 64, outputs: 64, kernel: 3, stride: 1, size: 32, count: 1),
    Layer(inputs: 64, outputs: 128, kernel: 3, stride: 1, size: 16, count: 1, isRectified: false),
    Layer(inputs: 128, outputs: 128, kernel: 3, stride: 1, size: 16, count: 1),
    Layer(inputs: 128, outputs: 256, kernel: 3, stride: 1, size: 8, count: 1, isRectified: false),
    Layer(inputs: 256, outputs: 256, kernel: 3, stride: 1, size: 8, count: 2),
    Layer(inputs: 256, outputs: 512, kernel: 3, stride: 1, size: 4, count: 1, isRectified: false),
    Layer(inputs: 512, outputs: 512, kernel: 3, stride: 1, size: 4, count: 2),
    Layer(inputs: 512, outputs: 512, kernel: 3, stride: 1, size: 2, count: 3),
  ],
  "wrn28-10": [Layer(inputs: 3, outputs: 16, kernel: 3, stride: 1, size: 32, count: 1, isRectified: false)]
    + [(16, 160, 32, 1), (160, 320, 32, 2), (320, 640, 16, 2)].flatMap { inputs, width, size, stride in
      [
        Layer(inputs: inputs, outputs: width, kernel: 3, stride: 1, size: size, count: 1),
        Layer(inputs: width, outputs: width, kernel: 3, stride: stride, size: size, count: 1),
        Layer(inputs: inputs, outputs: width, kernel: 1, stride: stride, size: size, count: 1, isRectified: false),
        Layer(inputs: width, outputs: width, kernel: 3, stride: 1, size: size / stride, count: 6),
      ]
    },
]

/// The three stages of a CIFAR residual network: 16, 32 and 64 channels at 32, 16 and 8.
func stages(_ make: (_ inputs: Int, _ width: Int, _ size: Int) -> [Layer]) -> [Layer] {
  [(16, 16, 32), (16, 32, 16), (32, 64, 8)].flatMap(make)
}

func fail(_ text: String) -> Never {
  FileHandle.standardError.write(Data((text + "\n").utf8))
  exit(64)
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  let elapsed = (ContinuousClock.now - start).components
  return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// A layer with its tensors.
final class Bench {
  let layer: Layer
  private let convolution: Conv2d
  private let norm: BatchNorm
  private let input, gradient, result: Tensor
  /// Seconds of each round; operations a second of the matrix product beside it.
  private(set) var alone: [Double] = [], rectified: [Double] = [], peaks: [Double] = []

  init(_ layer: Layer, batch: Int, _ random: Random) throws {
    self.layer = layer
    convolution = try Conv2d(
      layer.inputs, layer.outputs, layer.kernel, stride: layer.stride, padding: layer.kernel / 2, bias: false)
    norm = try BatchNorm(layer.inputs)
    input = try .emptyChannelsLast([batch, layer.inputs, layer.size, layer.size])
    gradient = try .emptyChannelsLast([batch, layer.outputs, layer.output, layer.output])
    result = try .emptyChannelsLast(gradient.shape)
    try result.fillNormal(deviation: 1, random)
    try result.setRequiresGradient(true)
    try input.fillNormal(deviation: 1, random)
    try gradient.fillNormal(deviation: 1, random)
    try convolution.weight.fillNormal(deviation: 0.05, random)
    // The first layer's input has no gradient.
    if layer.inputs > 3 { try input.setRequiresGradient(true) }
  }

  private func step(_ forward: () throws -> Tensor) throws -> Double {
    let time = try seconds { try (forward() * gradient).sum().backward() }
    for tensor in [input, result, convolution.weight, norm.weight, norm.bias] { try tensor.clearGradient() }
    return time
  }

  func round(_ matrix: Tensor) throws {
    peaks.append(try 2 * pow(Double(matrix.shape[0]), 3) / seconds { _ = try matrix.matmul(matrix) })
    // What the product and the sum at the end cost is no part of the layer.
    let end = try step { result }
    alone.append(max(1e-9, try step { try convolution(input) } - end))
    if layer.isRectified { rectified.append(max(1e-9, try step { try convolution(rectified: input, by: norm, .train(RandomStream(Random(seed: 1)))) } - end)) }
  }
}

var name = "preresnet20", batch = 128, threads = 2, rounds = 7
var rest = Array(CommandLine.arguments.dropFirst())[...]
while let word = rest.popFirst() {
  if networks[word] != nil {
    name = word
    continue
  }
  guard let number = rest.popFirst().flatMap({ Int($0) }), number > 0 else {
    fail("usage: convolution-layers [\(networks.keys.sorted().joined(separator: "|"))] [--batch-size N] [--threads N] [--rounds N]")
  }
  switch word {
  case "--batch-size": batch = number
  case "--threads": threads = number
  case "--rounds": rounds = number
  default: fail("convolution-layers: no option \(word)")
  }
}
do {
  try LibTorch.setThreads(threads)
  var random = Random(seed: 1)
  let matrix = try Tensor.empty([2048, 2048])
  try matrix.fillNormal(deviation: 1, random)
  let benches = try (networks[name] ?? []).map { layer in
    random = Random(seed: UInt64(layer.size * 1000 + layer.outputs))
    return try Bench(layer, batch: batch, random)
  }
  for _ in 0...rounds { for bench in benches { try bench.round(matrix) } }
  let peak = median(benches.flatMap(\.peaks))
  print("\(name), batch \(batch), \(threads) threads; product of 2,048 x 2,048 matrices: \(Int(peak / 1e9)) GFLOP/s")
  print("layer                         times   GFLOP/s   of peak   with norm and ReLU   ms a step")
  var total = 0.0, operations = 0.0
  for bench in benches {
    let layer = bench.layer
    let work = layer.operations(batch) * (layer.inputs > 3 ? 1 : 2.0 / 3)
    // Against the product of the same moment; the first round is for warming up.
    func share(_ times: [Double]) -> Double { median(zip(times, bench.peaks).dropFirst().map { work / $0 / $1 }) }
    let whole = median(Array((layer.isRectified ? bench.rectified : bench.alone).dropFirst()))
    total += whole * Double(layer.count)
    operations += work * Double(layer.count)
    let text = layer.name.padding(toLength: 30, withPad: " ", startingAt: 0)
    print(
      text
        + String(
          format: "%5d %9.0f %8.0f %% %18@ %11.1f", layer.count, work / median(Array(bench.alone.dropFirst())) / 1e9,
          100 * share(bench.alone),
          (layer.isRectified ? String(format: "%.0f %%", 100 * share(bench.rectified)) : "-") as NSString, whole * 1e3 * Double(layer.count)))
  }
  print(String(format: "all: %.0f ms, %.0f GFLOP/s, %.0f %% of peak", total * 1e3, operations / total / 1e9, 100 * operations / total / peak))
} catch {
  FileHandle.standardError.write(Data("convolution-layers: \(error)\n".utf8))
  exit(70)
}
