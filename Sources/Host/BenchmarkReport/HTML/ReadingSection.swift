/// What the words and tests mean.
struct ReadingSection {
  let analysis: ReportAnalysis

  static let paragraphs: [(String, String)] = [
    (
      "Difference",
      """
      method minus reference on the test data, of runs with the same seed or split; seeds that only one of them finished \
      are left out. Fractions are told in hundredths: a point is 0.01.
      """
    ),
    (
      "Intervals",
      """
      Student's t over the paired differences; beside it the bias-corrected accelerated bootstrap (BCa, 4,999 \
      resamples), which is too narrow below ten pairs and left out below six. Neither is corrected for many \
      comparisons.
      """
    ),
    (
      "p",
      """
      of the exact two-sided sign-flip (paired permutation) test on the mean: how often signs thrown by a coin give a \
      mean as far from zero. Wilcoxon's signed-rank test looks at ranks instead. Both need six pairs to come below \
      0.05; five give 0.0625 at best.
      """
    ),
    (
      "Holm",
      """
      keeps the chance of any false finding among all comparisons of this report below 5 %. Better and worse are only \
      said after it, by the sign-flip test; where n pairs cannot reach 0.05 among so many comparisons (n and their \
      number alone decide) by the paired t-test, marked t, which takes the differences to be normal. A hint is what is \
      significant only without it.
      """
    ),
    (
      "Effect",
      """
      Hedges' g of the paired differences: their mean in standard deviations, corrected for few pairs. Cliff's δ: the \
      chance that a run of the method is above one of the reference, less the chance that it is below.
      """
    ),
    (
      "Could show",
      """
      the true difference that a paired t-test of as many seeds and such spread would find at the 5 % level with a \
      chance of 80 %. What is smaller may be there and is not seen.
      """
    ),
  ]

  var html: String? {
    var out =
      "<dl>" + Self.paragraphs.map { "<dt>\(EscapedText.html($0.0))</dt><dd>\(EscapedText.html($0.1))</dd>" }.joined() + "</dl>"
    if !analysis.document.methods.isEmpty {
      out +=
        "<h3>Methods</h3><dl>"
        + analysis.document.methods.map { "<dt>\(EscapedText.html($0.name))</dt><dd>\(EscapedText.html($0.summary))</dd>" }
        .joined() + "</dl>"
    }
    return out
  }
}
