/// The program that runs: what children of its own are started from.
enum ThisProgram {
  static var path: String { FileSnapshot.resolve("/proc/self/exe") ?? CommandLine.arguments.first ?? "basin" }
}
