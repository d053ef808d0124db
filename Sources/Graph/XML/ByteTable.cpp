#include "ByteTable.h"

#include <random>
#include <stdexcept>

namespace basin::graph {

namespace {

/// Drawn once per process, so that no file can be made whose ids all collide. Numbers do not depend on it.
const uint64_t seed = [] {
  std::random_device source;
  return static_cast<uint64_t>(source()) << 32 | source();
}();

uint64_t fold(uint64_t value) {
  const auto product = static_cast<unsigned __int128>(value) * 0x9E3779B97F4A7C15u;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

template <typename T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

/// Up to eight bytes, padded with zeros. No call of memcpy with a size that is not constant: that costs more than the rest.
uint64_t padded(std::string_view text) {
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

}  // namespace

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "padded() reads words as little endian");

ByteTable::Key ByteTable::key(std::string_view text) {
  if (text.size() <= 8) {
    const uint64_t head = padded(text);
    // A zero would stay zero under fold whatever the seed; the second round spreads what the multiplication leaves in the upper bits.
    return {head, fold(fold(head ^ seed) + 1)};
  }
  uint64_t state = seed ^ text.size();
  size_t offset = 0;
  for (; offset + 8 <= text.size(); offset += 8) state = fold(state ^ load<uint64_t>(text.data() + offset)) + 1;
  state = fold(state ^ padded(text.substr(offset))) + 1;
  return {state, fold(state)};
}

int32_t ByteTable::intern(std::string_view text, const Key& key) {
  if (slots_.empty()) grow();
  uint64_t slot = key.hash & mask_;
  for (; slots_[slot].number != 0; slot = (slot + 1) & mask_) {
    if (matches(slots_[slot], text, key)) return static_cast<int32_t>(slots_[slot].number - 1);
  }
  if (ends_.size() >= INT32_MAX) throw std::length_error("more different strings than can be numbered");
  bytes_.append(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  ends_.push(static_cast<int64_t>(bytes_.size()));
  slots_[slot] = {key.head, static_cast<uint32_t>(key.hash >> 32), static_cast<uint32_t>(ends_.size())};
  const auto number = static_cast<int32_t>(ends_.size() - 1);
  if (5 * ends_.size() > 4 * slots_.size()) grow();
  return number;
}

int32_t ByteTable::find(std::string_view text) const {
  if (slots_.empty()) return -1;
  const Key wanted = key(text);
  for (uint64_t slot = wanted.hash & mask_; slots_[slot].number != 0; slot = (slot + 1) & mask_) {
    if (matches(slots_[slot], text, wanted)) return static_cast<int32_t>(slots_[slot].number - 1);
  }
  return -1;
}

void ByteTable::grow() {
  Buffer<Slot> old = std::move(slots_);
  slots_ = Buffer<Slot>();
  slots_.fill(old.empty() ? 16 : 2 * old.size(), Slot{0, 0, 0});
  mask_ = slots_.size() - 1;
  for (size_t index = 0; index < old.size(); ++index) {
    if (old[index].number == 0) continue;
    // The lower half of the hash is not kept: it is computed again, which only growing needs.
    uint64_t slot = key((*this)[old[index].number - 1]).hash & mask_;
    while (slots_[slot].number != 0) slot = (slot + 1) & mask_;
    slots_[slot] = old[index];
  }
}

void ByteTable::release() {
  bytes_.release();
  ends_.release();
  slots_.release();
}

}  // namespace basin::graph
