import ArgumentParser
import Foundation
import PluginAPI

/// `basin generate`: continuations of a text by a language model.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Goes on with a text by the language model of a run.",
    discussion: """
      Each token is drawn from the model's probabilities: divided by --temperature first, then cut to the --top-k likeliest, then to \
      the fewest that together have the probability --top-p. The same seed gives the same text.

      Example: basin generate runs/words --prompt "the company said" --tokens 50 --temperature 0.8 --top-p 0.95
      """)

  @OptionGroup var options: WeightsOptions
  @Option(help: "The text to go on with.") var prompt: String
  // A negative number is to be refused for what it is.
  @Option(parsing: .unconditional, help: "The most tokens to add.") var tokens = 50
  @Option(parsing: .unconditional, help: "Continuations to write.") var samples = 1
  @Option(parsing: .unconditional, help: "What logits are divided by; 0: the likeliest token is taken.") var temperature = 1.0
  @Option(parsing: .unconditional, help: "Draw from so many likeliest tokens alone; 0: all.") var topK = 0
  @Option(parsing: .unconditional, help: "Draw from the fewest likeliest tokens with this probability; 1: all.") var topP = 1.0
  @Option(parsing: .unconditional, help: "Of the draws.") var seed = 0
  @Flag(help: "Go on behind a token that ends the text.") var pastEnd = false
  @Flag(help: "One JSON document on standard output.") var json = false

  func run() throws {
    let sampling = Sampling(temperature: temperature, topK: topK, topP: topP)
    try sampling.check()
    guard tokens > 0, (1...1024).contains(samples), seed >= 0 else {
      throw BasinError.usage(
        "--tokens \(tokens), --samples \(samples), --seed \(seed)",
        advice: "Ask for 1 token or more, 1 to 1024 samples, and give a seed of 0 or more")
    }
    Interruption.install()
    let (run, file) = try options.prepare()
    guard let generator = run.model.module as? any TextGenerator, let coding = run.dataset as? any LoadedTextCoding else {
      throw BasinError.usage(
        "\(run.configuration.model) on \(run.configuration.dataset) is no language model", advice: "Give a run of one, such as gpt2")
    }
    let start = try coding.promptTokens(prompt)
    let end = pastEnd ? nil : coding.endToken
    let made = try run.locatingErrors {
      try generator.generate(
        after: start, count: tokens, sampling: sampling, samples: samples, end: end,
        random: Random(seed: UInt64(seed))["generate"]
      ) { _ in !Interruption.isRequested }
    }
    if Interruption.isRequested { throw Interrupted(checkpoint: nil) }
    let texts = try made.map { try coding.text(start + $0) }
    if json {
      return try Terminal.print([
        "model": .string(run.configuration.model), "dataset": .string(run.configuration.dataset), "file": .string(file),
        "prompt": .array(start.map { .int($0) }),
        "samples": .array(zip(made, texts).map { ["tokens": .array($0.map { .int($0) }), "text": .string($1)] }),
      ])
    }
    print(texts.joined(separator: "\n\n"))
  }
}
