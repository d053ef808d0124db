import Statistics

/// Curves with bands, figures at equal wall-clock time, and where the lead changes hands.
struct CourseSection {
  let analysis: ReportAnalysis

  var html: String? {
    guard analysis.courses.contains(where: { $0 != nil }) else { return nil }
    return
      "<p>Means over seeds; dark bands are one standard error to both sides, pale ones the range of all seeds. The"
      + " figures are of validation, and no correction is made for looking at many places.</p>"
      + analysis.courses.indices.compactMap { w in analysis.courses[w].map { workload(w, $0) } }.joined()
  }

  private func workload(_ w: Int, _ course: CourseAnalysis) -> String {
    let item = analysis.workloads[w]
    let metric = MetricText(item)
    let document = analysis.document
    let title = item.workload.title
    func series(_ band: (CourseAnalysis.Method) -> CurveBand, _ shown: (Double) -> Double) -> [CurveFigure.Series] {
      course.methods.map { .init(number: $0.method, points: CurveFigure.points(band($0), shown)) }
    }
    func ends(_ band: (CourseAnalysis.Method) -> CurveBand, _ shown: (Double) -> String) -> String {
      course.methods.compactMap { method in
        band(method).points.last.map { "\(document.methods[method.method].name) ends at \(shown($0.mean))" }
      }
      .joined(separator: ", ") + "."
    }
    let words = "validation " + metric.axis + (course.showsAverages ? ", of the average where there is one" : "")
    var figures: [String] = []
    let byEpoch = CurveFigure(series(\.byEpoch, metric.plotted), xLabel: "epochs", yLabel: words)
    if !byEpoch.isEmpty {
      figures.append(
        HTMLReport.figure(
          byEpoch.svg(id: "epochs-w\(w)", title: "Validation by epoch, \(title)", description: ends(\.byEpoch, metric.value)),
          "By epoch."))
    }
    let bySeconds = CurveFigure(series(\.bySeconds, metric.plotted), xLabel: "seconds, all costs billed", yLabel: words)
    if !bySeconds.isEmpty {
      figures.append(
        HTMLReport.figure(
          bySeconds.svg(
            id: "seconds-w\(w)", title: "Validation by wall-clock time, \(title)", description: ends(\.bySeconds, metric.value)),
          "By wall-clock time: evaluations, averaging and normalization passes are spread over the training they belong to."))
    }
    if let difference = differences(w, course, metric) { figures.append(difference) }
    let loss = CurveFigure(series(\.loss) { $0 }, xLabel: "epochs", yLabel: "training loss")
    if !loss.isEmpty {
      figures.append(
        HTMLReport.figure(
          loss.svg(id: "loss-w\(w)", title: "Training loss, \(title)", description: ends(\.loss) { NumberText.fixed($0, 4) }),
          "Training loss."))
    }
    return "<h3 id=\"\(Anchor.course(w))\">\(EscapedText.html(title))</h3>"
      + HTMLReport.legend(document, course.methods.map(\.method))
      + "<div class=\"figures\">\(figures.joined())</div>" + (leads(w, course, metric) ?? "") + (budgets(w, course, metric) ?? "")
  }

  private func differences(_ w: Int, _ course: CourseAnalysis, _ metric: MetricText) -> String? {
    let series = course.methods.compactMap { method in
      method.crossing.map { crossing in
        CurveFigure.Series(
          number: method.method,
          points: crossing.points.map { point in
            .init(
              x: point.place, y: metric.plotted(point.mean), low: point.interval.map { metric.plotted($0.lower) },
              high: point.interval.map { metric.plotted($0.upper) })
          })
      }
    }
    var figure = CurveFigure(series, xLabel: "epochs", yLabel: "difference to \(analysis.referenceName), \(metric.unit)")
    guard !figure.isEmpty else { return nil }
    figure.showsZero = true
    // Of few seeds the intervals are wide where nothing has been learnt: they do not press the lines flat.
    let means = series.flatMap { $0.points.map(\.y) }.filter(\.isFinite) + [0]
    let bands = series.flatMap { $0.points.flatMap { [$0.low, $0.high].compactMap { $0 } } }.filter(\.isFinite)
    let low = means.min() ?? 0
    let high = means.max() ?? 1
    let room = max((high - low) * 0.6, 1e-9)
    figure.yRange = max(bands.min() ?? low, low - room) - room * 0.05...min(bands.max() ?? high, high + room) + room * 0.05
    let told = course.methods.compactMap { method -> String? in
      method.crossing.map { crossing in
        "\(analysis.document.methods[method.method].name): "
          + (crossing.crossings.isEmpty
            ? "no change of the lead"
            : "the lead changes at epoch \(crossing.crossings.prefix(5).map { NumberText.fixed($0, 1) }.joined(separator: ", "))")
      }
    }.joined(separator: "; ")
    return HTMLReport.figure(
      figure.svg(
        id: "lead-w\(w)", title: "Lead over \(analysis.referenceName), \(analysis.workloads[w].workload.title)",
        description: told + "."),
      "Difference to \(EscapedText.html(analysis.referenceName)) of the same seed, with Student's 95 % interval at each"
        + " place\(analysis.workloads[w].workload.metric.higherIsBetter ? "" : "; below zero is better")."
    )
  }

  /// The early stage, and where curves cross.
  private func leads(_ w: Int, _ course: CourseAnalysis, _ metric: MetricText) -> String? {
    var table = HTMLTable(
      [.init(title: "method")]
        + ["10 %", "25 %", "50 %", "100 %"].map {
          .init(title: "at \($0)", isNumber: true, help: "of the epochs; – before the first evaluation")
        }
        + [.init(title: "the lead changes hands at epoch", isWide: true)],
      caption:
        "Early and late, by part of the epochs: difference to \(analysis.referenceName) in validation, \(metric.unit),"
        + " with Student's 95 % interval; of a method that averages, the end is the average"
    )
    for method in course.methods {
      guard let crossing = method.crossing, !crossing.points.isEmpty else { continue }
      let cells = [0.1, 0.25, 0.5, 1].map { part -> HTMLTable.Cell in
        guard let point = crossing.point(atPart: part) else { return .init("–") }
        return .init(metric.difference(point), point.mean)
      }
      let up = analysis.workloads[w].workload.metric.higherIsBetter
      let shown = crossing.crossings.prefix(6).map { NumberText.fixed($0, 1) }
      let first = crossing.stretches.first { $0.sign != 0 }.map { ($0.sign > 0) == up ? "ahead" : "behind" } ?? "equal"
      let isEqualFirst = crossing.stretches.first?.sign == 0 && crossing.stretches.count > 1
      let words =
        shown.isEmpty
        ? "never, " + (isEqualFirst ? "equal, then \(first)" : "\(first) throughout")
        : "\(first) at first; " + shown.joined(separator: ", ")
          + (crossing.crossings.count > 6 ? ", ... (\(crossing.crossings.count) times)" : "")
      table.add([.text(analysis.document.methods[method.method].name)] + cells + [.text(words)])
    }
    return table.isEmpty ? nil : table.html
  }

  private func budgets(_ w: Int, _ course: CourseAnalysis, _ metric: MetricText) -> String? {
    guard !course.budgets.isEmpty, course.methods.contains(where: { $0.atBudgets.contains { $0.mean != nil } }) else {
      return nil
    }
    var table = HTMLTable(
      [.init(title: "method")]
        + course.budgets.flatMap {
          [.init(title: "after \(NumberText.seconds($0))", isNumber: true), .init(title: "difference", isNumber: true)]
        },
      caption:
        "Equal wall-clock time, all costs billed: validation \(metric.axis) after a quarter, half and all of the fastest"
        + " method's time"
    )
    for method in course.methods {
      table.add(
        [.text(analysis.document.methods[method.method].name)]
          + method.atBudgets.flatMap { budget -> [HTMLTable.Cell] in
            let difference = budget.difference.map {
              metric.difference($0) + (budget.interval.map { " " + metric.interval($0.lower, $0.upper) } ?? "")
            }
            return [.init(budget.mean.map(metric.number) ?? "–", budget.mean), .init(difference ?? "", budget.difference)]
          })
    }
    return table.html
  }
}
