import PluginAPI

/// The classes and functions a pickle may name. They are marks for the reader; none of them is ever called.
enum PickleGlobal: Sendable {
  case csrMatrix
  case reconstruct
  case ndarray
  case elementType
  case defaultDictionary
  case list
  case reconstructor
  case object
  case encode
  case orderedDictionary
  case storage(StoredTensor.ElementType)
  case rebuildTensor
  case rebuildParameter

  /// What PyTorch's files of tensors name.
  static let ofTensors: [String: PickleGlobal] = StoredTensor.ElementType.allCases.reduce(
    into: [
      "collections OrderedDict": .orderedDictionary, "torch._utils _rebuild_tensor_v2": .rebuildTensor,
      "torch._utils _rebuild_parameter": .rebuildParameter,
    ]
  ) { $0["torch \($1.rawValue)"] = .storage($1) }

  /// Python 2 and 3, and old and new numpy and scipy, use different module names for the same things.
  static let known: [String: PickleGlobal] = [
    "scipy.sparse.csr csr_matrix": .csrMatrix, "scipy.sparse._csr csr_matrix": .csrMatrix,
    "numpy.core.multiarray _reconstruct": .reconstruct, "numpy._core.multiarray _reconstruct": .reconstruct,
    "numpy ndarray": .ndarray, "numpy dtype": .elementType, "collections defaultdict": .defaultDictionary,
    "__builtin__ list": .list, "builtins list": .list, "copy_reg _reconstructor": .reconstructor,
    "copyreg _reconstructor": .reconstructor, "__builtin__ object": .object, "builtins object": .object,
    "_codecs encode": .encode,
  ]
}

/// A numpy number type and its byte order.
struct PickleElementType {
  enum Kind { case uint8, int32, int64, float32, float64 }
  var kind: Kind
  var isBigEndian = false
  var size: Int {
    switch kind {
    case .uint8: 1
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }
}

/// The opcodes that name classes and build objects of them.
extension PickleMachine {
  mutating func runObject(_ opcode: UInt8) throws(BasinError) -> Bool {
    switch opcode {
    case UInt8(ascii: "c"):
      let module = try takeLine()
      try pushGlobal(module: module, name: try takeLine())
    case 0x93:
      guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
        throw failure("the name of a class is not a string")
      }
      try pushGlobal(module: module, name: name)
    case UInt8(ascii: "R"):
      guard case .tuple(let arguments) = try pop(), case .global(let function) = try pop() else {
        throw failure("REDUCE needs a known function and a tuple of arguments")
      }
      try reduce(function, tuples[arguments])
    case 0x81:
      guard case .tuple(let arguments) = try pop(), case .global(.csrMatrix) = try pop(), tuples[arguments].isEmpty
      else {
        throw failure("NEWOBJ is only accepted for an empty csr_matrix")
      }
      pushMatrix()
    case UInt8(ascii: "b"): try build(try pop())
    case UInt8(ascii: "Q") where content == .tensors: try pushStorage()
    default: return false
    }
    return true
  }

  private mutating func pushGlobal(module: ArraySlice<UInt8>, name: ArraySlice<UInt8>) throws(BasinError) {
    // A name is quoted in the error, so do not let it be a megabyte of garbage.
    let full =
      String(decoding: module.prefix(80), as: UTF8.self) + " " + String(decoding: name.prefix(80), as: UTF8.self)
    let known = content == .tensors ? PickleGlobal.ofTensors : PickleGlobal.known
    guard module.count <= 80, name.count <= 80, let global = known[full] else {
      throw BasinError.badData(
        "the pickle names `\(full.replacingSpaces())`, which is not on the list of harmless classes", file: file,
        place: "byte \(opcodeOffset)",
        advice: content == .tensors
          ? "Only tensors and plain containers are read; save the model's state_dict, best as safetensors"
          : "Use the published files: only numpy arrays, csr_matrix and lists are read")
    }
    stack.append(.global(global))
  }

  private mutating func pushMatrix() {
    matrices.append(nil)
    stack.append(.matrix(matrices.count - 1))
  }

  private mutating func reduce(_ function: PickleGlobal, _ arguments: [Item]) throws(BasinError) {
    switch function {
    case .reconstruct:
      guard arguments.count == 3, case .global(.ndarray) = arguments[0] else {
        throw failure("_reconstruct is only accepted for numpy.ndarray")
      }
      arrays.append(nil)
      stack.append(.array(arrays.count - 1))
    case .elementType:
      guard let first = arguments.first, let name = ascii(first) else { throw failure("a dtype has no name") }
      let kinds: [String: PickleElementType.Kind] = [
        "u1": .uint8, "i4": .int32, "i8": .int64, "f4": .float32, "f8": .float64,
      ]
      guard let kind = kinds[name] else {
        throw failure("dtype `\(name)` is not supported, only u1, i4, i8, f4 and f8")
      }
      elementTypes.append(PickleElementType(kind: kind))
      stack.append(.elementType(elementTypes.count - 1))
    case .defaultDictionary:
      guard arguments.count <= 1 else { throw failure("defaultdict has \(arguments.count) arguments") }
      if let factory = arguments.first {
        guard case .global(.list) = factory else { throw failure("defaultdict is only accepted with `list`") }
      }
      dictionaries.append([])
      stack.append(.dictionary(dictionaries.count - 1))
    case .list:
      guard arguments.isEmpty else { throw failure("list() is only accepted without arguments") }
      pushList([])
    case .reconstructor:
      guard arguments.count == 3, case .global(.csrMatrix) = arguments[0], case .global(.object) = arguments[1] else {
        throw failure("_reconstructor is only accepted for csr_matrix")
      }
      pushMatrix()
    case .encode:
      // Python 3 writes bytes in protocol 2 as encode(text, 'latin1').
      guard arguments.count == 2, case .text(let text) = arguments[0], ascii(arguments[1]) == "latin1" else {
        throw failure("encode is only accepted for Latin-1 text")
      }
      try spend(text.count)
      var result: [UInt8] = []
      for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
        guard let byte = UInt8(exactly: scalar.value) else { throw failure("a byte string holds a character over 255") }
        result.append(byte)
      }
      stack.append(.bytes(result[...]))
    case .orderedDictionary:
      guard arguments.isEmpty else { throw failure("OrderedDict is only accepted without arguments") }
      dictionaries.append([])
      stack.append(.dictionary(dictionaries.count - 1))
    case .rebuildTensor, .rebuildParameter: try reduceTensor(function, arguments)
    case .csrMatrix, .ndarray, .object, .storage: throw failure("the pickle calls a class directly")
    }
  }

  private mutating func build(_ state: Item) throws(BasinError) {
    switch try top() {
    case .elementType(let index):
      guard case .tuple(let tuple) = state, tuples[tuple].count >= 2, let order = ascii(tuples[tuple][1]) else {
        throw failure("the state of a dtype is damaged")
      }
      // Single bytes have none.
      guard order == "<" || order == ">" || order == "|" && elementTypes[index].kind == .uint8 else {
        throw failure("byte order `\(order)` is unknown")
      }
      elementTypes[index].isBigEndian = order == ">"
    case .array(let index): arrays[index] = try array(from: state)
    case .matrix(let index): matrices[index] = try matrix(from: state)
    case .dictionary where content == .tensors:
      // A state_dict's attribute `_metadata`, the versions of its layers, which no weights depend on.
      guard case .dictionary = state else { throw failure("the state of an OrderedDict is damaged") }
    default: throw failure("BUILD is only accepted for dtype, ndarray and csr_matrix")
    }
  }

  func ascii(_ item: Item) -> String? {
    switch item {
    case .bytes(let slice), .text(let slice): slice.count <= 80 ? String(decoding: slice, as: UTF8.self) : nil
    default: nil
    }
  }

  // MARK: Arrays

  private mutating func array(from state: Item) throws(BasinError) -> NumericArray {
    guard case .tuple(let tuple) = state, tuples[tuple].count == 5, case .tuple(let shapeTuple) = tuples[tuple][1],
      case .elementType(let typeIndex) = tuples[tuple][2], case .bytes(let memory) = tuples[tuple][4]
    else { throw failure("the state of an ndarray is damaged") }
    let isFortran: Bool
    switch tuples[tuple][3] {
    case .bool(let flag): isFortran = flag
    case .int(let flag): isFortran = flag != 0
    default: throw failure("the memory order of an ndarray is damaged")
    }
    guard tuples[shapeTuple].count <= 8 else { throw failure("an ndarray has \(tuples[shapeTuple].count) axes") }
    var shape: [Int] = []
    var count = 1
    for axis in tuples[shapeTuple] {
      guard case .int(let length) = axis, length >= 0 else { throw failure("the shape of an ndarray is damaged") }
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow else { throw failure("the shape of an ndarray is too large") }
      shape.append(length)
      count = product
    }
    let type = elementTypes[typeIndex]
    let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow, size == memory.count else {
      throw failure(
        "an ndarray of shape \(shape) needs \(overflow ? "too many" : "\(size)") bytes, \(memory.count) are given")
    }
    try spend(size)
    let isTransposed = isFortran && shape.count > 1
    guard !isTransposed || shape.count == 2 else { throw failure("an ndarray in Fortran order has more than two axes") }
    func elements<Element>(_ convert: (UInt64) -> Element) -> [Element] {
      let values = Self.words(memory, size: type.size, isBigEndian: type.isBigEndian, convert: convert)
      guard isTransposed else { return values }
      var result: [Element] = []
      result.reserveCapacity(count)
      for row in 0..<shape[0] {
        for column in 0..<shape[1] { result.append(values[column * shape[0] + row]) }
      }
      return result
    }
    switch type.kind {
    case .uint8: return NumericArray(shape: shape, elements: .uint8(elements { UInt8(truncatingIfNeeded: $0) }))
    case .int32:
      return NumericArray(shape: shape, elements: .int32(elements { Int32(truncatingIfNeeded: $0) }))
    case .int64: return NumericArray(shape: shape, elements: .int64(elements { Int64(bitPattern: $0) }))
    case .float32:
      return NumericArray(
        shape: shape, elements: .float32(elements { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }))
    case .float64: return NumericArray(shape: shape, elements: .float64(elements { Double(bitPattern: $0) }))
    }
  }

  private static func words<Element>(
    _ memory: ArraySlice<UInt8>, size: Int, isBigEndian: Bool, convert: (UInt64) -> Element
  ) -> [Element] {
    memory.withUnsafeBytes { raw in
      (0..<(raw.count / size)).map { index in
        if size == 1 { return convert(UInt64(raw[index])) }
        if size == 4 {
          let word = raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
          return convert(UInt64(isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)))
        }
        let word = raw.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
        return convert(isBigEndian ? UInt64(bigEndian: word) : UInt64(littleEndian: word))
      }
    }
  }

  private mutating func matrix(from state: Item) throws(BasinError) -> SparseMatrix {
    guard case .dictionary(let index) = state else { throw failure("the state of a csr_matrix is not a dictionary") }
    var fields: [String: Item] = [:]
    for pair in dictionaries[index] {
      if let name = ascii(pair.key) { fields[name] = pair.value }
    }
    guard case .tuple(let shape)? = fields["_shape"] ?? fields["shape"], tuples[shape].count == 2,
      case .int(let rows) = tuples[shape][0], case .int(let columns) = tuples[shape][1]
    else { throw failure("a csr_matrix has no shape") }
    func field(_ name: String) throws(BasinError) -> NumericArray {
      guard case .array(let index)? = fields[name], let array = arrays[index] else {
        throw failure("a csr_matrix has no `\(name)` array")
      }
      return array
    }
    let (pointers, indices, data) = (try field("indptr"), try field("indices"), try field("data"))
    try spend(8 * (pointers.elements.count + indices.elements.count + data.elements.count))
    guard let rowPointers = pointers.integers, let columnIndices = indices.integers else {
      throw failure("the indices of a csr_matrix are not integers")
    }
    var narrow: [Int32] = []
    narrow.reserveCapacity(columnIndices.count)
    for column in columnIndices {
      guard let value = Int32(exactly: column) else { throw failure("a csr_matrix has column \(column)") }
      narrow.append(value)
    }
    do {
      return try SparseMatrix(
        rows: rows, columns: columns, rowPointers: rowPointers, columnIndices: narrow, values: data.floats)
    } catch {
      throw failure("a csr_matrix is damaged: \(error.message)")
    }
  }

  // MARK: Result

  /// The plain value of an item. Depth and budget keep self-containing and endlessly shared objects out.
  func value(of item: Item, depth: Int, budget: inout Int) throws(BasinError) -> PickleValue {
    budget -= 1
    guard budget >= 0 else { throw failure("the pickle repeats its contents far beyond the size of the file") }
    guard depth <= 64 else { throw failure("the pickle nests more than 64 levels deep, or contains itself") }
    switch item {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .float(value)
    case .bytes(let slice):
      budget -= slice.count
      guard budget >= 0 else { throw failure("the pickle repeats its contents far beyond the size of the file") }
      return .bytes(Array(slice))
    case .text(let slice):
      budget -= slice.count
      guard budget >= 0 else { throw failure("the pickle repeats its contents far beyond the size of the file") }
      return .text(String(decoding: slice, as: UTF8.self))
    case .list(let index): return .list(try values(of: lists[index], depth: depth, budget: &budget))
    case .tuple(let index): return .tuple(try values(of: tuples[index], depth: depth, budget: &budget))
    case .dictionary(let index):
      var pairs: [(key: PickleValue, value: PickleValue)] = []
      for pair in dictionaries[index] {
        let key = try value(of: pair.key, depth: depth + 1, budget: &budget)
        pairs.append((key, try value(of: pair.value, depth: depth + 1, budget: &budget)))
      }
      return .dictionary(pairs)
    case .array(let index):
      guard let array = arrays[index] else { throw failure("an ndarray has no contents") }
      return .array(array)
    case .matrix(let index):
      guard let matrix = matrices[index] else { throw failure("a csr_matrix has no contents") }
      return .sparseMatrix(matrix)
    case .tensor(let index): return .tensor(tensors[index])
    case .elementType, .global, .storage: throw failure("the pickle holds a class where data is expected")
    }
  }

  private func values(of items: [Item], depth: Int, budget: inout Int) throws(BasinError) -> [PickleValue] {
    var result: [PickleValue] = []
    for item in items { result.append(try value(of: item, depth: depth + 1, budget: &budget)) }
    return result
  }
}

extension String {
  /// `module name` as Python writes it.
  fileprivate func replacingSpaces() -> String { split(separator: " ").joined(separator: ".") }
}
