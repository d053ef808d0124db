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

  /// GLUE's archives, of MRPC Microsoft's own files. Digests: dataset_infos.json of Hugging Face's `glue`.
  static func glue(_ task: GLUETask) -> Publication {
    let (archive, digest, bytes): (String, String, Int) =
      switch task {
      case .cola: ("CoLA", "f212fcd832b8f7b435fb991f101abf89f96b933ab400603bf198960dfc32cbff", 376_971)
      case .sst2: ("SST-2", "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa", 7_439_277)
      case .qqp: ("QQP-clean", "40e7c862c04eb26ee04b67fd900e76c45c6ba8e6d8fab4f8f1f8072a1a3fbae0", 41_696_084)
      case .stsb: ("STS-B", "e60a6393de5a8b5b9bac5020a1554b54e3691f9d600b775bd131e613ac179c85", 802_872)
      case .mnli: ("MNLI", "e7c1d896d26ed6caf700110645df426cc2d8ebf02a5ab743d5a5c68ac1c83633", 312_783_507)
      case .qnli: ("QNLIv2", "e634e78627a29adaecd4f955359b22bf5e70f2cbd93b493f2d624138a0c0e5f5", 10_627_589)
      case .rte: ("RTE", "6bf86de103ecd335f3441bd43574d23fef87ecc695977a63b82d5efb206556ee", 697_150)
      case .wnli: ("WNLI", "ae0e8e4d16f4d46d4a0a566ec7ecceccfd3fbfaa4a7a4b4e02848c0f2561ac46", 28_999)
      case .mrpc: ("", "", 0)
      }
    if task == .mrpc { return paraphrases }
    let names = task == .mnli
      ? ["train.tsv", "dev_matched.tsv", "dev_mismatched.tsv", "test_matched.tsv", "test_mismatched.tsv"]
      : ["train.tsv", "dev.tsv", "test.tsv"]
    return Publication(
      source: "https://gluebenchmark.com", license: "none stated",
      files: [
        PublishedFile(
          "text/glue/\(archive).zip", at: ["https://dl.fbaipublicfiles.com/glue/data/\(archive).zip"], .sha256(digest),
          bytes: bytes,
          members: names.map { .init("\(task.folder)/\($0)", to: "text/glue/\(task.folder)/\($0)") })
      ])
  }

  private static let paraphrases: Publication = {
    let place = "https://dl.fbaipublicfiles.com/senteval/senteval_data"
    return Publication(
      source: "https://www.microsoft.com/en-us/download/details.aspx?id=52398", license: "none stated",
      files: [
        PublishedFile(
          "text/glue/MRPC/msr_paraphrase_train.txt", at: ["\(place)/msr_paraphrase_train.txt"],
          .sha256("60a9b09084528f0673eedee2b69cb941920f0b8cd0eeccefc464a98768457f89"), bytes: 1_047_044),
        PublishedFile(
          "text/glue/MRPC/msr_paraphrase_test.txt", at: ["\(place)/msr_paraphrase_test.txt"],
          .sha256("a04e271090879aaba6423d65b94950c089298587d9c084bf9cd7439bd785f784"), bytes: 441_275),
        PublishedFile(
          "text/glue/MRPC/dev_ids.tsv", at: ["https://dl.fbaipublicfiles.com/glue/data/mrpc_dev_ids.tsv"],
          .sha256("971d7767d81b997fd9060ade0ec23c4fc31cbb226a55d1bd4a1bac474eb81dc7"), bytes: 6_222),
      ])
  }()

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
