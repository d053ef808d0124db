import Foundation

/// A series of numbers along a run, one an epoch: `validation/accuracy`, `learningRate`.
public struct Curve: Hashable, Sendable {
  public var series: String
  /// NaN where an epoch has none.
  public var values: [Double]

  public init(series: String, values: [Double]) {
    self.series = series
    self.values = values
  }

  /// Little-endian float64.
  init(series: String, bytes: Data) {
    self.series = series
    values = bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map { Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))) }
    }
  }

  var bytes: Data {
    var data = Data(capacity: values.count * 8)
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
    return data
  }

  public static func == (a: Curve, b: Curve) -> Bool {
    a.series == b.series && a.values.map(\.bitPattern) == b.values.map(\.bitPattern)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(series)
    hasher.combine(values.map(\.bitPattern))
  }
}
