// Makes batches of augmented pictures, to be timed by interleave.py: the protocol of server.py, a step is a batch.
//
//   picture-batches SET PATH [--batch-size N] [--threads N] [--set KEY=VALUE ...]
//
// SET: cifar10 (PATH is a data root), images or shards. Batches go through the training pictures in their order, again and again.
import Foundation
import PluginAPI
import Vision

struct Times: Encodable {
  var name: String
  var steps: Int
  var milliseconds: [Double]
}

func fail(_ text: String, _ status: Int32) -> Never {
  FileHandle.standardError.write(Data((text + "\n").utf8))
  exit(status)
}

struct Arguments {
  var set = "", path = ""
  var batchSize = 128, threads = 1
  var settings: [String: String] = [:]

  init(_ arguments: [String]) {
    var rest = arguments[...]
    guard let set = rest.popFirst(), let path = rest.popFirst() else { Self.usage() }
    (self.set, self.path) = (set, path)
    while let name = rest.popFirst() {
      guard let value = rest.popFirst() else { Self.usage() }
      let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
      switch (name, Int(value)) {
      case ("--batch-size", let number?) where number > 0: batchSize = number
      case ("--threads", let number?) where number > 0: threads = number
      case ("--set", _) where parts.count == 2: settings[parts[0]] = parts[1]
      default: Self.usage()
      }
    }
  }

  private static func usage() -> Never {
    fail("usage: picture-batches cifar10|images|shards PATH [--batch-size N] [--threads N] [--set KEY=VALUE ...]", 64)
  }
}

func serve<Source: PictureSource>(_ source: Source.Type, _ arguments: Arguments, root: String?, path: String?) throws {
  let options = try Source.SourceOptions(settings: arguments.settings, of: arguments.set)
  var set = try PictureDataset<Source>(
    options, source: DataSource(name: arguments.set, path: path, root: root), random: Random(seed: 1))
  try LibTorch.setThreads(arguments.threads)
  try set.fit(training: Array(0..<set.count(.train)))
  var batches = 0
  while let line = readLine() {
    let words = line.split(separator: " ")
    if words == ["quit"] { return }
    guard words.count == 2, words[0] == "run", let count = Int(words[1]), count > 0 else {
      print("{\"error\": \"expected 'run N' or 'quit'\"}")
      continue
    }
    var times = Times(name: "Basin", steps: count, milliseconds: [])
    for _ in 0..<count {
      let first = batches * arguments.batchSize
      let ids = (0..<arguments.batchSize).map { (first + $0) % set.count(.train) }
      let start = ContinuousClock.now
      let batch = try set.batch(ids, of: .train, augmentation: Random(seed: UInt64(batches)))
      let elapsed = (ContinuousClock.now - start).components
      withExtendedLifetime(batch) {}
      times.milliseconds.append(Double(elapsed.seconds) * 1e3 + Double(elapsed.attoseconds) * 1e-15)
      batches += 1
    }
    FileHandle.standardOutput.write(try JSONEncoder().encode(times) + Data("\n".utf8))
  }
}

let arguments = Arguments(Array(CommandLine.arguments.dropFirst()))
do {
  switch arguments.set {
  case "cifar10": try serve(CIFAR10.self, arguments, root: arguments.path, path: nil)
  case "images": try serve(PictureFolder.self, arguments, root: nil, path: arguments.path)
  case "shards": try serve(PictureShards.self, arguments, root: nil, path: arguments.path)
  default: fail("picture-batches: no set \(arguments.set): expected cifar10, images or shards", 64)
  }
} catch {
  fail("\(error)", (error as? BasinError)?.kind.exitStatus ?? 70)
}
