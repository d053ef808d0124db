/// What a benchmark shall be, by a file and flags. What is nil is left to the preset and the cases.
struct BenchmarkRequest {
  /// A case as the user wrote it.
  struct Case {
    var values: [RunRequest.Key: String] = [:]
    var settings: [String: String] = [:]
    var seeds: Int?
    var division: BenchmarkPlan.Division?
    /// Where in the file a key stands: `line 3, column 5`; settings under their own names.
    var places: [String: String] = [:]
    /// Where the case begins.
    var place: String?
  }

  /// The file the cases are from.
  var file: String?
  var preset: String?
  /// Nil: the modules' registered cases.
  var cases: [Case]?
  var methods: [String]?
  /// What the file says of a method, by the name it has there.
  var variants: [String: BenchmarkPlan.Variant] = [:]
  /// Where the file names them; empty where a flag does.
  var methodPlaces: [String: String] = [:]
  /// Where in the file a key or option of a method stands.
  var variantPlaces: [String: [String: String]] = [:]
  /// Of every case that names none.
  var seeds: Int?
  /// The same.
  var division: BenchmarkPlan.Division?
  var jobs: Int?
  var threads: Int?
  /// Of every run.
  var limits = RunLimits()

  // Of flags alone.
  /// Of every case.
  var allSeeds: Int?
  /// Of every case.
  var allDivision: BenchmarkPlan.Division?
  var epochs: Int?
  var epochsScale: Double?
  var device: String?
  /// Of every case.
  var batchSize: Int?
  var domains: [String]?
  var models: [String]?
  var datasets: [String]?
  /// The preset whose cases are taken, where it is not the one that gives the methods.
  var casesOf: String?
  /// Of every case.
  var stopAfter: String?
  /// Of every case.
  var bnUpdate: String?
  /// Of every case, as `--set`.
  var settings: [String: String] = [:]

  /// Whether nothing is said of what is compared, but for how often and by which methods.
  var keepsCases: Bool {
    file == nil && preset == nil && cases == nil && epochs == nil && epochsScale == nil && domains == nil
      && models == nil
      && device == nil && batchSize == nil && datasets == nil && allDivision == nil && settings.isEmpty
      && casesOf == nil && stopAfter == nil && bnUpdate == nil
  }
}
