#ifndef BASIN_GRAPH_COLUMN_H
#define BASIN_GRAPH_COLUMN_H

#include <optional>
#include <string>

#include "Buffer.h"
#include "ByteTable.h"
#include "Diagnostics.h"
#include "include/GraphXML.h"

namespace basin::graph {

enum class Type : int {
  boolean = BASIN_ATTRIBUTE_BOOLEAN,
  integer = BASIN_ATTRIBUTE_INT,
  wide = BASIN_ATTRIBUTE_LONG,
  single = BASIN_ATTRIBUTE_FLOAT,
  real = BASIN_ATTRIBUTE_DOUBLE,
  string = BASIN_ATTRIBUTE_STRING,
};

/// What an attribute is declared to be.
struct Kind {
  Type type = Type::string;
  /// Of a list, which is kept as its text.
  std::optional<Type> item = {};

  bool operator==(const Kind&) const = default;
};

/// What a type's name in any of the formats means, in any case; nothing for an unknown one.
std::optional<Kind> kindNamed(std::string_view name);
const char* nameOf(Type type);

/// How many values were filled in for elements that had none in the file, and how many may be.
///
/// A file of n bytes can declare n attributes for n elements: n * n values to fill in. The limit grows with the bytes
/// read only.
struct FillBudget {
  size_t spent = 0;
  size_t limit = 16'000'000;

  void spend(size_t count);
};

/// One attribute of all nodes, edges or graphs: a value for each.
class Column {
 public:
  enum class Outcome { stored, repeated, blank, bad };

  Column(std::string id, std::string name, Kind kind) : id(std::move(id)), name(std::move(name)), kind(kind) {}

  std::string id, name;
  Kind kind;
  Buffer<int64_t> integers;
  Buffer<double> reals;
  Buffer<uint8_t> booleans;
  Buffer<int32_t> codes;
  ByteTable strings;
  Buffer<uint8_t> present;
  /// The first value that is NaN or infinite.
  int64_t nonFiniteElement = -1;
  Position nonFinitePosition;

  /// Gives an element its value; white space around it is ignored except for strings. Elements before it that have
  /// none yet get the
  /// default.
  Outcome store(std::string_view text, size_t element, Position position, FillBudget& budget);
  /// Takes the value of elements without one of their own.
  bool setDefault(std::string_view text);
  void clearDefault() { hasDefault_ = false; }
  /// Gives every element up to a count the default, or marks it as missing.
  void pad(size_t count, FillBudget& budget);
  bool has(size_t element) const { return element < present.size() && present[element]; }
  /// Makes room for another value, which then does not count as repeated.
  void forget(size_t element) { present[element] = 0; }
  /// Turns the values into those of a kind that holds both.
  void widen(Kind other);
  void release();

 private:
  union Value {
    int64_t integer;
    double real;
    bool boolean;
    int32_t code;
  };

  bool parse(std::string_view text, Value& value);
  void append(Value value);
  void replace(Value value, size_t element);

  bool hasDefault_ = false;
  Value default_ = {};
};

}  // namespace basin::graph

#endif
