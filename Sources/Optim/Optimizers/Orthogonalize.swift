import PluginAPI

private let addmm = Operator("aten::addmm")
private let clampMin = Operator("aten::clamp_min")

/// A matrix of the same singular vectors whose singular values are near 1: between about 0.7 and 1.2 after five steps.
///
/// The quintic Newton-Schulz iteration of Muon (Jordan et al. 2024): X becomes a X + (b G + c G G) X with G = X X^T,
/// from X = M / max(|M|, 1e-7). The coefficients make small singular values grow as fast as can be, which is why it
/// settles near 1 and not on it. Costs about 4 n^2 m + 2 n^3 operations a step, n the shorter side.
///
/// - Parameter matrix: `[A, B]`, of any floating-point type; the iteration computes in it.
func orthogonalized(_ matrix: Tensor, steps: Int) throws -> Tensor {
  let (a, b, c) = (3.4445, -4.7750, 2.0315)
  let shape = matrix.shape
  let isTall = shape[0] > shape[1]
  let start = isTall ? try matrix.transposed() : matrix
  var x = try start / clampMin(.tensor(start.norm()), .double(1e-7))
  for _ in 0..<steps {
    let gram = try x.matmul(x.transposed())
    let update = try addmm(.tensor(gram), .tensor(gram), .tensor(gram), .double(b), .double(c))
    x = try addmm(.tensor(x), .tensor(update), .tensor(x), .double(a), .double(1))
  }
  return isTall ? try x.transposed() : x
}
