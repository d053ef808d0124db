import PluginAPI

extension GPT2: TextGenerator {
  /// Keys and values of earlier tokens are kept (a KV cache), so that each new token costs a forward pass of one row a sample.
  public func generate(
    after prompt: [Int], count: Int, sampling: Sampling, samples: Int = 1, end: Int? = nil, random: Random,
    visit: (Int) -> Bool = { _ in true }
  ) throws -> [[Int]] {
    try sampling.check()
    let longest = configuration.longestSequence
    guard !prompt.isEmpty, samples > 0, count >= 0 else {
      throw BasinError.usage("a continuation needs a prompt", advice: "Give at least one token")
    }
    guard prompt.count + count <= longest else {
      throw BasinError.usage(
        "\(prompt.count) tokens and \(count) more are \(prompt.count + count); the model has positions for \(longest)",
        advice: prompt.count < longest
          ? "Ask for at most \(longest - prompt.count) tokens, or give a shorter prompt"
          : "Give a prompt of fewer than \(longest) tokens")
    }
    if let wrong = prompt.first(where: { !(0..<configuration.vocabulary).contains($0) }) {
      throw BasinError.usage("token \(wrong) of the prompt", advice: "The model has tokens 0 to \(configuration.vocabulary - 1)")
    }
    return try LibTorch.withoutGradient {
      var results = [[Int]](repeating: [], count: samples)
      var isOpen = [Bool](repeating: true, count: samples)
      let cache = try KeyValueCache(configuration, samples: samples, length: prompt.count + count)
      var logits = try cache.read(prompt, self)
      for index in 0..<count {
        let rows = try logits.values(Float.self), width = rows.count / logits.shape[0]
        var next: [Int64] = []
        for sample in 0..<samples {
          // The prompt is read once for all samples.
          let row = logits.shape[0] == 1 ? 0 : sample
          let draw = Double(random[sample][index].uniform(1)[0])
          let token = sampling.token(Array(rows[row * width..<(row + 1) * width]), draw: draw)
          if token == end { isOpen[sample] = false }
          if isOpen[sample] { results[sample].append(token) }
          next.append(Int64(token))
        }
        guard isOpen.contains(true), visit(index + 1), index + 1 < count else { break }
        logits = try cache.append(next, self)
      }
      return results
    }
  }
}

/// The keys and values that attention has seen, `[samples, heads, length, d]` a layer.
final class KeyValueCache {
  private var keys: [Tensor], values: [Tensor]
  private let samples, heads, width: Int
  private var filled = 0

  init(_ c: TransformerConfiguration, samples: Int, length: Int) throws {
    (self.samples, heads, width) = (samples, c.heads, c.size / c.heads)
    let shape = [samples, c.heads, length, width]
    keys = try (0..<c.layers).map { _ in try Tensor.zeros(shape) }
    values = try (0..<c.layers).map { _ in try Tensor.zeros(shape) }
  }

  /// The logits `[1, vocabulary]` behind the prompt, the same for every sample.
  func read(_ prompt: [Int], _ model: GPT2) throws -> Tensor {
    let input = try PackedInput(TokenBatch([prompt.map(Int64.init)]), model.configuration, .evaluate)
    let rows = prompt.count
    let states = try run(model, tokens: input.tokens, positions: input.positions) { layer, number, x in
      let parts = try layer.attn.c_attn(x).split(x.shape[1], axis: 1)
      for (cache, part) in [(keys[number], parts[1]), (values[number], parts[2])] {
        // One sequence's rows to every sample: `[1, heads, rows, d]`.
        try cache.slice(0..<rows, axis: 2).copy(
          from: part.reshaped([1, rows, heads, width]).transposed(1, 2))
      }
      return try packedAttention(parts[0], parts[1], parts[2], offsets: input.offsets, heads: heads, causal: true)
    }
    filled = rows
    return try model.logits(states.slice(rows - 1..<rows))
  }

  /// The logits `[samples, vocabulary]` behind one more token each.
  func append(_ tokens: [Int64], _ model: GPT2) throws -> Tensor {
    let positions = try Tensor([Int64](repeating: Int64(filled), count: samples))
    let states = try run(model, tokens: Tensor(tokens), positions: positions) { layer, number, x in
      let parts = try layer.attn.c_attn(x).split(x.shape[1], axis: 1).map { try $0.reshaped([samples, heads, 1, width]) }
      try keys[number].slice(filled..<filled + 1, axis: 2).copy(from: parts[1])
      try values[number].slice(filled..<filled + 1, axis: 2).copy(from: parts[2])
      let mixed = try scaledDotProductAttention(
        parts[0], keys[number].slice(0..<filled + 1, axis: 2), values[number].slice(0..<filled + 1, axis: 2))
      return try mixed.reshaped([samples, heads * width])
    }
    filled += 1
    return try model.logits(states)
  }

  private func run(
    _ model: GPT2, tokens: Tensor, positions: Tensor, mix: (GPT2Layer, Int, Tensor) throws -> Tensor
  ) throws -> Tensor {
    let transformer = model.transformer
    var x = try transformer.wte(tokens) + transformer.wpe(positions)
    for (number, layer) in transformer.h.enumerated() { x = try layer(x, .evaluate) { try mix(layer, number, $0) } }
    return try transformer.ln_f(x)
  }
}
