import Foundation
import PluginAPI

/// Reads the binary version of STL-10: pictures of 3 x 96 x 96 bytes, a plane a colour, each plane column by column, and labels
/// from 1 in a file of their own. The pictures without labels are not read.
public enum STL10Reader {
  private static let side = 96
  private static let picture = 3 * side * side
  private static let needed = ["train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin"]
  private static let names = "class_names.txt"
  // The published files of labelled pictures have 221 MB; more is not one of them.
  private static let largestFile = 1 << 30

  /// Finds it under a data root: the folder `stl10_binary` or the archive `stl10_binary.tar.gz`, in `image/` or at the top.
  ///
  /// - Returns: 5,000 and 8,000 pictures of [96, 96, 3] if the files are the published ones, and the files read.
  /// - Throws: `BasinError` of kind `missingInput` that lists the paths looked for, or `badData`.
  public static func load(root: String) throws -> (splits: PictureSplits, files: [String]) {
    let root = DataRoot(path: root)
    let folders = ["image/stl10_binary", "stl10_binary"]
    let advice = "Unpack the published binary version there, or put the archive there"
    if let folder = root.folder(folders) {
      let absent = needed.map { folder + "/" + $0 }.filter { !DataRoot.isFile($0) }
      guard absent.isEmpty else {
        throw BasinError.missing(
          "STL-10 is not complete: looked for " + absent.joined(separator: ", "), file: folder, advice: advice)
      }
      let paths = (needed + [names]).map { folder + "/" + $0 }.filter(DataRoot.isFile)
      let splits = try splits(source: folder) { name in
        let path = folder + "/" + name
        return DataRoot.isFile(path) ? try PossiblyGzippedFile(path).read(upTo: largestFile) : nil
      }
      return (splits, paths)
    }
    let archives = folders.map { $0 + ".tar.gz" }
    guard let archive = root.file(archives) else {
      throw root.nothingFound("STL-10", lookedFor: folders.flatMap { f in needed.map { f + "/" + $0 } } + archives, advice: advice)
    }
    let members = try PictureArchive.members(of: archive, named: Set(needed + [names]))
    let absent = needed.filter { members[$0] == nil }
    guard absent.isEmpty else {
      throw BasinError.badData("the archive lacks " + absent.joined(separator: ", "), file: archive, advice: "Fetch the file again")
    }
    return (try splits(source: archive) { members[$0] }, [archive])
  }

  private static func splits(source: String, content: (String) throws -> [UInt8]?) throws -> PictureSplits {
    let text = try content(names).map { String(decoding: $0, as: UTF8.self) }
    let classNames =
      text?.split(whereSeparator: \.isWhitespace).map(String.init)
      ?? ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]
    func set(_ split: String) throws -> PictureSet {
      let file = "\(source)/\(split)_X.bin", labelFile = "\(source)/\(split)_y.bin"
      let planes = try content("\(split)_X.bin") ?? [], labels = try content("\(split)_y.bin") ?? []
      guard !planes.isEmpty, planes.count.isMultiple(of: picture) else {
        throw BasinError.badData(
          planes.isEmpty ? "the file is empty" : "\(planes.count) bytes are not a whole number of pictures of \(picture) bytes",
          file: file, advice: "The file is truncated or not the binary version: fetch it again")
      }
      guard labels.count == planes.count / picture else {
        throw BasinError.badData(
          "\(labels.count) labels for the \(planes.count / picture) pictures of \(file)", file: labelFile,
          advice: "Fetch the files again")
      }
      if let index = labels.firstIndex(where: { !(1...max(classNames.count, 1)).contains(Int($0)) }) {
        throw BasinError.badData(
          "label \(labels[index]) is not in 1...\(classNames.count)", file: labelFile, place: "byte \(index)",
          advice: "Fetch the file again")
      }
      return try PictureSet(
        pixels: interleaved(planes), labels: labels.map { Int32($0) - 1 }, classNames: classNames, height: side, width: side,
        channels: 3, file: source)
    }
    return PictureSplits(train: try set("train"), test: try set("test"))
  }

  private static func interleaved(_ planes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: planes.count) { pixels, count in
      planes.withUnsafeBufferPointer { planes in
        for start in stride(from: 0, to: planes.count, by: picture) {
          for channel in 0..<3 {
            for x in 0..<side {
              let column = start + (channel * side + x) * side
              for y in 0..<side { pixels[start + (y * side + x) * 3 + channel] = planes[column + y] }
            }
          }
        }
      }
      count = planes.count
    }
  }
}
