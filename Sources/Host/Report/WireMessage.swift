import Foundation

/// A message in Protocol Buffers' wire format (protobuf.dev/programming-guides/encoding), field by field.
struct WireMessage {
  private(set) var data = Data()

  func double(_ field: Int, _ value: Double) -> Self { adding(field, type: 1, value.bitPattern.littleEndian) }
  func float(_ field: Int, _ value: Float) -> Self { adding(field, type: 5, value.bitPattern.littleEndian) }
  func text(_ field: Int, _ value: String) -> Self { bytes(field, Data(value.utf8)) }

  func integer(_ field: Int, _ value: Int) -> Self {
    var message = self
    message.appendVariable(UInt64(field << 3))
    message.appendVariable(UInt64(bitPattern: Int64(value)))
    return message
  }

  /// Bytes, or a message within this one.
  func bytes(_ field: Int, _ value: Data) -> Self {
    var message = self
    message.appendVariable(UInt64(field << 3 | 2))
    message.appendVariable(UInt64(value.count))
    message.data += value
    return message
  }

  private func adding(_ field: Int, type: Int, _ bits: some FixedWidthInteger) -> Self {
    var message = self
    message.appendVariable(UInt64(field << 3 | type))
    withUnsafeBytes(of: bits) { message.data.append(contentsOf: $0) }
    return message
  }

  private mutating func appendVariable(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    data.append(UInt8(rest))
  }
}
