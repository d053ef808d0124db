import TensorKernels

/// Mean cross entropy of logits `[N, classes]` and int64 classes `[N]`; targets of -100 do not count.
///
/// For float32 on the CPU, without weights and smoothing, one pass over memory and one for the gradients.
///
/// - Parameters:
///   - classWeights: `[classes]`: what an example of each class counts, in the mean too.
///   - labelSmoothing: the part of each target spread evenly over all classes (Szegedy et al. 2016), 0...1.
/// - Throws: `TensorError` where a class is none of the logits'.
public func crossEntropy(
  _ logits: Tensor, _ targets: Tensor, sum: Bool = false, classWeights: Tensor? = nil, labelSmoothing: Double = 0
) throws -> Tensor {
  guard classWeights == nil, labelSmoothing == 0, isClassification(logits, targets), !Operator.isObserved else {
    return try Operators.crossEntropy(
      .tensor(logits), .tensor(targets), .tensor(classWeights), .int(sum ? 2 : 1), .int(-100), .double(labelSmoothing))
  }
  let (rows, width) = (logits.shape[0], logits.shape[1])
  return try customFunction("crossEntropy", [logits], differentiableBackward: true) { [input = logits] in
    let logits = try logits.contiguous(), targets = try targets.contiguous()
    let partitions = try Tensor.empty([rows, 2])
    nonisolated(unsafe) let (values, parts) = (try KernelUse.memory(logits), try KernelUse.memory(partitions))
    nonisolated(unsafe) let classes = try targets.withMemory(of: Int64.self) { $0 }
    var counting: Int64 = 0
    let outside = basinClassOutside(classes, Int64(rows), Int64(width), &counting)
    guard outside < 0 else {
      throw TensorError(
        operation: "crossEntropy", shapes: [logits.shape, targets.shape],
        message: "row \(outside) has class \(classes[Int(outside)]); there are \(width)")
    }
    // Added up in the order of rows, whatever the threads.
    let total = try withUnsafeTemporaryAllocation(of: Float.self, capacity: rows) { losses in
      nonisolated(unsafe) let each = losses.baseAddress
      try KernelUse.overBlocks(rows, of: width) { basinCrossEntropy(values, classes, Int64(width), $0, $1, parts, each) }
      return losses.reduce(0.0) { $0 + Double($1) }
    }
    let divisor = sum ? 1 : Double(counting)
    return (
      [try Tensor(scalar: Float(total / divisor))],
      { incoming in
        guard let incoming = incoming[0] else { return [nil] }
        if LibTorch.isRecording { return [try recordedGradient(input, targets, incoming, divisor: divisor)] }
        let scale = Float(try incoming.item() / divisor), gradient = try Tensor.empty(logits.shape)
        nonisolated(unsafe) let results = try KernelUse.memory(gradient)
        try withExtendedLifetime((logits, targets, partitions)) {
          try KernelUse.overBlocks(rows, of: width) {
            basinCrossEntropyGradient(values, classes, parts, scale, Int64(width), $0, $1, results)
          }
        }
        return [gradient]
      }
    )
  }[0]
}

/// `incoming` times (softmax(logits) - one-hot(targets)) / divisor where a row counts, of recorded operations.
private func recordedGradient(_ logits: Tensor, _ targets: Tensor, _ incoming: Tensor, divisor: Double) throws -> Tensor {
  let width = logits.shape[1]
  let oneHot = try Tensor.zeros(logits.shape), counts = try Tensor.zeros([logits.shape[0], 1])
  let (ones, weights) = (try KernelUse.memory(oneHot), try KernelUse.memory(counts))
  let classes = try targets.withMemory(of: Int64.self) { $0 }
  for row in 0..<targets.count where classes[row] != Int64(BASIN_NO_CLASS) {
    ones[row * width + Int(classes[row])] = 1
    weights[row] = 1
  }
  return try withExtendedLifetime(targets) { try (softmax(logits) - oneHot) * counts * (incoming / divisor) }
}

/// In how many rows of `[N, classes]` the greatest number, of equal ones the first, is at the class in `[N]`: one int64.
public func correctPredictions(_ predictions: Tensor, _ classes: Tensor) throws -> Tensor {
  guard isClassification(predictions, classes), !Operator.isObserved else {
    return try predictions.argmax(-1).equals(classes).sum()
  }
  let (rows, width) = (predictions.shape[0], predictions.shape[1])
  let predictions = try predictions.contiguous(), classes = try classes.contiguous()
  return try withExtendedLifetime((predictions, classes)) {
    let right = try basinRightRows(
      KernelUse.memory(predictions), classes.withMemory(of: Int64.self) { $0 }, Int64(width), 0, Int64(rows))
    return try Tensor(scalar: right)
  }
}

/// Whether these are rows of logits and a class each that kernels over raw memory may read.
private func isClassification(_ logits: Tensor, _ classes: Tensor) -> Bool {
  KernelUse.fits(logits) && classes.dtype == .int64 && classes.device == .cpu && logits.dimensions == 2 && classes.dimensions == 1
    && logits.shape[0] == classes.count && logits.count > 0
}
