import PluginAPI
import Testing
import Vision

/// Pictures without classes, for predictions.
@Suite(.serialized) struct DatasetUnlabelledTests {
  private func folder(_ path: String, _ change: (inout PictureFolderOptions) -> Void = { _ in }) throws -> PictureDataset<PictureFolder> {
    var options = PictureFolderOptions()
    options.size = 16
    change(&options)
    return try PictureDataset<PictureFolder>(options, source: DataSource(name: "images", path: path), random: Random(seed: 1))
  }

  private func write(_ folder: TemporaryFolder) throws {
    for index in 0..<6 {
      let (height, width) = (14 + 3 * index, 20 - 2 * index)
      let pixels = scrambledBytes(height * width * 3, seed: UInt64(index))
      try folder.write("\(index % 2 == 0 ? "a" : "b")/\(index).png", makePNG(height: height, width: width, pixels))
    }
  }

  /// They are shown to the model exactly as the same pictures of the data set are when it is evaluated.
  @Test func asTheyAreEvaluated() throws {
    let files = try TemporaryFolder()
    try write(files)
    for change: (inout PictureFolderOptions) -> Void in [
      { _ in }, { $0.decode = .batch }, { $0.common.crop = .resized }, { $0.common.crop = .resized; $0.decode = .batch },
    ] {
      var set = try folder(files.path, change)
      try set.fit(training: Array(0..<6))
      let examples = try set.unlabelled(file: files.path, NoOptions())
      #expect(examples.names == ["a/0.png", "a/2.png", "a/4.png", "b/1.png", "b/3.png", "b/5.png"])
      let mine = try examples.batch([5, 0, 3]).images, theirs = try set.batch([5, 0, 3], of: .train, augmentation: nil).input.images
      #expect(mine.shape == [3, 3, 16, 16])
      let worst = zip(try mine.values(Float.self), try theirs.values(Float.self)).map { abs($0 - $1) }.max() ?? .nan
      #expect(worst == 0)
      let one = try set.unlabelled(file: files.path + "/b/3.png", NoOptions())
      #expect(one.names == ["3.png"])
      #expect(try one.batch([0]).images.values(Float.self) == examples.batch([4]).images.values(Float.self))
    }
  }

  @Test func whatCannotBePredicted() throws {
    let files = try TemporaryFolder()
    try write(files)
    var set = try folder(files.path)
    #expect(try basinError { _ = try set.unlabelled(file: files.path, NoOptions()) }.kind == .internalError)
    try set.fit(training: [0, 1])
    let empty = try TemporaryFolder()
    #expect(try basinError { _ = try set.unlabelled(file: empty.path, NoOptions()) }.message == "there are no pictures")
    let damaged = try empty.write("x.png", [0x89, 0x50, 1, 2, 3])
    #expect(try basinError { _ = try set.unlabelled(file: damaged, NoOptions()) }.kind == .badData)
  }
}
