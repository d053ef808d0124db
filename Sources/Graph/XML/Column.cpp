#include "Column.h"

#include <cmath>

#include "NumberText.h"

namespace basin::graph {

std::optional<Kind> kindNamed(std::string_view name) {
  struct Entry {
    std::string_view name;
    Type type;
  };
  static constexpr Entry names[] = {
      {"boolean", Type::boolean},  {"bool", Type::boolean},    {"int", Type::integer},      {"integer", Type::integer},
      {"short", Type::integer},    {"byte", Type::integer},    {"long", Type::wide},        {"float", Type::single},
      {"double", Type::real},      {"real", Type::real},       {"bigdecimal", Type::real},  {"string", Type::string},
      {"str", Type::string},       {"char", Type::string},     {"character", Type::string}, {"anyuri", Type::string},
      {"biginteger", Type::string}, {"date", Type::string},    {"datetime", Type::string},
  };
  std::string text = lowercased(trimmed(name));
  const bool isList = text.starts_with("list");
  if (isList) text.erase(0, 4);
  for (const Entry& entry : names) {
    if (entry.name != text) continue;
    return isList ? Kind{Type::string, entry.type} : Kind{entry.type};
  }
  return {};
}

const char* nameOf(Type type) {
  static constexpr const char* names[] = {"boolean", "int", "long", "float", "double", "string"};
  return names[static_cast<int>(type)];
}

void FillBudget::spend(size_t count) {
  spent += count;
  if (spent > limit) {
    throw Refusal{"attributes that most elements lack would take more memory than the file can justify",
                  "Leave out the attributes that are rarely given"};
  }
}

bool Column::parse(std::string_view text, Value& value) {
  switch (kind.type) {
    case Type::string: value.code = strings.intern(text); return true;
    case Type::boolean: return parseBoolean(trimmed(text), value.boolean);
    case Type::single:
    case Type::real: return parseReal(trimmed(text), value.real);
    case Type::integer:
    case Type::wide: {
      const std::string_view digits = trimmed(text);
      if (parseInteger(digits, value.integer)) return true;
      // Some programs write integers as `4.0`.
      double real;
      if (!parseReal(digits, real) || !(std::abs(real) <= 0x1p53) || std::trunc(real) != real) return false;
      value.integer = static_cast<int64_t>(real);
      return true;
    }
  }
  return false;
}

Column::Outcome Column::store(std::string_view text, size_t element, Position position, FillBudget& budget) {
  Value value;
  if (!parse(text, value)) return trimmed(text).empty() ? Outcome::blank : Outcome::bad;
  if ((kind.type == Type::real || kind.type == Type::single) && nonFiniteElement < 0 && !std::isfinite(value.real)) {
    nonFiniteElement = static_cast<int64_t>(element);
    nonFinitePosition = position;
  }
  if (element < present.size()) {
    const bool isRepeated = present[element] && !hasDefault_;
    replace(value, element);
    return isRepeated ? Outcome::repeated : Outcome::stored;
  }
  if (element > present.size()) pad(element, budget);
  append(value);
  return Outcome::stored;
}

bool Column::setDefault(std::string_view text) {
  if (!parse(text, default_)) return false;
  hasDefault_ = true;
  return true;
}

void Column::pad(size_t count, FillBudget& budget) {
  if (present.size() >= count) return;
  budget.spend(count - present.size());
  Value value = default_;
  if (!hasDefault_) {
    value = {};
    if (kind.type == Type::string) value.code = -1;
  }
  present.fill(count, hasDefault_);
  switch (kind.type) {
    case Type::integer:
    case Type::wide: integers.fill(count, value.integer); break;
    case Type::single:
    case Type::real: reals.fill(count, value.real); break;
    case Type::boolean: booleans.fill(count, value.boolean); break;
    case Type::string: codes.fill(count, value.code); break;
  }
}

void Column::append(Value value) {
  present.push(1);
  switch (kind.type) {
    case Type::integer:
    case Type::wide: integers.push(value.integer); break;
    case Type::single:
    case Type::real: reals.push(value.real); break;
    case Type::boolean: booleans.push(value.boolean); break;
    case Type::string: codes.push(value.code); break;
  }
}

void Column::replace(Value value, size_t element) {
  present[element] = 1;
  switch (kind.type) {
    case Type::integer:
    case Type::wide: integers[element] = value.integer; break;
    case Type::single:
    case Type::real: reals[element] = value.real; break;
    case Type::boolean: booleans[element] = value.boolean; break;
    case Type::string: codes[element] = value.code; break;
  }
}

void Column::widen(Kind other) {
  if (kind == other) return;
  const auto isNumber = [](Type type) { return type != Type::boolean && type != Type::string; };
  const auto isReal = [](Type type) { return type == Type::single || type == Type::real; };
  // A list of other items, or a list and a single value: text, of which nothing more is known.
  Kind result;
  if (!kind.item && !other.item && isNumber(kind.type) && isNumber(other.type)) {
    result.type = std::max(kind.type, other.type);
    // A float does not hold every long, but a double holds every int and float.
    if (isReal(result.type) && kind.type != other.type) result.type = Type::real;
  }
  const Type from = kind.type;
  kind = result;
  hasDefault_ = false;
  if (from == result.type) return;
  if (isReal(result.type)) {
    for (size_t element = 0; element < integers.size(); ++element) reals.push(static_cast<double>(integers[element]));
    integers.release();
  } else if (result.type == Type::string) {
    for (size_t element = 0; element < present.size(); ++element) {
      if (!present[element]) {
        codes.push(-1);
      } else if (from == Type::boolean) {
        codes.push(strings.intern(booleans[element] ? "true" : "false"));
      } else {
        codes.push(strings.intern(isReal(from) ? textOf(reals[element]) : std::to_string(integers[element])));
      }
    }
    integers.release();
    reals.release();
    booleans.release();
    nonFiniteElement = -1;
  }
}

void Column::release() {
  integers.release();
  reals.release();
  booleans.release();
  codes.release();
  present.release();
  strings.release();
}

}  // namespace basin::graph
