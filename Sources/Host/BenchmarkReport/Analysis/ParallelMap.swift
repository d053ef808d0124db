import Dispatch

extension Array where Element: Sendable {
  /// As `map`, on all cores at once; of several errors that of the first element is thrown.
  public func mapInParallel<R, E>(_ transform: @Sendable (Element) throws(E) -> R) throws(E) -> [R] {
    var results = [Result<R, E>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { places in
      nonisolated(unsafe) let places = places
      DispatchQueue.concurrentPerform(iterations: count) { index in
        places[index] = Result { () throws(E) -> R in try transform(self[index]) }
      }
    }
    var values: [R] = []
    values.reserveCapacity(count)
    for result in results {
      if let result { values.append(try result.get()) }
    }
    return values
  }
}
