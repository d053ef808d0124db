import Foundation

/// A data set that learned something from its training examples without which a model is of no use elsewhere, such as a
/// tokenizer: `basin export --folder` writes it beside the weights.
public protocol ExportedDataset: Dataset {
  /// The files, by the names other programs look for; none where there is nothing of that kind. Asked after
  /// ``Dataset/fit(training:)``.
  func exportedFiles() throws -> [(name: String, data: Data)]
}

protocol LoadedExportedDataset {
  func statedFiles() throws -> [(name: String, data: Data)]
}

extension DatasetBox: LoadedExportedDataset where D: ExportedDataset {
  func statedFiles() throws -> [(name: String, data: Data)] { try dataset.exportedFiles() }
}

extension LoadedDataset {
  /// What belongs to an exported model; none where the data set has nothing.
  public func exportedFiles() throws -> [(name: String, data: Data)] {
    try (self as? any LoadedExportedDataset)?.statedFiles() ?? []
  }
}
