/// Numbers as GraphML, pickles and index files write them, read from bytes without a String in the usual case.

/// A decimal integer with an optional sign, nothing around it; nil if it is none or does not fit 64 bits.
func parseInteger(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
  guard let first = bytes.first else { return nil }
  let isNegative = first == UInt8(ascii: "-")
  var index = isNegative || first == UInt8(ascii: "+") ? 1 : 0
  guard index < bytes.count else { return nil }
  var value: Int64 = 0
  while index < bytes.count {
    let digit = bytes[index] &- UInt8(ascii: "0")
    guard digit <= 9 else { return nil }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
    // Counting downwards for negative numbers lets Int64.min through.
    let (next, overflowNext) =
      isNegative ? scaled.subtractingReportingOverflow(Int64(digit)) : scaled.addingReportingOverflow(Int64(digit))
    guard !overflow, !overflowNext else { return nil }
    value = next
    index += 1
  }
  return value
}

func parseInteger(_ bytes: [UInt8]) -> Int64? { bytes.withUnsafeBufferPointer { parseInteger($0) } }

func parseReal(_ bytes: [UInt8]) -> Double? { bytes.withUnsafeBufferPointer { parseReal($0) } }

private let powersOfTen: [Double] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21,
  1e22,
]

/// A decimal number with optional sign, fraction and exponent, or NaN, INF, Infinity in any case; nil if it is none.
///
/// Correctly rounded: a mantissa below 2^53 and a power of ten up to 22 are both exact, so that one operation rounds once;
/// anything else goes to the standard library.
func parseReal(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
  guard let first = bytes.first else { return nil }
  let isNegative = first == UInt8(ascii: "-")
  let start = isNegative || first == UInt8(ascii: "+") ? 1 : 0
  var index = start
  var mantissa: UInt64 = 0
  var digits = 0
  var exponent = 0
  var isExact = true
  func accept(_ digit: UInt8) {
    if mantissa >= 1 << 53 { isExact = false } else { mantissa = mantissa * 10 + UInt64(digit) }
    digits += 1
  }
  while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit <= 9 {
    accept(digit)
    index += 1
  }
  if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
    index += 1
    while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit <= 9 {
      accept(digit)
      exponent -= 1
      index += 1
    }
  }
  guard digits > 0 else { return specialReal(bytes, from: start, isNegative: isNegative) }
  if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
    index += 1
    var isNegativeExponent = false
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
      isNegativeExponent = bytes[index] == UInt8(ascii: "-")
      index += 1
    }
    guard index < bytes.count else { return nil }
    var power = 0
    while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit <= 9 {
      // Saturate: a longer exponent is zero or infinity anyway, and the standard library decides which.
      power = min(power * 10 + Int(digit), 100_000)
      index += 1
    }
    exponent += isNegativeExponent ? -power : power
  }
  guard index == bytes.count else { return nil }
  if isExact, mantissa <= 1 << 53, abs(exponent) <= 22 {
    let magnitude =
      exponent < 0 ? Double(mantissa) / powersOfTen[-exponent] : Double(mantissa) * powersOfTen[exponent]
    return isNegative ? -magnitude : magnitude
  }
  return Double(String(decoding: bytes, as: UTF8.self))
}

private func specialReal(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isNegative: Bool) -> Double? {
  guard bytes.count - start <= 8 else { return nil }
  switch String(decoding: bytes[start...], as: UTF8.self).lowercased() {
  case "nan": return .nan
  case "inf", "infinity": return isNegative ? -.infinity : .infinity
  default: return nil
  }
}

/// `true`, `false`, `1` or `0` in any case; nil if it is none.
func parseBoolean(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool? {
  switch bytes.count {
  case 1: bytes[0] == UInt8(ascii: "1") ? true : bytes[0] == UInt8(ascii: "0") ? false : nil
  case 4: zip(bytes, "true".utf8).allSatisfy { $0 | 0x20 == $1 } ? true : nil
  case 5: zip(bytes, "false".utf8).allSatisfy { $0 | 0x20 == $1 } ? false : nil
  default: nil
  }
}

/// The bytes without XML white space at either end.
func trimmingSpace(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
  var start = 0
  var end = bytes.count
  while start < end, isSpace(bytes[start]) { start += 1 }
  while end > start, isSpace(bytes[end - 1]) { end -= 1 }
  return UnsafeBufferPointer(rebasing: bytes[start..<end])
}

/// Blank, tab, newline or carriage return.
func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }
