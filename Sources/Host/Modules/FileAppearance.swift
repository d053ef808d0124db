/// What a file that should be a library looks like instead, for the message that refuses it.
public enum FileAppearance {
  /// A phrase with its article: `a PNG picture`, `a text file`, `a Git LFS pointer`.
  public static func describe(_ bytes: [UInt8]) -> String {
    for (signature, name) in signatures where bytes.starts(with: signature) { return name }
    for (text, name) in textSignatures where bytes.starts(with: Array(text.utf8)) { return name }
    if bytes.count > 262, Array(bytes[257..<262]) == Array("ustar".utf8) { return "a tar archive" }
    let sample = bytes.prefix(4096)
    if sample.allSatisfy({ $0 == 0 }) { return "a file that starts with zeros only" }
    if sample.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 9 || $0 == 10 || $0 == 13 || $0 == 12 }) {
      return "a text file"
    }
    return "a binary file of another kind"
  }

  private static let signatures: [([UInt8], String)] = [
    ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"),
    ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
    ([0x1F, 0x8B], "a gzip file"),
    ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive"),
    ([0x42, 0x43, 0xC0, 0xDE], "LLVM bitcode"),
    ([0xCF, 0xFA, 0xED, 0xFE], "a file for macOS (Mach-O)"),
    ([0xCA, 0xFE, 0xBA, 0xBE], "a file for macOS (Mach-O)"),
    ([0x4D, 0x5A], "a file for Windows (PE)"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz file"),
    ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file"),
  ]

  private static let textSignatures: [(String, String)] = [
    ("version https://git-lfs", "a Git LFS pointer (run `git lfs pull`)"),
    ("!<arch>\n", "a static library (.a)"),
    ("!<thin>\n", "a static library (.a)"),
    ("#!", "a script"),
    ("%PDF", "a PDF document"),
    ("GIF8", "a GIF picture"),
    ("BZh", "a bzip2 file"),
    ("<!DOCTYPE html", "a web page"),
    ("<html", "a web page"),
    ("/* GNU ld script", "a linker script"),
  ]
}
