import Foundation

/// Where published data sets are looked for.
enum DataRoot {
  /// `BASIN_DATA`; nil where it is not set or empty.
  static var ofEnvironment: String? { ProcessInfo.processInfo.environment["BASIN_DATA"].flatMap { $0.isEmpty ? nil : $0 } }
}
