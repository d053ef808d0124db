import Foundation
import PluginAPI

/// What is known of one model's weights so far; each quantity is there as soon as it is finished.
struct SharpnessRecord: Codable {
  struct Eigenvalue: Codable {
    var value, residual: Double

    init(_ pair: Lanczos.Pair) {
      value = pair.value
      residual = pair.residual
    }

    var json: JSONValue { ["value": JSONValue(value), "residual": JSONValue(residual)] }
  }

  struct Products: Codable {
    var method: String
    /// Of differences.
    var step, relativeError: Double?
  }

  var model = "", dataset = ""
  var examples = 0, parameters = 0
  var loss, gradientNorm: Double?
  /// The rise of the loss.
  var sam, asam: Double?
  var samCurve: [Double] = [], asamCurve: [Double] = []
  var products: Products?
  var lanczos = LanczosIteration.State()
  /// Vectors of the basis that are in files, and the number of the first in each file.
  var basisCount = 0, basisFiles: [Int] = []
  var top: [Eigenvalue] = []
  /// The smallest; a list of one, or none where there is no eigenvalue.
  var bottom: [Eigenvalue]?
  /// Of Lanczos's matrix: values and their weights.
  var spectrumValues: [Double] = [], spectrumWeights: [Double] = []
  var traceSamples: [Double] = []
  var isFinished = false

  /// An entry of `runs` in `sharpness.json`.
  func json(_ item: SharpnessPlan.Item, _ plan: SharpnessPlan) -> [String: JSONValue] {
    func rise(_ value: Double?, _ radius: Double, _ curve: [Double]) -> JSONValue {
      [
        "rho": JSONValue(radius), "steps": .int(plan.steps), "sharpness": JSONValue(value),
        "curve": .array(
          zip(plan.curve(upTo: radius), curve).map { ["rho": JSONValue($0), "sharpness": JSONValue($1)] }),
      ]
    }
    var result: [String: JSONValue] = [
      "name": .string(item.source.name), "model": .string(model), "dataset": .string(dataset),
      "weights": .string(item.choice), "file": .string(item.source.file), "examples": .int(examples),
      "parameters": .int(parameters), "loss": JSONValue(loss), "gradientNorm": JSONValue(gradientNorm),
      "sam": rise(sam, plan.rho, samCurve), "asam": rise(asam, plan.adaptiveRho, asamCurve),
      "hessianProducts": JSONValue(products?.method), "differences": .null, "eigenvalues": .null,
      "smallestEigenvalue": .null, "spectrum": .null, "lanczos": .null, "trace": .null,
    ]
    if let step = products?.step {
      result["differences"] = ["step": JSONValue(step), "relativeError": JSONValue(products?.relativeError)]
    }
    if plan.eigenvalues > 0 {
      result["eigenvalues"] = .array(top.map(\.json))
      result["smallestEigenvalue"] = bottom?.first?.json ?? .null
      result["spectrum"] = [
        "values": .array(spectrumValues.map { JSONValue($0) }),
        "weights": .array(spectrumWeights.map { JSONValue($0) }),
      ]
      result["lanczos"] = [
        "iterations": .int(lanczos.diagonal.count), "converged": .bool(lanczos.isConverged),
        "tolerance": JSONValue(plan.tolerance),
      ]
    }
    if plan.traceSamples > 0 {
      let trace = HutchinsonTrace(traceSamples)
      result["trace"] = [
        "estimate": JSONValue(trace.estimate), "standardError": JSONValue(trace.standardError),
        "samples": .int(trace.samples), "values": .array(traceSamples.map { JSONValue($0) }),
      ]
    }
    return result
  }
}
