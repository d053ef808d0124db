import GraphXML

// Numbers as graph files, pickles and index files write them; the work is done where XML is read.

/// A decimal integer with an optional sign, nothing around it; nil if it is none or does not fit 64 bits.
func parseInteger(_ bytes: [UInt8]) -> Int64? {
  var value: Int64 = 0
  return bytes.withUnsafeBufferPointer { basin_graph_parse_integer($0.baseAddress, $0.count, &value) } ? value : nil
}

/// A decimal number with optional sign, fraction and exponent, or NaN, INF, Infinity in any case; nil if it is none.
/// Correctly
/// rounded.
func parseReal(_ bytes: [UInt8]) -> Double? {
  var value = 0.0
  return bytes.withUnsafeBufferPointer { basin_graph_parse_real($0.baseAddress, $0.count, &value) } ? value : nil
}

/// Blank, tab, newline or carriage return.
func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }
