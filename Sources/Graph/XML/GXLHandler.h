#ifndef BASIN_GRAPH_GXL_HANDLER_H
#define BASIN_GRAPH_GXL_HANDLER_H

#include "GraphHandler.h"

namespace basin::graph {

/// GXL 1.0, as published or as the IAM graphs have it. Attributes are not declared: each value names its type.
class GXLHandler final : public GraphHandler {
 public:
  GXLHandler(Store& store, DocumentParser& parser);

 private:
  enum Kind { gxl, graph, node, edge, attr, value, list, item };

  struct Names {
    explicit Names(DocumentParser& parser);
    const xmlChar *graph, *node, *edge, *rel, *attr, *type, *id, *from, *to, *isdirected, *edgemode, *name, *href, *locator,
        *seq, *set, *bag, *tup, *fromorder, *toorder;
  };

  void startRoot(const Tag& tag) override;
  void startInside(const Frame& parent, const Tag& tag, bool isOwn) override;
  void endOf(const Frame& frame) override;

  void startGraph(const Tag& tag, bool isNested);
  void startNode(const Tag& tag);
  void startEdge(const Tag& tag, bool isDirected);
  void startAttr(const Frame& parent, const Tag& tag);
  void startValue(const Tag& tag);
  void startItem(const Tag& tag);
  void readType(const Frame& parent, const Tag& tag);
  void keepValue(basin::graph::Kind kind, std::string_view text);
  basin::graph::Kind kindOf(const Tag& tag);

  const Names names_;
  ByteTable attributes_[3];
  std::vector<int32_t> columns_[3];
  Domain attrDomain_ = nodes;
  int64_t attrElement_ = -1;
  std::string attrName_;
  basin::graph::Kind valueKind_;
  std::string list_;
};

}  // namespace basin::graph

#endif
