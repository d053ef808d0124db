import Host
import PluginAPI
import Testing

@Suite("weight soup") struct WeightSoupTests {
  private func weights(_ a: [Float], _ b: [Float]) throws -> [(name: String, tensor: Tensor)] {
    [("a", try Tensor(a)), ("b", try Tensor(b, shape: [b.count, 1]))]
  }

  @Test("the mean of its ingredients, in whichever order their tensors come")
  func mean() throws {
    var soup = WeightSoup()
    let first = try weights([1, 2], [3])
    try soup.add(first, file: "one")
    try soup.add(weights([3, 8], [5]).reversed(), file: "two")
    #expect(try soup.mean[0].tensor.values(Double.self) == [2, 5] && soup.mean[1].tensor.values(Double.self) == [4])
    let two = soup
    try soup.add(weights([5, -1], [1]), file: "three")
    #expect(try soup.mean[0].tensor.values(Double.self) == [3, 3] && soup.count == 3)
    // Values: a copy, and what went in, stay as they were.
    #expect(try two.mean[0].tensor.values(Double.self) == [2, 5] && two.count == 2)
    #expect(try first[0].tensor.values(Float.self) == [1, 2])
  }

  @Test("a float32 mean would lose what float64 keeps")
  func precision() throws {
    var soup = WeightSoup()
    for index in 0..<1000 {
      try soup.add([("a", Tensor([Float(16_777_216) + Float(index % 2) * 2]))], file: "\(index)")
    }
    #expect(try abs(soup.mean[0].tensor.item() - 16_777_217) < 1e-6)
  }

  @Test("tensors of another shape, missing or left over are refused by name")
  func shapes() throws {
    func message(_ tensors: [(name: String, tensor: Tensor)]) throws -> String {
      var soup = WeightSoup()
      try soup.add(weights([1, 2], [3]), file: "one")
      var text = ""
      do { try soup.add(tensors, file: "two") } catch let error as BasinError {
        #expect(error.kind == .badData && error.file == "two")
        text = error.message
      }
      #expect(soup.count == 1)
      return text
    }
    #expect(try message(weights([1, 2], [3, 4])).contains("tensor b has shape [2, 1]"))
    #expect(try message([weights([1, 2], [3])[0]]).contains("no tensor b"))
    #expect(try message(weights([1, 2], [3]) + [("c", Tensor([Float(1)]))]).contains("tensor c"))
  }

  private func accuracy(_ value: Double, loss: Double = 1) -> Metrics { Metrics(loss: loss, accuracy: value) }

  @Test("greedy: from the best to the worst, what makes it worse is left out")
  func greedy() throws {
    let metrics = [accuracy(0.7), accuracy(0.9), accuracy(0.8), accuracy(0.9, loss: 0.5)]
    var tried: [[Int]] = []
    let found = try WeightSoup.greedy(metrics) { chosen in
      tried.append(chosen)
      // 1 is no worse, 2 is, 0 makes it better.
      return chosen.contains(2) ? accuracy(0.85) : chosen.contains(0) ? accuracy(0.95) : accuracy(0.9, loss: 2)
    }
    #expect(found.order == [3, 1, 2, 0] && found.kept == [3, 1, 0])
    #expect(tried == [[3, 1], [3, 1, 2], [3, 1, 0]])
    #expect(found.metrics.accuracy == 0.95)
  }

  @Test("greedy never ends below the best single one", arguments: 0..<50)
  func neverBelow(seed: Int) throws {
    let random = Random(seed: UInt64(seed))
    let metrics = random.uniform(6).map { accuracy(Double($0)) }
    let found = try WeightSoup.greedy(metrics) { chosen in
      accuracy(Double(random[chosen.reduce(0) { $0 * 7 + $1 }].uniform(1)[0]))
    }
    let accuracies = metrics.compactMap(\.accuracy), final = try #require(found.metrics.accuracy)
    #expect(final >= accuracies.max() ?? 1)
  }

  @Test("greedy by loss where there is no accuracy; a loss that is not a number is never kept")
  func regression() throws {
    let metrics = [Metrics(loss: 2, accuracy: nil), Metrics(loss: 1, accuracy: nil), Metrics(loss: 3, accuracy: nil)]
    let found = try WeightSoup.greedy(metrics) { Metrics(loss: $0 == [1, 0] ? .nan : 0.5, accuracy: nil) }
    #expect(found.order == [1, 0, 2] && found.kept == [1, 2] && found.metrics.loss == 0.5)
  }
}
