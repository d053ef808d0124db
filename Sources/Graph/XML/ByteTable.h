#ifndef BASIN_GRAPH_BYTE_TABLE_H
#define BASIN_GRAPH_BYTE_TABLE_H

#include <cstdint>
#include <string_view>

#include "Buffer.h"

namespace basin::graph {

/// Numbers byte strings in the order they are first met. Every string is stored once, end to end in one array.
///
/// Open addressing with linear probing. A slot holds the whole of a string of up to eight bytes, as ids mostly are,
/// so that finding
/// one touches one line of memory. Strings hold no zero bytes (XML has none), which makes padding with zeros
/// unambiguous.
class ByteTable {
 public:
  struct Key {
    uint64_t head;  // the string itself, or 64 bits of hash of a longer one
    uint64_t hash;
  };

  static Key key(std::string_view text) {
    if (text.size() <= 8) {
      const uint64_t head = padded(text);
      // The second round spreads what the multiplication leaves in the upper bits.
      return {head, fold(fold(head ^ seed_) + 1)};
    }
    uint64_t state = seed_ ^ text.size();
    size_t offset = 0;
    for (; offset + 8 <= text.size(); offset += 8) state = fold(state ^ load<uint64_t>(text.data() + offset)) + 1;
    state = fold(state ^ padded(text.substr(offset))) + 1;
    return {state, fold(state)};
  }

  /// Begins to load the place where a key will be looked for.
  void prefetch(const Key& key) const {
    if (slots_.empty()) return;
    __builtin_prefetch(slots_.data() + (key.hash & mask_));
    // The search often goes on behind the line.
    __builtin_prefetch(slots_.data() + (key.hash + 4 & mask_));
  }

  /// The number of a string, which is added if it is new.
  int32_t intern(std::string_view text) { return intern(text, key(text)); }
  int32_t intern(std::string_view text, const Key& key);
  /// The number of a string, -1 if it was never met.
  int32_t find(std::string_view text) const;

  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t number) const {
    const int64_t start = number == 0 ? 0 : ends_[number - 1];
    return {reinterpret_cast<const char*>(bytes_.data()) + start, static_cast<size_t>(ends_[number] - start)};
  }

  const uint8_t* bytes() const { return bytes_.data(); }
  const int64_t* ends() const { return ends_.data(); }

  /// No string can be added or found any more.
  void releaseSlots() { slots_.release(); }
  void release();

 private:
  struct Slot {
    uint64_t head;
    uint32_t hash;
    uint32_t number;  // + 1; 0 where empty
  };

  bool matches(const Slot& slot, std::string_view text, const Key& key) const {
    return slot.head == key.head && slot.hash == static_cast<uint32_t>(key.hash >> 32)
           && (text.size() <= 8 || (*this)[slot.number - 1] == text);
  }
  void grow();

  /// Drawn once per process, so that no file can be made whose ids all collide. Numbers do not depend on it.
  static const uint64_t seed_;

  static uint64_t fold(uint64_t value) {
    const auto product = static_cast<unsigned __int128>(value) * 0x9E3779B97F4A7C15u;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }

  template <typename T>
  static T load(const char* from) {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
  }

  /// Up to eight bytes, padded with zeros. No call of memcpy with a size that is not constant: that costs more than
  /// the rest.
  static uint64_t padded(std::string_view text) {
    const char* start = text.data();
    const size_t count = text.size();
    if (count == 8) return load<uint64_t>(start);
    if (count >= 4) {
      // Two loads that overlap; the shift drops from the second what the first has.
      const uint64_t upper = static_cast<uint64_t>(load<uint32_t>(start + count - 4)) >> (8 * (8 - count));
      return load<uint32_t>(start) | upper << 32;
    }
    uint64_t value = 0;
    for (size_t index = 0; index < count; ++index) {
      value |= static_cast<uint64_t>(static_cast<uint8_t>(start[index])) << (8 * index);
    }
    return value;
  }

  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "padded() reads words as little endian");

  Buffer<uint8_t> bytes_;
  Buffer<int64_t> ends_;
  Buffer<Slot> slots_;
  uint64_t mask_ = 0;
};

}  // namespace basin::graph

#endif
