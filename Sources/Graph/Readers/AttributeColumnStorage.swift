/// Filling a column while a file streams by.
extension AttributeColumn {
  /// A text as a value of this column's type, surrounding blanks ignored except for strings; nil if it is none.
  ///
  /// An int or long may be written `4.0`, as some programs do.
  mutating func value(of bytes: UnsafeBufferPointer<UInt8>) -> Value? {
    switch type {
    case .string: return .code(Int32(truncatingIfNeeded: strings.intern(bytes)))
    case .boolean: return parseBoolean(trimmingSpace(bytes)).map { .boolean($0) }
    case .float, .double: return parseReal(trimmingSpace(bytes)).map { .real($0) }
    case .int, .long:
      let digits = trimmingSpace(bytes)
      if let integer = parseInteger(digits) { return .integer(integer) }
      guard let real = parseReal(digits), real.magnitude <= 0x1p53, real.rounded() == real else { return nil }
      return .integer(Int64(real))
    }
  }

  /// Gives an element its value. Elements before it that have none yet get the default, or count as missing.
  mutating func store(_ value: Value, element: Int) {
    if isPresent.count == element {
      append(value)
      isPresent.append(true)
      return
    }
    pad(to: element + 1)
    replace(value, element: element)
  }

  /// Gives every element up to a count the default, or marks it as missing.
  mutating func pad(to count: Int) {
    guard isPresent.count < count else { return }
    let extra = count - isPresent.count
    isPresent.append(contentsOf: repeatElement(defaultValue != nil, count: extra))
    switch type {
    case .int, .long:
      var filler: Int64 = 0
      if case .integer(let value)? = defaultValue { filler = value }
      integers.append(contentsOf: repeatElement(filler, count: extra))
    case .float, .double:
      var filler = 0.0
      if case .real(let value)? = defaultValue { filler = value }
      reals.append(contentsOf: repeatElement(filler, count: extra))
    case .boolean:
      var filler = false
      if case .boolean(let value)? = defaultValue { filler = value }
      booleans.append(contentsOf: repeatElement(filler, count: extra))
    case .string:
      var filler: Int32 = -1
      if case .code(let value)? = defaultValue { filler = value }
      codes.append(contentsOf: repeatElement(filler, count: extra))
    }
  }

  private mutating func append(_ value: Value) {
    switch value {
    case .integer(let value): integers.append(value)
    case .real(let value): reals.append(value)
    case .boolean(let value): booleans.append(value)
    case .code(let value): codes.append(value)
    }
  }

  private mutating func replace(_ value: Value, element: Int) {
    isPresent[element] = true
    switch value {
    case .integer(let value): integers[element] = value
    case .real(let value): reals[element] = value
    case .boolean(let value): booleans[element] = value
    case .code(let value): codes[element] = value
    }
  }
}
