import PluginAPI
import Testing

/// Each layer against its definition in float64 and that definition's finite differences.
struct LayerGradientTests {
  @Test func linear() throws {
    let layer = try Linear(4, 3)
    try layer.initialize(Random(seed: 1))
    let x = try TestNumbers.leaf([2, 5, 4], seed: 1)
    let bias = try #require(layer.bias)
    try expectGradients(of: [x, layer.weight, bias]) {
      try layer(x)
    } reference: {
      try $0[0].matmul($0[1].transposed()) + $0[2]
    }
  }

  @Test func layerNorm() throws {
    let layer = try LayerNorm(6)
    try layer.weight.copy(from: TestNumbers.tensor([6], seed: 3))
    let x = try TestNumbers.leaf([3, 2, 6], seed: 1)
    try expectGradients(of: [x, layer.weight, layer.bias]) {
      try layer(x)
    } reference: { inputs in
      let x = inputs[0]
      let centred = try x - x.mean([-1], keepDimensions: true)
      let variance = try (centred * centred).mean([-1], keepDimensions: true)
      return try centred / (variance + 1e-5).sqrt() * inputs[1] + inputs[2]
    }
  }

  @Test(arguments: [false, true]) func batchNorm(channelsLast: Bool) throws {
    let layer = try BatchNorm(3)
    try layer.weight.copy(from: TestNumbers.tensor([3], seed: 3))
    let x = try TestNumbers.leaf([4, 3, 2, 2], seed: 1)
    try expectGradients(of: [x, layer.weight, layer.bias]) {
      try layer(channelsLast ? x.channelsLast() : x, .train(RandomStream(Random(seed: 1))))
    } reference: { inputs in
      let x = inputs[0]
      let centred = try x - x.mean([0, 2, 3], keepDimensions: true)
      let variance = try (centred * centred).mean([0, 2, 3], keepDimensions: true)
      let scaled = try centred / (variance + 1e-5).sqrt() * inputs[1].reshaped([1, 3, 1, 1])
      return try scaled + inputs[2].reshaped([1, 3, 1, 1])
    }
  }

  struct Convolution: Sendable {
    var stride = 1, padding = 0, groups = 1, kernel = 3

    /// The sum the definition says, in loops.
    func callAsFunction(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) throws -> Tensor {
      let (n, inputs, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
      let outputs = weight.shape[0]
      let each = inputs / groups
      let rows = (height + 2 * padding - kernel) / stride + 1
      let columns = (width + 2 * padding - kernel) / stride + 1
      let (xs, ws, bs) = (try x.doubles(), try weight.doubles(), try bias.doubles())
      var result: [Double] = []
      for example in 0..<n {
        for output in 0..<outputs {
          let firstInput = output / (outputs / groups) * each
          for row in 0..<rows {
            for column in 0..<columns {
              var sum = bs[output]
              for input in 0..<each {
                for i in 0..<kernel {
                  for j in 0..<kernel {
                    let y = row * stride + i - padding
                    let z = column * stride + j - padding
                    guard (0..<height).contains(y), (0..<width).contains(z) else { continue }
                    sum +=
                      ws[((output * each + input) * kernel + i) * kernel + j]
                      * xs[((example * inputs + firstInput + input) * height + y) * width + z]
                  }
                }
              }
              result.append(sum)
            }
          }
        }
      }
      return try Tensor(result, shape: [n, outputs, rows, columns])
    }
  }

  @Test(arguments: [
    Convolution(), Convolution(stride: 2, padding: 1), Convolution(padding: 1, groups: 2),
    Convolution(stride: 2, kernel: 1),
  ]) func conv2d(_ reference: Convolution) throws {
    let layer = try Conv2d(
      4, 4, reference.kernel, stride: reference.stride, padding: reference.padding, groups: reference.groups)
    try layer.initialize(Random(seed: 1))
    let x = try TestNumbers.leaf([2, 4, 5, 3], seed: 1)
    let bias = try #require(layer.bias)
    try expectGradients(of: [x, layer.weight, bias]) {
      try layer(x.channelsLast())
    } reference: {
      try reference($0[0], $0[1], $0[2])
    }
  }

  @Test func embedding() throws {
    let layer = try Embedding(5, 3)
    try layer.initialize(Random(seed: 1))
    let indices: [Int64] = [4, 0, 4, 2, 1, 4]
    let oneHot = try Tensor(indices.flatMap { index in (0..<5).map { $0 == Int(index) ? 1.0 : 0 } }, shape: [2, 3, 5])
    try expectGradients(of: [layer.weight]) {
      try layer(Tensor(indices, shape: [2, 3]))
    } reference: {
      try oneHot.matmul($0[0])
    }
  }

  @Test func paddingOfAnEmbeddingGetsNoGradient() throws {
    let layer = try Embedding(4, 2, padding: 1)
    let output = try layer(Tensor([Int64(1), 3, 1, 0, 3]))
    let gradient = try #require(try output.sum().gradients(of: [layer.weight])[0])
    #expect(try gradient.doubles() == [1, 1, 0, 0, 0, 0, 2, 2])
  }

  @Test(arguments: [false, true]) func multiHeadAttention(masked: Bool) throws {
    let (size, heads, length) = (6, 2, 4)
    let layer = try MultiHeadAttention(size, heads: heads)
    try layer.initialize(Random(seed: 1))
    try layer.inProjectionBias.copy(from: TestNumbers.tensor([3 * size], seed: 9))
    let bias = try #require(layer.out_proj.bias)
    let x = try TestNumbers.leaf([2, length, size], seed: 1)
    let mask = masked ? try Tensor([true, true, false, true, true, false, true, true], shape: [2, 1, 1, length]) : nil
    try expectGradients(of: [x, layer.inProjectionWeight, layer.inProjectionBias, layer.out_proj.weight, bias]) {
      try layer(x, mask: mask)
    } reference: { inputs in
      let projected = try inputs[0].matmul(inputs[1].transposed()) + inputs[2]
      let each = size / heads
      let mixed = try (0..<heads).map { head in
        func part(_ index: Int) throws -> Tensor {
          try projected.slice((index * size + head * each)..<(index * size + (head + 1) * each), axis: 2)
        }
        var scores = try part(0).matmul(part(1).transposed()) / Double(each).squareRoot()
        if let mask { scores = try scores.filled(where: mask.reshaped([2, 1, length]).not(), with: -1e30) }
        return try softmax(scores).matmul(part(2))
      }
      return try Tensor.concatenate(mixed, axis: 2).matmul(inputs[3].transposed()) + inputs[4]
    }
  }

  @Test func losses() throws {
    let logits = try TestNumbers.leaf([4, 3], seed: 1)
    let targets = try Tensor([Int64(2), 0, -100, 1])
    let chosen = try Tensor([0.0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0], shape: [4, 3])
    try expectGradients(of: [logits]) {
      try crossEntropy(logits, targets)
    } reference: { inputs in
      let logSum = try inputs[0].exp().sum([1], keepDimensions: true).log()
      return try ((logSum - inputs[0]) * chosen).sum() / 3
    }
    let target = try TestNumbers.tensor([4, 3], seed: 2)
    try expectGradients(of: [logits]) {
      try meanSquaredError(logits, target)
    } reference: {
      try ($0[0] - target.to(.float64)).power(2).mean()
    }
  }
}
