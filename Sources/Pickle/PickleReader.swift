import PluginAPI

/// Reads Python pickles (protocols 0 to 4) of the few kinds of objects that data sets are published in.
///
/// A pickle is a program. This reader runs only the part of its language that builds numbers, strings, tuples, lists,
/// dictionaries, numpy arrays of uint8, int32, int64, float32 or float64, and scipy `csr_matrix`; it calls nothing. Any other class
/// or function is refused by name and byte offset. Work and memory stay within a constant multiple of the file's size.
public enum PickleReader {
  /// What a pickle may hold beside plain containers.
  public enum Content: Sendable {
    /// NumPy and SciPy arrays.
    case arrays
    /// PyTorch's tensors, whose numbers lie outside the pickle.
    case tensors
  }

  /// Reads the first object of a pickle.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - file: its name, for errors.
  ///   - content: anything else is refused by its name.
  /// - Throws: ``BasinError`` of kind `.badData` with the byte offset.
  public static func read(
    _ bytes: [UInt8], file: String? = nil, content: Content = .arrays
  ) throws(BasinError) -> PickleValue {
    guard !bytes.isEmpty else {
      throw .badData("the file is empty", file: file, advice: "Fetch it again")
    }
    var machine = PickleMachine(bytes: bytes, file: file, content: content)
    let item = try machine.run()
    var budget = machine.workLimit
    return try machine.value(of: item, depth: 0, budget: &budget)
  }
}

/// The stack machine a pickle is written for. Objects are numbers into tables, so a list that contains itself is harmless
/// until it is turned into a value, where the depth is limited.
struct PickleMachine {
  enum Item {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case bytes(ArraySlice<UInt8>)
    case text(ArraySlice<UInt8>)
    case list(Int)
    case tuple(Int)
    case dictionary(Int)
    case array(Int)
    case matrix(Int)
    case elementType(Int)
    case global(PickleGlobal)
    case storage(Int)
    case tensor(Int)
  }

  let bytes: [UInt8]
  let file: String?
  let content: PickleReader.Content
  var offset = 0
  /// Where the current opcode starts: the place errors name.
  var opcodeOffset = 0
  var stack: [Item] = []
  var marks: [Int] = []
  var memo: [Int: Item] = [:]
  var lists: [[Item]] = []
  var tuples: [[Item]] = []
  var dictionaries: [[(key: Item, value: Item)]] = []
  var arrays: [NumericArray?] = []
  var matrices: [SparseMatrix?] = []
  var elementTypes: [PickleElementType] = []
  var storages: [(key: String, type: StoredTensor.ElementType, count: Int)] = []
  var tensors: [StoredTensor] = []
  /// How much decoding and expanding has been done, in bytes or values.
  var work = 0

  /// Objects may be shared through the memo, so a small file could ask for the same decoding again and again.
  var workLimit: Int { 16 * bytes.count + 4096 }

  init(bytes: [UInt8], file: String?, content: PickleReader.Content) {
    self.bytes = bytes
    self.file = file
    self.content = content
  }

  func failure(_ message: String) -> BasinError {
    .badData(message, file: file, place: "byte \(opcodeOffset)", advice: "Fetch the file again")
  }

  mutating func spend(_ amount: Int) throws(BasinError) {
    work += amount
    guard work <= workLimit else { throw failure("the pickle repeats its contents far beyond the size of the file") }
  }

  // MARK: Reading

  mutating func take(_ count: Int) throws(BasinError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - offset else {
      throw failure("the file ends early: \(count) bytes expected, \(bytes.count - offset) left")
    }
    defer { offset += count }
    return bytes[offset..<(offset + count)]
  }

  mutating func takeUnsigned(_ size: Int) throws(BasinError) -> Int {
    var value: UInt64 = 0
    for (index, byte) in try take(size).enumerated() { value |= UInt64(byte) << (8 * UInt64(index)) }
    guard let result = Int(exactly: value) else { throw failure("a length of \(value) is not possible") }
    return result
  }

  /// A line up to its newline, which is consumed and not part of the result.
  mutating func takeLine() throws(BasinError) -> ArraySlice<UInt8> {
    guard let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) else {
      throw failure("the file ends inside a line")
    }
    defer { offset = end + 1 }
    return bytes[offset..<end]
  }

  // MARK: Stack

  mutating func pop() throws(BasinError) -> Item {
    guard stack.count > (marks.last ?? 0), let item = stack.popLast() else {
      throw failure("the pickle takes a value where there is none")
    }
    return item
  }

  func top() throws(BasinError) -> Item {
    guard stack.count > (marks.last ?? 0), let item = stack.last else {
      throw failure("the pickle needs a value where there is none")
    }
    return item
  }

  mutating func popToMark() throws(BasinError) -> [Item] {
    guard let mark = marks.popLast(), mark <= stack.count else { throw failure("the pickle has no mark here") }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }

  mutating func pushTuple(_ items: [Item]) {
    tuples.append(items)
    stack.append(.tuple(tuples.count - 1))
  }

  mutating func pushList(_ items: [Item]) {
    lists.append(items)
    stack.append(.list(lists.count - 1))
  }

  mutating func append(_ items: [Item]) throws(BasinError) {
    guard case .list(let list) = try top() else { throw failure("the pickle appends to something that is not a list") }
    lists[list] += items
  }

  mutating func setItems(_ items: [Item]) throws(BasinError) {
    guard items.count.isMultiple(of: 2) else { throw failure("a dictionary key has no value") }
    guard case .dictionary(let dictionary) = try top() else {
      throw failure("the pickle sets a key of something that is not a dictionary")
    }
    for index in stride(from: 0, to: items.count, by: 2) {
      dictionaries[dictionary].append((items[index], items[index + 1]))
    }
  }

  mutating func recall(_ index: Int) throws(BasinError) {
    guard let item = memo[index] else { throw failure("memo \(index) was never stored") }
    stack.append(item)
  }

  // MARK: The program

  mutating func run() throws(BasinError) -> Item {
    while offset < bytes.count {
      opcodeOffset = offset
      let opcode = bytes[offset]
      offset += 1
      if opcode == UInt8(ascii: ".") { return try pop() }
      if try !runStructure(opcode), try !runScalar(opcode), try !runObject(opcode) {
        throw failure("opcode \(Self.name(of: opcode)) is not part of the safe subset of pickle")
      }
    }
    opcodeOffset = bytes.count
    throw failure("the file ends before the pickle does")
  }

  static func name(of opcode: UInt8) -> String {
    let refused: [UInt8: String] = [
      UInt8(ascii: "P"): "PERSID", UInt8(ascii: "Q"): "BINPERSID", UInt8(ascii: "i"): "INST", UInt8(ascii: "o"): "OBJ",
      0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x8f: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET",
      0x92: "NEWOBJ_EX", 0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
    ]
    let hex = "0x" + (opcode < 16 ? "0" : "") + String(opcode, radix: 16)
    return refused[opcode].map { "\($0) (\(hex))" } ?? hex
  }

  /// Opcodes of the stack, the memo and the containers. False if it is none of them.
  private mutating func runStructure(_ opcode: UInt8) throws(BasinError) -> Bool {
    switch opcode {
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"):
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): stack.append(try top())
    case UInt8(ascii: ")"): pushTuple([])
    case UInt8(ascii: "t"): pushTuple(try popToMark())
    case 0x85: pushTuple([try pop()])
    case 0x86:
      let second = try pop()
      pushTuple([try pop(), second])
    case 0x87:
      let third = try pop()
      let second = try pop()
      pushTuple([try pop(), second, third])
    case UInt8(ascii: "]"): pushList([])
    case UInt8(ascii: "l"): pushList(try popToMark())
    case UInt8(ascii: "a"):
      let item = try pop()
      try append([item])
    case UInt8(ascii: "e"): try append(try popToMark())
    case UInt8(ascii: "}"), UInt8(ascii: "d"):
      let items = opcode == UInt8(ascii: "d") ? try popToMark() : []
      dictionaries.append([])
      stack.append(.dictionary(dictionaries.count - 1))
      // DICT's items lie above any earlier mark, as those of SETITEMS do.
      if !items.isEmpty { try setItems(items) }
    case UInt8(ascii: "s"):
      let value = try pop()
      let key = try pop()
      try setItems([key, value])
    case UInt8(ascii: "u"): try setItems(try popToMark())
    case UInt8(ascii: "p"): memo[try decimal(try takeLine())] = try top()
    case UInt8(ascii: "q"): memo[try takeUnsigned(1)] = try top()
    case UInt8(ascii: "r"): memo[try takeUnsigned(4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "g"): try recall(try decimal(try takeLine()))
    case UInt8(ascii: "h"): try recall(try takeUnsigned(1))
    case UInt8(ascii: "j"): try recall(try takeUnsigned(4))
    case 0x80:
      let version = try takeUnsigned(1)
      guard version <= 4 else { throw failure("pickle protocol \(version) is not supported, only 0 to 4") }
    case 0x95: _ = try takeUnsigned(8)  // FRAME: only a hint for buffering.
    default: return false
    }
    return true
  }

  /// Opcodes that push a number or a string. False if it is none of them.
  private mutating func runScalar(_ opcode: UInt8) throws(BasinError) -> Bool {
    switch opcode {
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "I"):
      let line = try takeLine()
      if line.elementsEqual("01".utf8) || line.elementsEqual("00".utf8) {
        stack.append(.bool(line.last == UInt8(ascii: "1")))
      } else {
        stack.append(.int(try decimal(line)))
      }
    case UInt8(ascii: "L"):
      let line = try takeLine()
      stack.append(.int(try decimal(line.last == UInt8(ascii: "L") ? line.dropLast() : line)))
    case UInt8(ascii: "J"):
      stack.append(.int(Int(Int32(truncatingIfNeeded: try takeUnsigned(4)))))
    case UInt8(ascii: "K"): stack.append(.int(try takeUnsigned(1)))
    case UInt8(ascii: "M"): stack.append(.int(try takeUnsigned(2)))
    case 0x8a: try pushLong(size: try takeUnsigned(1))
    case 0x8b: try pushLong(size: try takeUnsigned(4))
    case UInt8(ascii: "F"):
      let line = try takeLine()
      guard let value = Double(String(decoding: line, as: UTF8.self)) else { throw failure("a number is damaged") }
      stack.append(.float(value))
    case UInt8(ascii: "G"):
      var bits: UInt64 = 0
      for byte in try take(8) { bits = bits << 8 | UInt64(byte) }
      stack.append(.float(Double(bitPattern: bits)))
    case UInt8(ascii: "S"): stack.append(.bytes(try unquoted(try takeLine())))
    case UInt8(ascii: "T"), UInt8(ascii: "B"): stack.append(.bytes(try take(try takeUnsigned(4))))
    case UInt8(ascii: "U"), UInt8(ascii: "C"): stack.append(.bytes(try take(try takeUnsigned(1))))
    case 0x8e: stack.append(.bytes(try take(try takeUnsigned(8))))
    case UInt8(ascii: "V"):
      let line = try takeLine()
      guard line.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "\\") }) else {
        throw failure("a Unicode string of protocol 0 holds an escape, which is not supported")
      }
      stack.append(.text(line))
    case UInt8(ascii: "X"): stack.append(.text(try take(try takeUnsigned(4))))
    case 0x8c: stack.append(.text(try take(try takeUnsigned(1))))
    case 0x8d: stack.append(.text(try take(try takeUnsigned(8))))
    default: return false
    }
    return true
  }

  private func decimal(_ line: ArraySlice<UInt8>) throws(BasinError) -> Int {
    guard let value = Int64(String(decoding: line, as: UTF8.self)) else { throw failure("a number is damaged") }
    return Int(value)
  }

  private mutating func pushLong(size: Int) throws(BasinError) {
    let digits = try take(size)
    guard size <= 8 else { throw failure("an integer of \(size) bytes is too large") }
    var value: UInt64 = 0
    for (index, byte) in digits.enumerated() { value |= UInt64(byte) << (8 * UInt64(index)) }
    let shift = UInt64(64 - 8 * size)
    // Two's complement of any width: move the sign bit to the top and back.
    stack.append(.int(size == 0 ? 0 : Int(Int64(bitPattern: value << shift) >> Int64(shift))))
  }

  /// Protocol 0's quoted strings, with Python's backslash escapes.
  private func unquoted(_ line: ArraySlice<UInt8>) throws(BasinError) -> ArraySlice<UInt8> {
    let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    guard line.count >= 2, let quote = line.first, quote == line.last,
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw failure("a string is not quoted") }
    let body = line.dropFirst().dropLast()
    guard body.contains(UInt8(ascii: "\\")) else { return body }
    let plain: [UInt8: UInt8] = [
      UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
      UInt8(ascii: "'"): UInt8(ascii: "'"), UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "a"): 7,
      UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "v"): 11,
    ]
    var result: [UInt8] = []
    var index = body.startIndex
    while index < body.endIndex {
      guard body[index] == UInt8(ascii: "\\") else {
        result.append(body[index])
        index += 1
        continue
      }
      guard index + 1 < body.endIndex else { throw failure("a string ends inside an escape") }
      if body[index + 1] == UInt8(ascii: "x") {
        guard index + 3 < body.endIndex, let high = hexDigit(body[index + 2]), let low = hexDigit(body[index + 3])
        else {
          throw failure("a string holds a damaged escape")
        }
        result.append(high << 4 | low)
        index += 4
      } else if let byte = plain[body[index + 1]] {
        result.append(byte)
        index += 2
      } else {
        throw failure("a string holds an unknown escape")
      }
    }
    return result[...]
  }

  private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
