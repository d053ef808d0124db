import PluginAPI

extension PictureSplits {
  /// The same with `count` of train's pictures, those of each class by its share of all, in their old order.
  ///
  /// - Throws: `BasinError` of kind usage where train has fewer.
  func keeping(_ count: Int, _ random: Random) throws -> PictureSplits {
    guard count <= train.count else {
      throw BasinError.usage(
        "subset=\(count): train has \(train.count) pictures", advice: "Choose at most so many, or 0 for all")
    }
    return PictureSplits(train: try train.selecting(train.stratified(count, random)), validation: validation, test: test)
  }
}

extension PictureSet {
  /// The pictures `indices`, in that order.
  func selecting(_ indices: [Int]) throws -> PictureSet {
    let labels = indices.map { self.labels[$0] }
    switch content {
    case .stored(let pictures):
      return try PictureSet(
        stored: indices.map { pictures[$0] }, labels: labels, classNames: classNames,
        size: PictureSize(height: height, width: width))
    case .decoded(let pixels):
      var chosen: [UInt8] = []
      chosen.reserveCapacity(indices.count * stride)
      for index in indices { chosen += pixels[(index * stride)..<((index + 1) * stride)] }
      return try PictureSet(
        pixels: chosen, labels: labels, classNames: classNames, height: height, width: width, channels: channels)
    }
  }

  /// `count` of the pictures, rising; each class has its share, rounded so that the sum is right.
  func stratified(_ count: Int, _ random: Random) -> [Int] {
    var members = [[Int]](repeating: [], count: classNames.count)
    for (index, label) in labels.enumerated() { members[Int(label)].append(index) }
    var chosen: [Int] = []
    var seen = 0
    for (label, own) in members.enumerated() {
      // Shares of all classes up to this one are rounded, so that what rounding takes from one it gives to the next.
      let before = seen * count / max(self.count, 1)
      seen += own.count
      let share = seen * count / max(self.count, 1) - before
      chosen += random[label].permutation(own.count).prefix(share).map { own[$0] }
    }
    return chosen.sorted()
  }

  /// The labels where round(`part` * n) of the n pictures `indices` have another class, any of the others alike (symmetric
  /// noise).
  func labels(withNoise part: Double, at indices: [Int], _ random: Random) -> [Int32] {
    var result = labels
    let classes = classNames.count
    guard classes > 1 else { return result }
    let flipped = Int((part * Double(indices.count)).rounded())
    let chosen = random["which"].permutation(indices.count).prefix(flipped)
    let shifts = random["to"].integers(flipped, below: classes - 1)
    for (position, shift) in zip(chosen, shifts) {
      let index = indices[position]
      result[index] = Int32((Int(labels[index]) + 1 + shift) % classes)
    }
    return result
  }
}
