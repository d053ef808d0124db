#ifndef BASIN_GRAPH_LISTING_HANDLER_H
#define BASIN_GRAPH_LISTING_HANDLER_H

#include "DocumentParser.h"

namespace basin::graph {

/// A collection file of the IAM repository (CXL) or of GEDLIB: any element with `file` and `class` names a graph.
class ListingHandler final : public Handler {
 public:
  ListingHandler(Store& store, DocumentParser&) : store_(store) {}

  void start(const Tag& tag) override {
    Store::Listed entry;
    bool isFile = false;
    for (int index = 0; index < tag.count; ++index) {
      if (tag.isPrefixed(index)) continue;
      const std::string_view name = reinterpret_cast<const char*>(tag.attribute(index));
      if (name == "file") {
        entry.file = tag.value(index);
        isFile = true;
      } else if (name == "class") {
        // The IAM files pad some names with blanks, in some places.
        std::string_view label = tag.value(index);
        while (!label.empty() && label.back() == ' ') label.remove_suffix(1);
        entry.label = label;
      }
    }
    if (isFile) store_.listed.push_back(std::move(entry));
  }

  void end() override {}
  void text(std::string_view) override {}

 private:
  Store& store_;
};

}  // namespace basin::graph

#endif
