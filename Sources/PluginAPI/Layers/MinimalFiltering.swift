import TensorKernels

/// 3x3 convolutions of stride 1 by minimal filtering (Winograd 1980; Lavin and Gray 2015, arXiv 1509.09308): a quarter of the
/// products of a direct convolution, or a half where pictures are small.
///
/// Errors of rounding are three times those of a direct convolution (about 7e-7 of the greatest result). For float32 on the CPU
/// in channels last, from and to a multiple of 16 channels; LibTorch's convolution takes everything else, second
/// derivatives among it, and is the plain twin.
///
/// The inputs may be what batch normalization and ReLU make of `x`: then that is computed as `x` is read, here and for the
/// gradient of the weights, and kept nowhere. So are the inputs of 1x1 convolutions.
struct MinimalFiltering {
  private let convolution: BasinConvolution
  private let weight: Tensor
  private let bias: Tensor?

  /// Places of a batch's pictures below which transforming the weights takes longer than it saves.
  private static let leastPlaces = 512

  /// nil where the kernels do not apply to `layer` and `x`, or would not pay.
  init?(_ layer: Conv2d, _ x: Tensor, isRectified: Bool) {
    let shape = x.shape, kernel = layer.weight.shape
    guard layer.stride == 1, layer.groups == 1, kernel[2] == kernel[3], kernel[2] == 3 || (kernel[2] == 1 && isRectified),
      layer.padding == kernel[2] / 2, shape.count == 4, shape[1] == kernel[1], shape[1] % 16 == 0, kernel[0] % 16 == 0,
      shape[0] * shape[2] * shape[3] >= Self.leastPlaces, shape[2] > 1, shape[3] > 1,
      [x, layer.weight, layer.bias ?? x].allSatisfy({ $0.dtype == .float32 && $0.device == .cpu }), x.isChannelsLast,
      layer.weight.isChannelsLast, !LibTorch.wantsSecondDerivatives, !LibTorch.isAutocasting, !Operator.isObserved
    else { return nil }
    weight = layer.weight
    bias = layer.bias
    let (height, width) = (Int64(shape[2]), Int64(shape[3]))
    convolution = BasinConvolution(
      count: Int64(shape[0]), height: height, width: width, inputs: Int64(shape[1]), outputs: Int64(kernel[0]),
      tile: kernel[2] == 1 ? 1 : basinWinogradTile(height, width))
  }

  /// The weights, and the bias where there is one: what gradients flow to besides the input.
  var parameters: [Tensor] { [weight] + (bias.map { [$0] } ?? []) }

  /// `[N, inputs, H, W]` to `[N, outputs, H, W]`.
  ///
  /// - Parameter applied: `[4, inputs]`, the normalization of `x` as ``NormRows`` prepares it; nil: `x` itself.
  func output(_ x: Tensor, applied: Tensor? = nil) throws -> Tensor {
    try run(convolution, x, applied: applied, flipped: false, bias)
  }

  /// The gradient of the (rectified) input from that of the output.
  func inputGradient(_ gradient: Tensor) throws -> Tensor {
    var turned = convolution
    (turned.inputs, turned.outputs) = (convolution.outputs, convolution.inputs)
    return try run(turned, gradient, applied: nil, flipped: true, nil)
  }

  /// The gradients of ``parameters``; nil for those that nobody asked for.
  func parameterGradients(_ x: Tensor, applied: Tensor? = nil, _ gradient: Tensor) throws -> [Tensor?] {
    let weights = weight.requiresGradient ? try weightGradient(x, applied, gradient) : nil
    guard let bias else { return [weights] }
    return [weights, bias.requiresGradient ? try gradient.sum([0, 2, 3]) : nil]
  }

  private func run(
    _ convolution: BasinConvolution, _ x: Tensor, applied: Tensor?, flipped: Bool, _ bias: Tensor?
  ) throws -> Tensor {
    nonisolated(unsafe) var convolution = convolution
    let transformed = try Tensor.empty([Int(basinWinogradWeightCount(&convolution))])
    let output = try Tensor.emptyChannelsLast(
      [Int(convolution.count), Int(convolution.outputs), Int(convolution.height), Int(convolution.width)])
    nonisolated(unsafe) let (values, weights, results) = (try lastly(x), try lastly(weight), try lastly(output))
    nonisolated(unsafe) let (norm, shift) = (try applied.map(flat), try bias.map(flat))
    nonisolated(unsafe) let space = try flat(transformed)
    try withExtendedLifetime((x, applied, weight, bias, transformed)) {
      try LibTorch.parallelFor(0..<Int(convolution.outputs / 16), grain: 1) {
        basinWinogradWeights(&convolution, weights, flipped ? 1 : 0, Int64($0.lowerBound), Int64($0.upperBound), space)
      }
      try LibTorch.parallelFor(0..<Int(basinWinogradBlocks(&convolution)), grain: 1) {
        basinWinogradConvolve(
          &convolution, values, norm, space, shift, Int64($0.lowerBound), Int64($0.upperBound), results)
      }
    }
    return output
  }

  private func weightGradient(_ x: Tensor, _ applied: Tensor?, _ gradient: Tensor) throws -> Tensor {
    nonisolated(unsafe) var convolution = convolution
    let plan = basinWinogradGradient(&convolution)
    let result = try Tensor.emptyChannelsLast(weight.shape)
    let buffers = try [plan.inputCount, plan.gradientCount, plan.sumCount].map { try Tensor.empty([Int($0)]) }
    nonisolated(unsafe) let (memory, norm) = (try buffers.map(flat), try applied.map(flat))
    nonisolated(unsafe) let (values, incoming, target) = (try lastly(x), try lastly(gradient), try lastly(result))
    try withExtendedLifetime((x, applied, gradient, buffers)) {
      for group in 0..<plan.groups {
        try LibTorch.parallelFor(0..<Int(basinWinogradTilesOfGroup(&convolution, group)), grain: 16) {
          basinWinogradGradientTiles(
            &convolution, values, norm, incoming, group, Int64($0.lowerBound), Int64($0.upperBound), memory[0], memory[1])
        }
        try LibTorch.parallelFor(0..<Int(plan.products), grain: 1) {
          basinWinogradGradientProducts(
            &convolution, memory[0], memory[1], group, Int64($0.lowerBound), Int64($0.upperBound), memory[2])
        }
      }
      try LibTorch.parallelFor(0..<Int(convolution.outputs / 16), grain: 1) {
        basinWinogradGradientWeights(&convolution, memory[2], Int64($0.lowerBound), Int64($0.upperBound), target)
      }
    }
    return result
  }

  private func lastly(_ tensor: Tensor) throws -> UnsafeMutablePointer<Float> {
    try tensor.withMemory(of: Float.self, layout: .channelsLast) { $0 }
  }

  private func flat(_ tensor: Tensor) throws -> UnsafeMutablePointer<Float> { try tensor.withMemory(of: Float.self) { $0 } }
}

extension Conv2d {
  /// The convolution by minimal filtering; nil where that does not apply or would not pay.
  func minimallyFiltered(_ x: Tensor) throws -> Tensor? {
    guard let filtering = MinimalFiltering(self, x, isRectified: false) else { return nil }
    let wantsInput = x.requiresGradient
    return try customFunction("minimalFiltering", [x] + filtering.parameters) {
      let output = try filtering.output(x)
      return (
        [output],
        { gradients in
          guard let gradient = try gradients[0]?.channelsLast() else { return [nil] + filtering.parameters.map { _ in nil } }
          return [wantsInput ? try filtering.inputGradient(gradient) : nil] + (try filtering.parameterGradients(x, gradient))
        }
      )
    }[0]
  }
}
