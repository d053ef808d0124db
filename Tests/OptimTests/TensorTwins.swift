import Foundation

// The optimizers that treat every tensor by itself; formulas as in the papers.

extension OptimizerCase {
  func sgdTwin() throws -> TensorTwin.Update {
    let (momentum, dampening) = try (number("momentum", 0), number("dampening", 0))
    let decay = try number("weightDecay", 0)
    return { memory, w, g, rate in
      let g = elementwise(g, w) { $0 + decay * $1 }
      guard momentum != 0 else { return elementwise(w, g) { $0 - rate * $1 } }
      memory["b"] = memory.has("b") ? elementwise(memory["b"], g) { momentum * $0 + (1 - dampening) * $1 } : g
      let direction = self.isOn("nesterov") ? elementwise(g, memory["b"]) { $0 + momentum * $1 } : memory["b"]
      return elementwise(w, direction) { $0 - rate * $1 }
    }
  }

  func adamTwin(decoupled: Bool, decay standardDecay: Double) throws -> TensorTwin.Update {
    try adamTwin(
      decoupled: decoupled, decay: number("weightDecay", standardDecay), part: 1, beta2: 0.999,
      amsgrad: isOn("amsgrad"))
  }

  private func adamTwin(
    decoupled: Bool, decay: Double, part: Double, beta2 standard: Double, amsgrad: Bool
  ) throws -> TensorTwin.Update {
    let (beta1, beta2, epsilon) = try (number("beta1", 0.9), number("beta2", standard), number("epsilon", 1e-8))
    return { memory, w, g, rate in
      let rate = rate * part
      let g = decoupled ? g : elementwise(g, w) { $0 + decay * $1 }
      let w = decoupled ? w.map { $0 - rate * decay * $0 } : w
      memory["m"] = elementwise(memory["m"], g) { beta1 * $0 + (1 - beta1) * $1 }
      memory["v"] = elementwise(memory["v"], g) { beta2 * $0 + (1 - beta2) * $1 * $1 }
      memory["top"] = amsgrad ? elementwise(memory["top"], memory["v"], max) : memory["v"]
      let t = Double(memory.t)
      let direction = elementwise(memory["m"], memory["top"]) {
        $0 / (1 - pow(beta1, t)) / (($1 / (1 - pow(beta2, t))).squareRoot() + epsilon)
      }
      return elementwise(w, direction) { $0 - rate * $1 }
    }
  }

  func rmspropTwin() throws -> TensorTwin.Update {
    let (alpha, momentum) = try (number("alpha", 0.99), number("momentum", 0))
    let (epsilon, decay) = try (number("epsilon", 1e-8), number("weightDecay", 0))
    return { memory, w, g, rate in
      let g = elementwise(g, w) { $0 + decay * $1 }
      memory["v"] = elementwise(memory["v"], g) { alpha * $0 + (1 - alpha) * $1 * $1 }
      memory["m"] = elementwise(memory["m"], g) { alpha * $0 + (1 - alpha) * $1 }
      let v = self.isOn("centered") ? elementwise(memory["v"], memory["m"]) { $0 - $1 * $1 } : memory["v"]
      let direction = elementwise(g, v) { $0 / ($1.squareRoot() + epsilon) }
      memory["b"] = elementwise(memory["b"], direction) { momentum * $0 + $1 }
      return elementwise(w, memory["b"]) { $0 - rate * $1 }
    }
  }

  func adagradTwin() throws -> TensorTwin.Update {
    let (lrDecay, start) = try (number("lrDecay", 0), number("initialAccumulator", 0))
    let (epsilon, decay) = try (number("epsilon", 1e-10), number("weightDecay", 0))
    return { memory, w, g, rate in
      let g = elementwise(g, w) { $0 + decay * $1 }
      memory["s"] = elementwise(memory["s", start], g) { $0 + $1 * $1 }
      let rate = rate / (1 + Double(memory.t - 1) * lrDecay)
      return elementwise(w, elementwise(g, memory["s"]) { $0 / ($1.squareRoot() + epsilon) }) { $0 - rate * $1 }
    }
  }

  func nadamTwin() throws -> TensorTwin.Update {
    let (beta1, beta2, epsilon) = try (number("beta1", 0.9), number("beta2", 0.999), number("epsilon", 1e-8))
    let (psi, decay) = try (number("momentumDecay", 4e-3), number("weightDecay", 0))
    func mu(_ t: Int) -> Double { beta1 * (1 - 0.5 * pow(0.96, Double(t) * psi)) }
    return { memory, w, g, rate in
      let decoupled = self.isOn("decoupled")
      let g = decoupled ? g : elementwise(g, w) { $0 + decay * $1 }
      let w = decoupled ? w.map { $0 - rate * decay * $0 } : w
      memory["m"] = elementwise(memory["m"], g) { beta1 * $0 + (1 - beta1) * $1 }
      memory["v"] = elementwise(memory["v"], g) { beta2 * $0 + (1 - beta2) * $1 * $1 }
      let t = memory.t
      let product = (1...t).reduce(1) { $0 * mu($1) }
      let mean = elementwise(memory["m"], g) {
        mu(t + 1) * $0 / (1 - product * mu(t + 1)) + (1 - mu(t)) * $1 / (1 - product)
      }
      let v = memory["v"].map { $0 / (1 - pow(beta2, Double(t))) }
      return elementwise(w, elementwise(mean, v) { $0 / ($1.squareRoot() + epsilon) }) { $0 - rate * $1 }
    }
  }

  /// Chen et al. 2023, algorithm 2.
  func lionTwin() throws -> TensorTwin.Update {
    let (beta1, beta2, decay) = try (number("beta1", 0.9), number("beta2", 0.99), number("weightDecay", 0))
    return { memory, w, g, rate in
      let c = elementwise(memory["m"], g) { beta1 * $0 + (1 - beta1) * $1 }
      memory["m"] = elementwise(memory["m"], g) { beta2 * $0 + (1 - beta2) * $1 }
      return elementwise(w, c) { $0 - rate * (($1 > 0 ? 1 : $1 < 0 ? -1 : 0) + decay * $0) }
    }
  }

  /// You et al. 2020, algorithm 2.
  func lambTwin() throws -> TensorTwin.Update {
    let (beta1, beta2, epsilon) = try (number("beta1", 0.9), number("beta2", 0.999), number("epsilon", 1e-6))
    let decay = try number("weightDecay", 0.01)
    return { memory, w, g, rate in
      memory["m"] = elementwise(memory["m"], g) { beta1 * $0 + (1 - beta1) * $1 }
      memory["v"] = elementwise(memory["v"], g) { beta2 * $0 + (1 - beta2) * $1 * $1 }
      let t = Double(memory.t)
      let r = elementwise(memory["m"], memory["v"]) {
        $0 / (1 - pow(beta1, t)) / (($1 / (1 - pow(beta2, t))).squareRoot() + epsilon)
      }
      let u = elementwise(r, w) { $0 + decay * $1 }
      let ratio = euclidean(w) > 0 && euclidean(u) > 0 ? euclidean(w) / euclidean(u) : 1
      return elementwise(w, u) { $0 - rate * ratio * $1 }
    }
  }

  /// Jordan et al. 2024 for matrices, AdamW for all else.
  func muonTwin() throws -> TensorTwin.Update {
    let (momentum, decay) = try (number("momentum", 0.95), number("weightDecay", 0.1))
    let steps = try Int(number("newtonSchulzSteps", 5))
    let adam = try adamTwin(
      decoupled: true, decay: decay, part: number("adamLearningRate", 0.015), beta2: 0.95, amsgrad: false)
    return { memory, w, g, rate in
      let shape = memory.shape
      guard shape.count == 2 || shape.count > 2 && self.isOn("filters", true) else { return adam(&memory, w, g, rate) }
      let rows = shape[0], columns = w.count / rows
      memory["m"] = elementwise(memory["m"], g) { momentum * $0 + (1 - momentum) * $1 }
      let ahead = elementwise(g, memory["m"]) { (1 - momentum) * $0 + momentum * $1 }
      let u = self.isOn("nesterov", true) ? ahead : memory["m"]
      let longer = Double(max(rows, columns)), ratio = Double(rows) / Double(columns)
      let factor = self.settings["adjust"] == "match-rms-adamw" ? 0.2 * longer.squareRoot() : max(1, ratio).squareRoot()
      let direction = newtonSchulz(u, rows, columns, steps)
      return elementwise(w, direction) { $0 - rate * decay * $0 - rate * factor * $1 }
    }
  }
}

/// X becomes a X + b (X X^T) X + c (X X^T)^2 X, from the matrix over its Frobenius norm.
private func newtonSchulz(_ matrix: Numbers, _ rows: Int, _ columns: Int, _ steps: Int) -> Numbers {
  func product(_ a: Numbers, _ b: Numbers, _ n: Int, _ k: Int, _ m: Int) -> Numbers {
    (0..<n * m).map { index in (0..<k).reduce(0) { $0 + a[index / m * k + $1] * b[$1 * m + index % m] } }
  }
  let size = max(euclidean(matrix), 1e-7)
  var x = matrix.map { $0 / size }
  for _ in 0..<steps {
    let turned = (0..<columns * rows).map { x[$0 % rows * columns + $0 / rows] }
    let gram = product(x, turned, rows, columns, rows)
    let once = product(gram, x, rows, rows, columns), twice = product(gram, once, rows, rows, columns)
    x = x.indices.map { 3.4445 * x[$0] - 4.775 * once[$0] + 2.0315 * twice[$0] }
  }
  return x
}
