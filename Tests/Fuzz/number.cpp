// libFuzzer's entry for numbers: what parseReal accepts must be what strtod reads, to the bit.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "GraphXML.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  double value;
  if (!basin_graph_parse_real(data, size, &value)) return 0;
  const std::string text(reinterpret_cast<const char *>(data), size);
  char *end;
  const double expected = std::strtod(text.c_str(), &end);
  const bool isSame = std::isnan(value) ? std::isnan(expected) : std::memcmp(&value, &expected, sizeof value) == 0;
  if (*end != 0 || !isSame) {
    std::fprintf(stderr, "%s: %a, strtod %a\n", text.c_str(), value, expected);
    std::abort();
  }
  return 0;
}
