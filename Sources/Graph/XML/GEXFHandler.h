#ifndef BASIN_GRAPH_GEXF_HANDLER_H
#define BASIN_GRAPH_GEXF_HANDLER_H

#include "GraphHandler.h"

namespace basin::graph {

/// GEXF 1.1 to 1.3, in any of the namespaces that are about, with Gephi's `viz:`.
class GEXFHandler final : public GraphHandler {
 public:
  GEXFHandler(Store& store, DocumentParser& parser);

 private:
  enum Kind { gexf, graph, attributes, attribute, defaultValue, nodeList, edgeList, node, edge, values };

  struct Names {
    explicit Names(DocumentParser& parser);
    const xmlChar *graph, *meta, *attributes, *attribute, *defaultValue, *options, *nodes, *edges, *node, *edge, *attvalues,
        *attvalue, *spells, *parents, *id, *label, *start, *end, *startopen, *endopen, *timestamp, *pid, *source, *target,
        *type, *weight, *kind, *forAttribute, *value, *classOf, *title, *defaultedgetype, *mode;
  };

  void startRoot(const Tag& tag) override;
  void startInside(const Frame& parent, const Tag& tag, bool isOwn) override;
  void endOf(const Frame& frame) override;

  void startGraph(const Tag& tag);
  void startAttributes(const Tag& tag);
  void startAttribute(const Tag& tag);
  void startNode(const Tag& tag);
  void startEdge(const Tag& tag);
  void startValue(const Frame& parent, const Tag& tag);
  void readDrawing(const Frame& parent, const Tag& tag);
  /// What a node and an edge have in common.
  void keepCommon(Domain domain, int64_t element, const xmlChar* name, std::string_view value);
  std::string_view valueOf(const Tag& tag, const xmlChar* name, bool& isThere) const;

  const Names names_;
  ByteTable keys_[2];
  std::vector<int32_t> columns_[2];
  bool isDirected_ = false;
  bool hasGraph_ = false;
  /// The `<attributes>` that are open: of nodes, of edges, or of neither.
  int attributesOf_ = -1;
  int32_t openColumn_ = -1;
};

}  // namespace basin::graph

#endif
