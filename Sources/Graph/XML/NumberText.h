#ifndef BASIN_GRAPH_NUMBER_TEXT_H
#define BASIN_GRAPH_NUMBER_TEXT_H

#include <cstdint>
#include <string>
#include <string_view>

namespace basin::graph {

/// Blank, tab, newline or carriage return.
inline bool isSpace(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

/// The text without white space at either end.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
  return text;
}

/// A decimal integer with an optional sign, nothing around it, that fits 64 bits.
bool parseInteger(std::string_view text, int64_t& value);
/// A decimal number with optional sign, fraction and exponent, or NaN, INF, Infinity in any case. Correctly rounded;
/// too large is
/// infinity, too small is 0.
bool parseReal(std::string_view text, double& value);
/// `true`, `false`, `1` or `0` in any case.
bool parseBoolean(std::string_view text, bool& value);

/// The shortest text that reads as the same number.
std::string textOf(double value);

std::string lowercased(std::string_view text);

}  // namespace basin::graph

#endif
