import PluginAPI

/// The tasks of GLUE (Wang et al. 2019) and how their files are laid out.
public enum GLUETask: String, CaseIterable, Sendable {
  case cola, sst2, mrpc, stsb, qqp, mnli, qnli, rte, wnli

  /// The folder and the file for the server: `CoLA`.
  public var folder: String {
    switch self {
    case .cola: "CoLA"
    case .sst2: "SST-2"
    case .mrpc: "MRPC"
    case .stsb: "STS-B"
    case .qqp: "QQP"
    case .mnli: "MNLI"
    case .qnli: "QNLI"
    case .rte: "RTE"
    case .wnli: "WNLI"
    }
  }

  public var summary: String {
    switch self {
    case .cola: "GLUE: whether a sentence is acceptable English (Warstadt et al. 2019)"
    case .sst2: "GLUE's film review phrases in 2 classes (Socher et al. 2013)"
    case .mrpc: "GLUE: whether two news sentences are paraphrases (Dolan and Brockett 2005)"
    case .stsb: "GLUE: how similar two sentences are, from 0 to 5 (Cer et al. 2017)"
    case .qqp: "GLUE: whether two Quora questions ask the same"
    case .mnli: "GLUE: entailment between sentences of many genres (Williams et al. 2018)"
    case .qnli: "GLUE: whether a sentence answers a question (Rajpurkar et al. 2016)"
    case .rte: "GLUE: entailment, from four RTE challenges"
    case .wnli: "GLUE: entailment of sentences with a pronoun resolved (Levesque et al. 2012)"
    }
  }

  /// The classes in the order of the reference's label numbers; empty for the regression of STS-B.
  public var classNames: [String] {
    switch self {
    case .cola: ["unacceptable", "acceptable"]
    case .sst2: ["negative", "positive"]
    case .mrpc: ["not_equivalent", "equivalent"]
    case .stsb: []
    case .qqp: ["not_duplicate", "duplicate"]
    case .mnli: ["entailment", "neutral", "contradiction"]
    case .qnli, .rte: ["entailment", "not_entailment"]
    case .wnli: ["not_entailment", "entailment"]
    }
  }

  /// What the label's column says for each class, and what the server takes for it.
  public var words: [String] {
    switch self {
    case .mnli, .qnli, .rte: classNames
    case .stsb: []
    default: ["0", "1"]
    }
  }

  /// What GLUE scores, the one that selects first.
  public var metrics: [Metric] {
    switch self {
    case .cola: [.matthews]
    case .mrpc, .qqp: [.f1]
    case .stsb: [.pearson, .spearman]
    default: [.accuracy]
    }
  }

  public var isPair: Bool { self != .cola && self != .sst2 }

  /// The columns of the text, in the files that have a header.
  var textColumns: [String] {
    switch self {
    case .cola, .sst2: ["sentence"]
    case .mrpc: ["#1 String", "#2 String"]
    case .stsb, .rte, .mnli, .wnli: ["sentence1", "sentence2"]
    case .qqp: ["question1", "question2"]
    case .qnli: ["question", "sentence"]
    }
  }

  var labelColumn: String {
    switch self {
    case .mrpc: "Quality"
    case .stsb: "score"
    case .qqp: "is_duplicate"
    case .mnli: "gold_label"
    default: "label"
    }
  }

  /// What numbers the rows of the test file.
  var indexColumn: String { self == .qqp ? "id" : "index" }

  /// The published file without labels (of MNLI both), by the name of the split.
  var unlabelledFiles: [(split: String, file: String, submission: String)] {
    switch self {
    case .mnli:
      [
        ("unlabelled-matched", "test_matched.tsv", "MNLI-m.tsv"),
        ("unlabelled-mismatched", "test_mismatched.tsv", "MNLI-mm.tsv"),
        ("diagnostic", "diagnostic.tsv", "AX.tsv"),
      ]
    default: [("unlabelled", "test.tsv", "\(folder).tsv")]
    }
  }
}
