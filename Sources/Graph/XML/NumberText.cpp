#include "NumberText.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace basin::graph {

namespace {

constexpr double powersOfTen[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool parseSpecial(std::string_view text, bool isNegative, double& value) {
  if (text.size() > 8) return false;
  const std::string name = lowercased(text);
  if (name == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (name == "inf" || name == "infinity") {
    value = isNegative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool parseInteger(std::string_view text, int64_t& value) {
  if (text.empty()) return false;
  const bool isNegative = text[0] == '-';
  if (isNegative || text[0] == '+') text.remove_prefix(1);
  if (text.empty()) return false;
  // Counting downwards lets the least number through.
  int64_t sum = 0;
  for (const char byte : text) {
    const auto digit = static_cast<uint8_t>(byte - '0');
    if (digit > 9) return false;
    if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, digit, &sum)) return false;
  }
  if (!isNegative && sum == std::numeric_limits<int64_t>::min()) return false;
  value = isNegative ? sum : -sum;
  return true;
}

bool parseReal(std::string_view text, double& value) {
  const char* next = text.data();
  const char* const end = next + text.size();
  if (next == end) return false;
  const bool isNegative = *next == '-';
  if (isNegative || *next == '+') ++next;
  const char* const start = next;
  // So many digits are mostly more than the exact way below takes: reading them there too would be for nothing.
  if (end - start >= 18 && static_cast<uint8_t>(*start - '0') <= 9) {
    const auto result = std::from_chars(start, end, value);
    if (result.ec == std::errc() && result.ptr == end) {
      if (isNegative) value = -value;
      return true;
    }
  }
  // As many digits as 64 bits surely hold; `kept` says whether there were no more.
  uint64_t mantissa = 0;
  int64_t exponent = 0;
  int digits = 0;
  bool isWhole = true;
  bool hasDigits = false;
  const auto accept = [&](uint8_t digit) {
    hasDigits = true;
    if (digits < 19) {
      mantissa = mantissa * 10 + digit;
      if (mantissa != 0) ++digits;
    } else {
      isWhole = false;
      ++exponent;
    }
  };
  for (uint8_t digit; next != end && (digit = static_cast<uint8_t>(*next - '0')) <= 9; ++next) accept(digit);
  if (next != end && *next == '.') {
    ++next;
    for (uint8_t digit; next != end && (digit = static_cast<uint8_t>(*next - '0')) <= 9; ++next) {
      accept(digit);
      --exponent;
    }
  }
  if (!hasDigits) return parseSpecial({start, static_cast<size_t>(end - start)}, isNegative, value);
  if (next != end && (*next | 0x20) == 'e') {
    ++next;
    bool isNegativeExponent = false;
    if (next != end && (*next == '-' || *next == '+')) isNegativeExponent = *next++ == '-';
    if (next == end) return false;
    int64_t power = 0;
    for (uint8_t digit; next != end && (digit = static_cast<uint8_t>(*next - '0')) <= 9; ++next) {
      // Saturate: so long an exponent is zero or infinity whatever the digits, which a text of at most 10^7 bytes has.
      power = std::min<int64_t>(power * 10 + digit, 1'000'000'000);
    }
    exponent += isNegativeExponent ? -power : power;
  }
  if (next != end) return false;
  double magnitude;
  if (mantissa == 0) {
    magnitude = 0;
  } else if (isWhole && mantissa <= uint64_t{1} << 53 && std::abs(exponent) <= 22) {
    // Both are exact, so that one operation rounds once.
    const auto exact = static_cast<double>(mantissa);
    magnitude = exponent < 0 ? exact / powersOfTen[-exponent] : exact * powersOfTen[exponent];
  } else {
    const auto result = std::from_chars(start, end, magnitude);
    if (result.ec == std::errc::result_out_of_range) {
      magnitude = exponent + digits > 0 ? std::numeric_limits<double>::infinity() : 0;
    } else if (result.ec != std::errc() || result.ptr != end) {
      return false;
    }
  }
  value = isNegative ? -magnitude : magnitude;
  return true;
}

bool parseBoolean(std::string_view text, bool& value) {
  if (text.size() == 1) {
    value = text[0] == '1';
    return text[0] == '0' || text[0] == '1';
  }
  if (text.size() < 4 || text.size() > 5) return false;
  const std::string name = lowercased(text);
  value = name == "true";
  return value || name == "false";
}

std::string textOf(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-INF" : "INF";
  char text[64];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

std::string lowercased(std::string_view text) {
  std::string result(text);
  for (char& byte : result) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + 32);
  }
  return result;
}

}  // namespace basin::graph
