import PluginAPI

extension PictureDataset: UnlabelledDataset {
  /// Pictures to predict: one file, a folder (with all below it) or a tar file. They are shown to the model as the pictures it
  /// is tested on, and are called by their path.
  ///
  /// - Throws: `BasinError`: `.missingInput` for a path that is not there, `.badData` for no pictures or a damaged one,
  ///   `.usage` where the model takes grey pictures.
  public func unlabelled(file path: String, _ options: NoOptions) throws -> UnlabelledExamples<ImageBatch> {
    guard let plain else { throw BasinError.internalError("pictures were to be predicted before fit(training:)") }
    let train = pictures.splits.train
    guard train.channels == 3 else {
      throw BasinError.usage(
        "the model takes grey pictures, files are read in colour", advice: "Predict the data set's own with --split test")
    }
    let found = try PictureFolderReader.pictures(at: path)
    guard !found.isEmpty else {
      throw BasinError.badData("there are no pictures", file: path, advice: "JPEG and PNG files are read, by their endings")
    }
    let stored = try StoredPicture.measured(found, threads: 2)
    let set = try PictureSet(
      stored: stored, labels: [Int32](repeating: 0, count: stored.count), classNames: train.classNames,
      size: PictureSize(height: train.height, width: train.width), file: path)
    return UnlabelledExamples(count: stored.count, names: stored.map(\.path)) { ids in
      ImageBatch(try images(set, ids, plain, nil, nil))
    }
  }
}
