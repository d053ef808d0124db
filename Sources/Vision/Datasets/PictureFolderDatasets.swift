import Foundation
import PluginAPI

/// A folder or tar file of pictures by class: `images:PATH`.
public enum PictureFolder: PictureSource {
  public static func load(_ options: PictureFolderOptions, _ source: DataSource) throws -> LoadedPictures {
    let path = try source.requirePath()
    return try load(path, options, normalization: nil)
  }

  static func load(
    _ path: String, _ options: PictureFolderOptions, normalization: PictureNormalization?
  ) throws -> LoadedPictures {
    let splits = try PictureFolderReader.load(path, storage: options.storage)
    let isFolder = DataRoot.isFolder(path)
    return LoadedPictures(
      splits, format: isFolder ? "folder of pictures" : "tar of pictures", files: isFolder ? pictures(under: path) : [path],
      normalization: normalization)
  }

  private static func pictures(under folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter(PictureFolderLayout.isPicture).sorted().map { folder + "/" + $0 }.filter(DataRoot.isFile)
  }
}

/// Tar shards of pictures in the WebDataset layout: `shards:PATH`.
public enum PictureShards: PictureSource {
  public static func load(_ options: PictureFolderOptions, _ source: DataSource) throws -> LoadedPictures {
    let path = try source.requirePath()
    return LoadedPictures(
      try PictureShardReader.load(path, storage: options.storage), format: "tar shards",
      files: try PictureShardReader.shards(path))
  }
}

/// 5,000 and 1,000 pictures of CIFAR-10 as JPEG files: `cifar10-jpg-subset.tar` under the data root.
public enum CIFAR10JPEGSubset: PictureSource {
  public static func load(_ options: PictureFolderOptions, _ source: DataSource) throws -> LoadedPictures {
    let root = DataRoot(path: try source.requireRoot())
    let name = "cifar10-jpg-subset.tar"
    let candidates = ["image/\(name)", name]
    guard let path = root.file(candidates) else {
      throw root.nothingFound("the CIFAR-10 JPEG subset", lookedFor: candidates, advice: "Put the tar file there")
    }
    return try PictureFolder.load(path, options, normalization: .cifar10)
  }
}

public struct PictureFolderOptions: PictureOptions {
  public var common = PictureChoices()
  /// Side of the square pictures; 0: as stored, or 32 where sizes are mixed.
  public var size = 0
  public var decode = PictureDecoding.auto
  public init() {}
  public static var fields: [Field<Self>] {
    commonFields + [
      Field("size", \.size, in: 0...1024, "pictures are scaled to this side; 0: as stored, or 32 where sizes are mixed"),
      Field(
        "decode", \.decode, choices: PictureDecoding.self,
        "memory: all pictures when loading; batch: those of a batch when it is made; auto: memory up to 1 GiB of pixels"),
    ]
  }

  var storage: PictureStorage {
    PictureStorage(side: size > 0 ? size : nil, decoding: decode, keepsSizes: common.cropsAndScales)
  }
}
