#include "Diagnostics.h"

namespace basin::graph {

void WarningList::count(const char* message, Position position) {
  const auto known = counted_.find(message);
  if (known == counted_.end()) {
    counted_.emplace(message, warnings_.size());
    append(message, position);
  } else if (known->second < warnings_.size()) {
    ++warnings_[known->second].count;
  }
}

void WarningList::add(std::string message, const std::string& cause, Position position) {
  const auto known = caused_.find(cause);
  if (known != caused_.end()) {
    if (known->second < warnings_.size()) ++warnings_[known->second].count;
    return;
  }
  if (isCut_) return;
  caused_.emplace(cause, warnings_.size());
  append(std::move(message), position);
}

void WarningList::append(std::string message, Position position) {
  if (isCut_) return;
  if (warnings_.size() == limit) {
    isCut_ = true;
    message = "more warnings follow that are not listed";
  }
  warnings_.push_back({std::move(message), position, 1, document_});
}

void WarningList::beginDocument() {
  ++document_;
  counted_.clear();
  caused_.clear();
}

void WarningList::finish() {
  for (Warning& warning : warnings_) {
    if (warning.count > 1) warning.message += " (" + std::to_string(warning.count) + " times)";
    warning.count = 1;
  }
}

std::string quoted(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  // Not in the middle of a character.
  while (most > 0 && (static_cast<uint8_t>(text[most]) & 0xc0) == 0x80) --most;
  return std::string(text.substr(0, most)) + "...";
}

}  // namespace basin::graph
