#ifndef BASIN_GRAPH_DIAGNOSTICS_H
#define BASIN_GRAPH_DIAGNOSTICS_H

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace basin::graph {

/// A place in a document, both counted from 1; 0 where unknown.
struct Position {
  int32_t line = 0;
  int32_t column = 0;
};

/// What ends the reading of a document. It is thrown by the code that handles elements and caught before libxml2 is
/// returned to.
struct Refusal {
  std::string message;
  std::string advice;
  std::string detail = {};
  /// Where; the parser's own place where unknown.
  Position position = {};
};

struct Warning {
  std::string message;
  Position position;
  int64_t count;
  int64_t document;
};

/// Warnings that are given once for each cause, with how often it came, and not without end.
class WarningList {
 public:
  static constexpr size_t limit = 100;

  /// For what may come a million times: the cause is a literal, told apart by its address.
  void count(const char* message, Position position);
  /// - Parameter cause: warnings of the same cause are one.
  void add(std::string message, const std::string& cause, Position position);

  /// Causes are those of one document.
  void beginDocument();
  void finish();

  const std::vector<Warning>& all() const { return warnings_; }

 private:
  void append(std::string message, Position position);

  std::vector<Warning> warnings_;
  std::unordered_map<const void*, size_t> counted_;
  std::unordered_map<std::string, size_t> caused_;
  int64_t document_ = -1;
  bool isCut_ = false;
};

/// The start of a text, for a message.
std::string quoted(std::string_view text, size_t most = 60);

}  // namespace basin::graph

#endif
