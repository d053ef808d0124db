#include "SimpleElements.h"

#include <algorithm>
#include <cstring>

namespace basin::graph {

namespace {

enum Class : uint8_t { nameStart = 1, nameRest = 2, plainValue = 4, plainText = 8, blank = 16 };

constexpr std::array<uint8_t, 256> classes = [] {
  std::array<uint8_t, 256> table = {};
  for (int byte = 0x20; byte < 0x7f; ++byte) {
    const bool isLetter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
    if (isLetter) table[byte] |= nameStart | nameRest;
    if ((byte >= '0' && byte <= '9') || byte == '-' || byte == '.') table[byte] |= nameRest;
    if (byte != '<' && byte != '&' && byte != '"' && byte != '\'') table[byte] |= plainValue;
    // Of `]]>`, which a text must not hold, not even the beginning.
    if (byte != '<' && byte != '&' && byte != ']') table[byte] |= plainText;
  }
  table[' '] |= blank;
  // In a value these become blanks, and a carriage return is a newline anywhere: libxml2's work.
  for (const char byte : {'\n', '\t'}) table[static_cast<uint8_t>(byte)] = plainText | blank;
  return table;
}();

bool is(char byte, uint8_t wanted) { return (classes[static_cast<uint8_t>(byte)] & wanted) != 0; }

constexpr size_t deepest = 16;
constexpr size_t longestName = 16;

}  // namespace

/// Goes over the bytes once.
struct SimpleElements::Scanner {
  SimpleElements& owner;
  const char* next;
  const char* const end;
  int32_t line;
  /// From where columns are counted, and the column there.
  const char* lineStart;
  int32_t firstColumn;

  Position position() const { return {line, static_cast<int32_t>(next - lineStart) + firstColumn}; }

  Event& add(Event::Kind kind, const xmlChar* name) {
    Event& event = owner.events_[owner.eventCount_++];
    event.kind = kind;
    event.position.line = line;
    event.position.column = static_cast<int32_t>(next - lineStart) + firstColumn;
    event.name = name;
    return event;
  }

  /// At a newline.
  void newLine() {
    ++line;
    lineStart = next + 1;
    firstColumn = 1;
  }

  /// Whether a text ends at a `<`; the scanner is then there.
  bool text() {
    const char* const start = next;
    for (; next != end && is(*next, plainText); ++next) {
      if (*next == '\n') newLine();
    }
    if (next != start) {
      add(Event::text, nullptr).piece = {start, static_cast<size_t>(next - start)};
    }
    return next != end && *next == '<';
  }

  void blanks() {
    for (; next != end && is(*next, blank); ++next) {
      if (*next == '\n') newLine();
    }
  }

  const xmlChar* name() {
    const char* const start = next;
    if (next == end || !is(*next, nameStart)) return nullptr;
    while (next != end && is(*next, nameRest)) ++next;
    return next == end ? nullptr : owner.name(start, next, end);
  }

  bool attribute(const xmlChar** first, uint32_t& count) {
    const xmlChar* const name = this->name();
    if (name == nullptr || *next != '=' || count == mostAttributes) return false;
    if (++next == end || (*next != '"' && *next != '\'')) return false;
    const char quote = *next++;
    const char* const start = next;
    // The other quote is plain here.
    while (next != end && (is(*next, plainValue) || (*next != quote && (*next == '"' || *next == '\'')))) ++next;
    if (next == end || *next != quote) return false;
    if (name == owner.xmlns_) return false;
    for (uint32_t other = 0; other < count; ++other) {
      if (first[5 * other] == name) return false;
    }
    const xmlChar** const parts = first + 5 * count++;
    parts[0] = name;
    parts[1] = parts[2] = nullptr;
    parts[3] = reinterpret_cast<const xmlChar*>(start);
    parts[4] = reinterpret_cast<const xmlChar*>(next);
    ++next;
    return true;
  }

  /// An element with all inside it.
  bool element() {
    struct Open {
      const xmlChar* name;
      std::string_view text;
    };
    std::array<Open, deepest> open;
    size_t depth = 0;
    do {
      // At a `<`.
      if (end - next < 4 || owner.eventCount_ + 3 > mostEvents) return false;
      if (owner.attributeCount_ + 5 * mostAttributes > roomForAttributes) return false;
      ++next;
      if (*next == '/') {
        ++next;
        // The same bytes are the same name.
        const Open& last = open[depth - 1];
        if (end - next <= static_cast<ptrdiff_t>(last.text.size())) return false;
        for (const char byte : last.text) {
          if (*next++ != byte) return false;
        }
        if (*next != '>') return false;
        ++next;
        add(Event::end, last.name);
        --depth;
      } else {
        const char* const start = next;
        const xmlChar* const name = this->name();
        if (name == nullptr || depth == deepest) return false;
        const std::string_view text(start, static_cast<size_t>(next - start));
        const xmlChar** const first = owner.attributes_.data() + owner.attributeCount_;
        uint32_t count = 0;
        while (true) {
          const char* const before = next;
          blanks();
          if (next == end) return false;
          if (*next == '>' || *next == '/') break;
          if (next == before || !attribute(first, count)) return false;
        }
        Event& event = add(Event::start, name);
        event.attribute = static_cast<uint32_t>(owner.attributeCount_);
        event.count = count;
        owner.attributeCount_ += 5 * count;
        if (*next++ == '>') {
          open[depth++] = {name, text};
        } else {
          if (next == end || *next != '>') return false;
          ++next;
          add(Event::end, name);
        }
      }
      if (depth > 0 && !text()) return false;
    } while (depth > 0);
    return true;
  }
};

bool SimpleElements::take(std::string_view& bytes, Position& position) {
  eventCount_ = attributeCount_ = 0;
  Scanner scanner{*this, bytes.data(), bytes.data() + bytes.size(), position.line, bytes.data(), position.column};
  next_ = Next::nothing;
  if (bytes.empty()) return false;
  if (bytes[0] == '<') {
    if (bytes.size() > 1 && bytes[1] == '/') next_ = Next::end;
    if (next_ == Next::end || !scanner.element()) {
      if (next_ == Next::nothing) next_ = Next::other;
      return false;
    }
  } else if (!scanner.text() && scanner.next != scanner.end) {
    next_ = Next::other;
    return false;
  }
  bytes.remove_prefix(static_cast<size_t>(scanner.next - bytes.data()));
  position = scanner.position();
  return true;
}

/// The address that libxml2 has for a name.
const xmlChar* SimpleElements::name(const char* start, const char* end, const char* limit) {
  const auto size = static_cast<size_t>(end - start);
  if (size > longestName) return nullptr;
  uint64_t head = 0, tail = 0;
  if (limit - start >= 16) {
    // Only what belongs to the name: a shift by eight bytes would be none.
    std::memcpy(&head, start, 8);
    if (size > 8) {
      std::memcpy(&tail, start + 8, 8);
      tail &= ~uint64_t{0} >> (8 * (16 - size));
    } else {
      head &= ~uint64_t{0} >> (8 * (8 - size));
    }
  } else {
    std::memcpy(&head, start, std::min<size_t>(size, 8));
    if (size > 8) std::memcpy(&tail, start + 8, size - 8);
  }
  Known& known = known_[((head ^ tail * 31) * 0x9E3779B97F4A7C15u) >> 58];
  if (known.name == nullptr || known.head != head || known.tail != tail) {
    const xmlChar* const found = xmlDictLookup(names_, reinterpret_cast<const xmlChar*>(start), static_cast<int>(size));
    if (found == nullptr) return nullptr;
    known = {head, tail, found};
  }
  return known.name;
}

}  // namespace basin::graph
