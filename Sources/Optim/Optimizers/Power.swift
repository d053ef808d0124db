#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// base^exponent by squaring: the same bits with every C library, so that bias corrections do not depend on one.
func power(_ base: Double, _ exponent: Int) -> Double {
  var result = 1.0, factor = base, rest = exponent
  while rest > 0 {
    if rest & 1 == 1 { result *= factor }
    factor *= factor
    rest >>= 1
  }
  return result
}

/// base^exponent for an exponent that may be broken.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
