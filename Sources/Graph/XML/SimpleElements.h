#ifndef BASIN_GRAPH_SIMPLE_ELEMENTS_H
#define BASIN_GRAPH_SIMPLE_ELEMENTS_H

#include <libxml/parser.h>

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "Diagnostics.h"

namespace basin::graph {

/// Whole elements of the simplest form, taken apart without libxml2: a graph file is millions of them.
///
/// Simple are names without prefix, attributes and text of printable ASCII without references, and nothing but elements and text.
/// What such an element means depends on nothing around it but the namespace (which is the parent's), the encoding and what a DOCTYPE
/// declares of attributes, for which the caller looks. So it can be cut out of what libxml2 is given, which reads all else and finds
/// all that is not well-formed: what is not surely simple is left to it.
class SimpleElements {
 public:
  /// What comes next.
  enum class Next { nothing, end, other };

  /// A tag or a text.
  struct Event {
    enum Kind : uint8_t { start, end, text } kind;
    Position position;  // as libxml2 has it: at a start tag before its `>`, else behind
    const xmlChar* name;
    std::string_view piece;
    uint32_t attribute, count;  // of a start tag: where its attributes begin, and how many they are
  };

  explicit SimpleElements(xmlDictPtr names) : names_(names), xmlns_(xmlDictLookup(names, BAD_CAST "xmlns", -1)) {}

  /// Takes a text or an element, with all inside it, from the front of `bytes`; `events` then has what it consists of.
  ///
  /// - Parameter position: of the first byte; afterwards of the first that is left.
  /// - Returns: false where there is none, and `next` says what is there.
  bool take(std::string_view& bytes, Position& position);

  std::span<const Event> events() const { return {events_.data(), eventCount_}; }
  Next next() const { return next_; }
  /// Name and value of an event's attributes as libxml2 hands them over, five pointers each.
  const xmlChar** attributes(const Event& event) { return attributes_.data() + event.attribute; }

 private:
  struct Scanner;
  struct Known {
    uint64_t head, tail;
    const xmlChar* name;
  };

  const xmlChar* name(const char* start, const char* end, const char* limit);

  xmlDictPtr names_;
  const xmlChar* xmlns_;
  // Written field by field: what is copied whole right after waits for its parts.
  static constexpr size_t mostEvents = 512, mostAttributes = 16, roomForAttributes = 5 * 1024;
  std::vector<Event> events_{mostEvents};
  size_t eventCount_ = 0;
  std::vector<const xmlChar*> attributes_ = std::vector<const xmlChar*>(roomForAttributes);
  size_t attributeCount_ = 0;
  std::array<Known, 64> known_ = {};
  Next next_ = Next::nothing;
};

}  // namespace basin::graph

#endif
