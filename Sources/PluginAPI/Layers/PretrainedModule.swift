import Foundation

/// A model whose tensors, or most of them, start from a checkpoint of its own instead of from the random stream.
public protocol PretrainedModule: Module {
  /// Fills the tensors it has values for; ``Module/initialize(_:classNames:)`` fills the others from their stream.
  ///
  /// - Parameter classNames: the data set's classes by number, empty where it has none: a checkpoint that names its classes
  ///   may have them in another order.
  /// - Returns: The paths of those it filled.
  /// - Throws: `BasinError` where the checkpoint does not fit; nothing is filled then.
  func fillPretrained(_ tensors: [NamedTensor], classNames: [String]) throws -> Set<String>
  /// What a person should know of the start, such as which tensors are fresh: one sentence each.
  var notes: [String] { get }
}

/// A model that other programs read as a folder: configuration, weights, and what belongs to them.
public protocol FolderExportable: Module {
  /// The files of the folder.
  ///
  /// - Parameters:
  ///   - tensors: by the paths of the model, on the CPU.
  ///   - labels: the name of each class; empty where there are none.
  ///   - shardBytes: the most bytes of tensors in one file of weights.
  func exportedFiles(_ tensors: [String: Tensor], labels: [String], shardBytes: Int) throws -> [(name: String, data: Data)]
  /// Files that belong to the export and are copied as they are, also in place of a data set's (``ExportedDataset``) of the same names.
  ///
  /// - Parameter folder: where a tokenizer lies that is to be taken instead of the data set's; nil: what else the folder the
  ///   model came from has, if any.
  /// - Throws: `BasinError` where a folder that is given has none.
  func companionFiles(in folder: String?) throws -> [String]
  /// What a data set gives for the folder (``ExportedDataset``), as the programs that read this model need it; by default as it is.
  func adapted(_ files: [(name: String, data: Data)]) throws -> [(name: String, data: Data)]
}

extension FolderExportable {
  public func adapted(_ files: [(name: String, data: Data)]) throws -> [(name: String, data: Data)] { files }
}
