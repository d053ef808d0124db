import PluginAPI

/// CIFAR-10: 50,000 and 10,000 colour pictures of 32x32 in ten classes (Krizhevsky 2009), the binary version.
public enum CIFAR10: PictureSource {
  public struct SourceOptions: PictureOptions {
    public var augment = true
    public var padding = 4
    public var flip = true
    public init() {}
    public static var fields: [Field<Self>] { augmentationFields }
  }

  public static func load(_ options: SourceOptions, _ source: DataSource) throws -> LoadedPictures {
    let root = try source.requireRoot()
    return LoadedPictures(
      try CIFARReader.loadCIFAR10(root: root), format: "CIFAR-10 binary",
      files: cifarFiles(
        root, folder: "cifar-10-batches-bin", archive: "cifar-10-binary.tar.gz",
        members: (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin", "batches.meta.txt"]),
      normalization: .cifar10)
  }
}

/// CIFAR-100: as CIFAR-10 with 100 classes in 20 groups.
public enum CIFAR100: PictureSource {
  public enum Labels: String, CaseIterable, Sendable { case fine, coarse }

  public struct SourceOptions: PictureOptions {
    public var augment = true
    public var padding = 4
    public var flip = true
    public var labels = Labels.fine
    public init() {}
    public static var fields: [Field<Self>] {
      augmentationFields + [Field("labels", \.labels, choices: Labels.self, "100 fine classes or 20 coarse ones")]
    }
  }

  public static func load(_ options: SourceOptions, _ source: DataSource) throws -> LoadedPictures {
    let root = try source.requireRoot()
    return LoadedPictures(
      try CIFARReader.loadCIFAR100(root: root, labels: options.labels == .fine ? .fine : .coarse),
      format: "CIFAR-100 binary",
      files: cifarFiles(
        root, folder: "cifar-100-binary", archive: "cifar-100-binary.tar.gz",
        members: ["train.bin", "test.bin", "\(options.labels.rawValue)_label_names.txt"]),
      normalization: .cifar100)
  }
}

/// What the reader found, found again: the folder's files, or the archive.
private func cifarFiles(_ root: String, folder: String, archive: String, members: [String]) -> [String] {
  let root = DataRoot(path: root)
  if let folder = root.folder(["image/\(folder)", folder]) {
    return members.flatMap { [folder + "/" + $0, folder + "/" + $0 + ".gz"] }.filter(DataRoot.isFile)
  }
  return root.file(["image/\(archive)", archive]).map { [$0] } ?? []
}
