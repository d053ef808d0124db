import PluginAPI

extension TextModule {
  /// Fine-tuning as BERT's and RoBERTa's authors do it.
  static let fineTuning = Recipe(
    epochs: 3, batchSize: 32, learningRate: 2e-5, optimizer: "adamw", tail: 0.1, cyclic: true,
    settings: ["optimizer.weightDecay": "0.01", "schedule.warmup": "0.06dur"])

  static let convolutions = Recipe(
    epochs: 15, batchSize: 50, learningRate: 1e-3, optimizer: "adamw", tail: 0.1, cyclic: true,
    settings: ["optimizer.weightDecay": "0.01"])

  static let recurrence = Recipe(
    epochs: 15, batchSize: 32, learningRate: 2e-3, optimizer: "adamw", tail: 0.1, cyclic: true,
    settings: ["optimizer.weightDecay": "0.01"])

  static let languageModel = Recipe(
    epochs: 10, batchSize: 16, learningRate: 1e-3, optimizer: "adamw", tail: 0.1, cyclic: true,
    settings: ["optimizer.weightDecay": "0.01", "schedule.warmup": "0.02dur", "gradient.clipNorm": "1"])

  /// The models beside `transformer`.
  static func addModels(to registry: inout Registry) {
    registry.add(
      model: "textcnn", TextCNN.self, "convolutions of several widths, greatest over time (Kim 2014)", recipe: convolutions)
    registry.add(model: "bilstm", BiLSTM.self, "bidirectional LSTM over packed sequences", recipe: recurrence)
    registry.add(
      model: "roberta", RobertaClassifier.self, "RoBERTa encoder with a head, from a Hugging Face folder or fresh",
      recipe: fineTuning)
    registry.add(
      model: "bert", BERTClassifier.self, "BERT encoder with a head, from a Hugging Face folder or fresh", recipe: fineTuning)
    registry.add(
      model: "distilbert", DistilBERTClassifier.self, "DistilBERT encoder with a head, from a Hugging Face folder or fresh",
      preset: ["layers": "6"], recipe: fineTuning)
    registry.add(
      model: "albert", ALBERTClassifier.self, "ALBERT encoder with a head, from a Hugging Face folder or fresh",
      recipe: fineTuning)
    registry.add(
      model: "gpt2", GPT2.self, "causal language model in GPT-2's layout, from a Hugging Face folder or fresh",
      exampleTask: .nextToken(vocabulary: TokenBatch.exampleShape.vocabulary), recipe: languageModel)
  }
}
