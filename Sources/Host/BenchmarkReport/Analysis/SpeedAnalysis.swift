import Statistics

/// Performance profiles of the times to target over all workloads with curves and a target.
public struct SpeedAnalysis: Sendable {
  /// Numbers of the workloads, and of the methods: those with curves on at least one of them.
  public let workloads, methods: [Int]
  /// Median billed seconds to the target by workload, then method; nil where it is not reached or there is no curve.
  public let times: [[Double?]]
  public let profile: PerformanceProfile
  /// AlgoPerf's, of `methods`.
  public let scores: [Double]

  init?(_ analyses: [WorkloadAnalysis], _ courses: [CourseAnalysis?]) {
    let workloads = courses.indices.filter { w in
      courses[w].map { $0.target != nil && $0.methods.contains { !$0.bySeconds.points.isEmpty } } ?? false
    }
    let methods = (analyses.first?.cells.indices ?? 0..<0).filter { m in
      workloads.contains { courses[$0]?.methods.contains { $0.method == m } ?? false }
    }
    guard !workloads.isEmpty, methods.count > 1 else { return nil }
    let times = workloads.map { w in
      // A target reached at the first evaluation, at 0 s, has taken some time all the same.
      methods.map { m in courses[w]?.methods.first { $0.method == m }?.timeToTarget.map { max($0, 1e-6) } }
    }
    guard let profile = try? PerformanceProfile(times) else { return nil }
    self.workloads = workloads
    self.methods = methods
    self.times = times
    self.profile = profile
    scores = methods.indices.map { profile.score(method: $0) }
  }
}
