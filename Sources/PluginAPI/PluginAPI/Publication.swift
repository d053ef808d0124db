/// Where a published data set comes from: what `basin data fetch` needs to know. A module gives it when it registers the set.
///
///     registry.add(
///       dataset: "trec", TRECDataset.self, "questions in 6 classes",
///       publication: Publication(
///         source: "https://cogcomp.seas.upenn.edu/Data/QA/QC/", license: "none stated",
///         files: [
///           PublishedFile(
///             "text/trec/train_5500.label", at: ["https://cogcomp.seas.upenn.edu/Data/QA/QC/train_5500.label"],
///             .sha256("9e4c8bdc..."), bytes: 335_858)
///         ]))
public struct Publication: Hashable, Sendable {
  /// The page of its authors, for people.
  public let source: String
  /// One short sentence on what one may do with it, for people: `CC BY-SA 3.0`, `none stated`.
  public let license: String
  /// All of them are needed.
  public let files: [PublishedFile]

  public init(source: String, license: String, files: [PublishedFile]) {
    self.source = source
    self.license = license
    self.files = files
  }
}

/// One file of a published data set.
public struct PublishedFile: Hashable, Sendable {
  /// By what a fetched file is recognized: lower-case hexadecimal digits.
  public enum Digest: Hashable, Sendable {
    case sha256(String)
    /// Guards against damage alone: files with a wanted MD5 can be made. For what nothing better is published.
    case md5(String)
  }

  /// A file inside a published archive, and where it goes.
  public struct Member: Hashable, Sendable {
    /// As the archive has it: `SST-2/train.tsv`.
    public let name: String
    /// Relative to the data root: `text/glue/SST-2/train.tsv`.
    public let path: String

    public init(_ name: String, to path: String) {
      self.name = name
      self.path = path
    }
  }

  /// Where the data set's reader looks for it, relative to the data root: `image/cifar-10-binary.tar.gz`.
  public let path: String
  /// Where it can be had, by http or https; the first is tried first.
  public let urls: [String]
  /// What its bytes must hash to.
  public let digest: Digest
  /// Its exact size; nil where that is not published (then at most 1 GiB is taken).
  public let bytes: Int?
  /// What to take out of an archive (zip or tar) that the reader does not read as it is; the archive is deleted then. nil: the
  /// file stays as it is.
  public let members: [Member]?

  public init(
    _ path: String, at urls: [String], _ digest: Digest, bytes: Int?, members: [Member]? = nil
  ) {
    self.path = path
    self.urls = urls
    self.digest = digest
    self.bytes = bytes
    self.members = members
  }
}
