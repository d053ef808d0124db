import PluginAPI

/// What a pickle of PyTorch's `torch.save` holds besides plain containers: tensors, as views of storages.
extension PickleMachine {
  /// `Q`: an object the pickle refers to from outside. PyTorch's are ('storage', type, key, device, count).
  mutating func pushStorage() throws(BasinError) {
    guard case .tuple(let index) = try pop(), tuples[index].count == 5, ascii(tuples[index][0]) == "storage",
      case .global(.storage(let type)) = tuples[index][1], let key = ascii(tuples[index][2]),
      case .int(let count) = tuples[index][4], count >= 0
    else { throw failure("a persistent object is not a tensor's storage") }
    stack.append(.storage(storages.count))
    storages.append((key, type, count))
  }

  /// The call of one of PyTorch's own functions that make tensors.
  mutating func reduceTensor(_ function: PickleGlobal, _ arguments: [Item]) throws(BasinError) {
    if case .rebuildParameter = function {
      guard let first = arguments.first, case .tensor = first else { throw failure("a parameter holds no tensor") }
      stack.append(first)
      return
    }
    guard (6...7).contains(arguments.count), case .storage(let storage) = arguments[0],
      case .int(let offset) = arguments[1], case .tuple(let shapeTuple) = arguments[2],
      case .tuple(let strideTuple) = arguments[3]
    else { throw failure("the description of a tensor is damaged") }
    let (key, type, count) = storages[storage]
    let shape = try extents(shapeTuple), strides = try extents(strideTuple)
    guard shape.count == strides.count, shape.count <= 16, offset >= 0 else {
      throw failure("the shape of a tensor is damaged")
    }
    // The greatest element it touches; an empty tensor touches none.
    var last = offset, elements = 1, overflows = false
    for (extent, stride) in zip(shape, strides) where !shape.contains(0) {
      let (step, first) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, second) = last.addingReportingOverflow(step)
      let (product, third) = elements.multipliedReportingOverflow(by: extent)
      (last, elements, overflows) = (sum, product, overflows || first || second || third)
    }
    guard !overflows, shape.contains(0) || last < count, elements <= max(count, 1) else {
      throw failure("a tensor of shape \(shape) does not lie within its storage of \(count) elements")
    }
    stack.append(.tensor(tensors.count))
    tensors.append(
      StoredTensor(storage: key, elementType: type, storageCount: count, offset: offset, shape: shape, strides: strides))
  }

  private func extents(_ tuple: Int) throws(BasinError) -> [Int] {
    var result: [Int] = []
    for item in tuples[tuple] {
      guard case .int(let value) = item, value >= 0 else { throw failure("the shape of a tensor is damaged") }
      result.append(value)
    }
    return result
  }
}
