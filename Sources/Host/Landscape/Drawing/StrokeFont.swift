/// Letters of straight strokes, for pictures of pixels. Printable ASCII as far as labels need it; a box stands for the
/// rest.
enum StrokeFont {
  /// Strokes as pairs of digits x, y: x from 0 to 4; y from 0 to 8 upwards, the base line at 2, small letters to 6,
  /// capitals to 8.
  private static let glyphs: [Character: String] = [
    "0": "120307183847433212", "1": "172822 1232", "2": "07183847460242", "3": "07183847463515 354443321203",
    "4": "32380444",
    "5": "480805354443321203", "6": "4738180703123243443505", "7": "084812", "8": "15060718384746351504031232434435",
    "9": "0312324347381807061545",
    "A": "022842 1434", "B": "02083847463505 3544433202", "C": "4738180703123243", "D": "02083847433202",
    "E": "48080242 0535",
    "F": "480802 0535", "G": "47381807031232434525", "H": "0208 4248 0545", "I": "0222 1218 0828", "J": "4843321203",
    "K": "0208 4805 0542", "L": "080242", "M": "0208254842", "N": "02084248", "O": "120307183847433212",
    "P": "02083847463505", "Q": "120307183847433212 2442", "R": "02083847463505 2542", "S": "473818070615354443321203",
    "T": "0848 2822", "U": "080312324348", "V": "082248", "W": "0812253248", "X": "0248 0842", "Y": "082548 2522",
    "Z": "08480242",
    "a": "06263532 341403122233", "b": "0802 0516263533221203", "c": "3526160503122233", "d": "3832 3526160503122233",
    "e": "043435261605031232", "f": "38281712 0626", "g": "3526160503122233 36312000", "h": "0802 0516263532",
    "i": "0602 0808",
    "j": "161100 1818", "k": "0802 360432", "l": "0802", "m": "0602 05162522 25364542", "n": "0602 0516263532",
    "o": "160503122233352616", "p": "0600 0516263533221203", "q": "3630 3526160503122233", "r": "0602 051626",
    "s": "3616051424332202", "t": "18132232 0626", "u": "0603122233 3632", "v": "062246", "w": "0612253246",
    "x": "0632 3602",
    "y": "0603122233 36312000", "z": "06360232",
    ".": "0202", ",": "1201", "-": "0434", "+": "0444 2226", "%": "0248 0818170708 3343423233", "(": "18060412",
    ")": "08161402",
    ":": "0303 0606", "/": "0238", "_": "0141", "=": "0343 0545", "|": "0109", "<": "360432", ">": "063402",
    "'": "0807",
    "!": "0804 0202", "?": "071838474625 2424 2222", " ": "",
  ]
  private static let unknown = "0208383202"

  /// What a unit of the grid is at size 1: capitals are 0.72 high.
  private static let unit = 0.12

  private static func advance(_ character: Character) -> Double {
    guard character != " " else { return 2.5 }
    let digits = (glyphs[character] ?? unknown).split(separator: " ").flatMap {
      $0.enumerated().filter { $0.offset % 2 == 0 }
    }
    return Double(digits.compactMap { $0.element.wholeNumberValue }.max() ?? 0) + 1.7
  }

  static func width(_ text: String, size: Double) -> Double {
    max(0, text.reduce(0) { $0 + advance($1) } - 1.7) * unit * size
  }

  /// Polylines from the left end of the base line, y downwards.
  static func strokes(_ text: String, size: Double) -> [[Drawing.Point]] {
    var left = 0.0
    var result: [[Drawing.Point]] = []
    for character in text {
      for stroke in (glyphs[character] ?? unknown).split(separator: " ") {
        let digits = stroke.compactMap { $0.wholeNumberValue }.map(Double.init)
        result.append(
          stride(from: 0, to: digits.count - 1, by: 2).map {
            Drawing.Point((left + digits[$0]) * unit * size, (2 - digits[$0 + 1]) * unit * size)
          })
      }
      left += advance(character)
    }
    return result
  }
}
