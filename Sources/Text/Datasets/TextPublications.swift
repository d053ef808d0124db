import PluginAPI

/// Where the published sentences can be fetched. A set stands here only where the digest of its files is known with certainty.
enum TextPublications {
  /// Digests: dataset_infos.json of Hugging Face's `trec`.
  static let trec = Publication(
    source: "https://cogcomp.seas.upenn.edu/Data/QA/QC/", license: "none stated",
    files: [
      trecFile("train_5500.label", "9e4c8bdcaffb96ed61041bd64b564183d52793a8e91d84fc3a8646885f466ec3", 335_858),
      trecFile("TREC_10.label", "033f22c028c2bbba9ca682f68ffe204dc1aa6e1cf35dd6207f2d4ca67f0d0e8e", 23_354),
    ])

  private static func trecFile(_ name: String, _ digest: String, _ bytes: Int) -> PublishedFile {
    PublishedFile(
      "text/trec/\(name)",
      at: ["https://cogcomp.seas.upenn.edu/Data/QA/QC/\(name)", "http://cogcomp.org/Data/QA/QC/\(name)"], .sha256(digest),
      bytes: bytes)
  }

  /// Digest: dataset_infos.json of Hugging Face's `glue`; TensorFlow Datasets has the same one for another copy
  /// (url_checksums/glue.txt).
  static let sst2 = Publication(
    source: "https://gluebenchmark.com", license: "none stated",
    files: [
      PublishedFile(
        "text/glue/SST-2.zip", at: ["https://dl.fbaipublicfiles.com/glue/data/SST-2.zip"],
        .sha256("d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa"), bytes: 7_439_277,
        members: [
          .init("SST-2/train.tsv", to: "text/glue/SST-2/train.tsv"), .init("SST-2/dev.tsv", to: "text/glue/SST-2/dev.tsv"),
        ])
    ])

  /// Size and digest are those of the file of that commit.
  static let movieReviews = Publication(
    source: "https://github.com/harvardnlp/sent-conv-torch", license: "MIT (the repository's)",
    files: [
      PublishedFile(
        "text/sent-conv/rt-polarity.all",
        at: [
          "https://raw.githubusercontent.com/harvardnlp/sent-conv-torch/656a7ea29de3409aca87bb17935cf93c537527fa/data/rt-polarity.all"
        ], .sha256("b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a"), bytes: 1_259_719)
    ])
}
