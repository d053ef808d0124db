import Statistics

/// Times to target, performance profiles and their scores.
struct SpeedSection {
  let analysis: ReportAnalysis

  var html: String? {
    guard let speed = analysis.speed else { return nil }
    let document = analysis.document
    let limit = 4.0
    let series = speed.methods.indices.map { index -> CurveFigure.Series in
      var points = [CurveFigure.Point(x: 1, y: speed.profile.part(method: index, within: 1))]
      for step in speed.profile.steps(method: index) where step.tau > 1 && step.tau <= limit {
        points.append(.init(x: step.tau, y: step.part))
      }
      points.append(.init(x: limit, y: speed.profile.part(method: index, within: limit)))
      return CurveFigure.Series(number: speed.methods[index], points: points)
    }
    var figure = CurveFigure(
      series, xLabel: "times the fastest method's time, τ", yLabel: "part of workloads whose target is reached")
    figure.isStaircase = true
    figure.xRange = 1...limit
    figure.yRange = 0...1.02
    let told = speed.methods.indices.map {
      "\(document.methods[speed.methods[$0]].name) \(NumberText.fixed(speed.scores[$0], 2))"
    }.joined(separator: ", ")
    var scores = HTMLTable(
      [.init(title: "method"), .init(title: "score", isNumber: true), .init(title: "reaches", isNumber: true)],
      caption: "Mean height of the profile up to τ = 4, and the workloads whose target it reaches")
    for (index, m) in speed.methods.enumerated() {
      let reached = speed.times.count { $0[index] != nil }
      scores.add([
        .text(document.methods[m].name), .init(NumberText.fixed(speed.scores[index], 3), speed.scores[index]),
        .init("\(reached) of \(speed.times.count)", Double(reached)),
      ])
    }
    var times = HTMLTable(
      [.init(title: "workload"), .init(title: "target", isNumber: true)]
        + speed.methods.map { .init(title: document.methods[$0].name, isNumber: true) },
      caption: "Median time to the validation target; – where half of the seeds or more do not reach it")
    for (row, w) in speed.workloads.enumerated() {
      let item = analysis.workloads[w]
      let target = analysis.courses[w]?.target
      times.add(
        [
          .init("<a href=\"#\(Anchor.course(w))\">\(EscapedText.html(item.workload.title))</a>"),
          .init(target.map { MetricText(item).value($0) } ?? "", target),
        ]
          + speed.times[row].map { .init(EscapedText.html($0.map(NumberText.seconds) ?? "–"), $0) })
    }
    return
      "<p>How soon does a method have, in validation, what the reference has at its end (or the target given)? Seconds"
      + " are of training with data, evaluations,"
      + " averaging and normalization passes billed. Each method's time on a workload is divided by the fastest one's; the"
      + " profile shows on which part of the workloads a method is within a factor τ."
      + "</p>\(HTMLReport.legend(document, speed.methods))<div class=\"figures\">"
      + HTMLReport.figure(
        figure.svg(id: "profile", title: "Performance profiles", description: "Scores: \(told)."),
        "Performance profiles (Dolan and Moré) over \(NumberText.count(speed.workloads.count, "workload")). Higher and"
          + " further left is better."
      )
      + "<div>\(scores.html)</div></div>\(times.html)"
  }
}
