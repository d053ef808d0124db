#include "ByteTable.h"

#include <random>
#include <stdexcept>

namespace basin::graph {

const uint64_t ByteTable::seed_ = [] {
  std::random_device source;
  return static_cast<uint64_t>(source()) << 32 | source();
}();

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
