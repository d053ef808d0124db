import PluginAPI

/// Numbers that Python and Swift compute alike; see Tests/Parity/README.md.
enum FillingFormula {
  static func unit(_ path: String, _ count: Int) -> [Double] {
    var digest: UInt32 = 2_166_136_261
    for byte in path.utf8 { digest = (digest ^ UInt32(byte)) &* 16_777_619 }
    return (0..<count).map { index in
      var h = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ digest
      h = (h ^ (h >> 16)) &* 0x85EB_CA6B
      h = (h ^ (h >> 13)) &* 0xC2B2_AE35
      h ^= h >> 16
      return Double(h) / 2_147_483_648 - 1
    }
  }

  static func values(_ path: String, _ shape: [Int], scale: Double = 1) throws -> Tensor {
    try Tensor(unit(path, shape.reduce(1, *)).map { Float(scale * $0) }, shape: shape)
  }

  static func parameter(_ path: String, _ shape: [Int], gain: Double) throws -> Tensor {
    let unit = unit(path, shape.reduce(1, *))
    let values: [Float]
    if shape.count > 1 {
      let scale = (3 / Double(shape.dropFirst().reduce(1, *))).squareRoot() * gain
      values = unit.map { Float(scale * $0) }
    } else if path.hasSuffix("bias") {
      values = unit.map { Float(0.1 * $0) }
    } else {
      values = unit.map { Float(1 + 0.1 * $0) }
    }
    return try Tensor(values, shape: shape)
  }

  static func labels(_ count: Int, classes: Int) throws -> Tensor {
    try Tensor((0..<count).map { Int64((7 * $0 + $0 / 3 + 3) % classes) })
  }
}
