/// A data set that reads examples without labels, for `basin predict`: files of one's own, and what was published
/// without labels.
///
/// It is asked after ``Dataset/fit(training:)``, so that what was learned from the training data (a vocabulary, mean and
/// deviation) is applied to them too.
public protocol UnlabelledDataset: Dataset {
  /// How a file of one's own is to be read: names of columns, a delimiter.
  associatedtype UnlabelledOptions: Options

  /// The examples in a file of one's own.
  ///
  /// - Throws: `BasinError` with the place for what cannot be read.
  func unlabelled(file: String, _ options: UnlabelledOptions) throws -> UnlabelledExamples<Input>

  /// The names of what was published without labels and is there: `unlabelled`.
  var unlabelledSplits: [String] { get }

  /// The examples of one of ``unlabelledSplits``.
  func unlabelled(split: String) throws -> UnlabelledExamples<Input>

  /// What a published benchmark wants to be sent for one of ``unlabelledSplits``; nil where there is no such thing.
  func submission(of split: String) -> Submission?
}

extension UnlabelledDataset {
  public var unlabelledSplits: [String] { [] }
  public func unlabelled(split: String) throws -> UnlabelledExamples<Input> {
    throw BasinError.unknown("unlabelled split", split, among: unlabelledSplits)
  }
  public func submission(of split: String) -> Submission? { nil }
}

/// Examples to predict, by number.
public struct UnlabelledExamples<Input: InputBatch> {
  /// Examples.
  public let count: Int
  /// What each is called in the output, `[count]`; nil: its number from 0.
  public let names: [String]?
  /// The inputs of the examples with these numbers.
  public let batch: ([Int]) throws -> Input

  /// - Parameter batch: gives the inputs of the examples with these numbers.
  public init(count: Int, names: [String]? = nil, batch: @escaping ([Int]) throws -> Input) {
    self.count = count
    self.names = names
    self.batch = batch
  }
}

/// A file of predictions as the server of a published benchmark takes it.
public struct Submission: Sendable {
  /// `CoLA.tsv`.
  public let file: String
  /// The names of the two columns: the example's name, and the prediction.
  public let header: [String]
  /// What each class is called there; empty for regression.
  public let words: [String]
  /// What predicted numbers are cut to; nil: they stay.
  public let range: ClosedRange<Double>?

  public init(
    file: String, header: [String] = ["index", "prediction"], words: [String] = [], range: ClosedRange<Double>? = nil
  ) {
    self.file = file
    self.header = header
    self.words = words
    self.range = range
  }
}

// MARK: - For the host

/// Examples to predict of a data set whose input type the host does not know.
public struct PreparedExamples {
  /// Examples.
  public let count: Int
  /// What each is called in the output; nil: its number from 0.
  public let names: [String]?
  let make: ([Int], Device) throws -> PreparedBatch

  /// Inputs with made-up targets.
  public func batch(_ ids: [Int], device: Device) throws -> PreparedBatch { try make(ids, device) }

  init<I: InputBatch>(_ examples: UnlabelledExamples<I>) {
    count = examples.count
    names = examples.names
    make = { ids, device in
      PreparedBatch(
        input: try examples.batch(ids).moved(to: device), target: try Tensor.zeros([ids.count], .int64), count: ids.count)
    }
  }
}

/// What the host may ask of a data set that reads examples without labels.
public protocol LoadedUnlabelledDataset {
  /// How files can be read.
  var unlabelledOptions: [OptionDescription] { get }
  /// The names of what was published without labels.
  var unlabelledSplits: [String] { get }
  /// - Throws: `BasinError` of kind usage for an option that is not there, as the data set does otherwise.
  func examples(file: String, _ settings: [String: String]) throws -> PreparedExamples
  /// The examples of one of ``unlabelledSplits``.
  func examples(split: String) throws -> PreparedExamples
  /// What a published benchmark wants to be sent for a split.
  func submission(of split: String) -> Submission?
}

extension DatasetBox: LoadedUnlabelledDataset where D: UnlabelledDataset {
  var unlabelledOptions: [OptionDescription] { D.UnlabelledOptions.descriptions }
  var unlabelledSplits: [String] { dataset.unlabelledSplits }

  func examples(file: String, _ settings: [String: String]) throws -> PreparedExamples {
    let options = try D.UnlabelledOptions(settings: settings, of: "the file to predict")
    return PreparedExamples(try dataset.unlabelled(file: file, options))
  }

  /// The examples of one of ``unlabelledSplits``.
  func examples(split: String) throws -> PreparedExamples { PreparedExamples(try dataset.unlabelled(split: split)) }

  /// What a published benchmark wants to be sent for a split.
  func submission(of split: String) -> Submission? { dataset.submission(of: split) }
}
