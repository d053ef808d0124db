#ifndef BASIN_GRAPH_GRAPHML_HANDLER_H
#define BASIN_GRAPH_GRAPHML_HANDLER_H

#include "GraphHandler.h"

namespace basin::graph {

/// GraphML, with what yEd adds.
class GraphMLHandler final : public GraphHandler {
 public:
  GraphMLHandler(Store& store, DocumentParser& parser);

 private:
  enum Kind { graphml, key, defaultValue, graph, node, edge, data, drawing, drawnLabel };

  /// Where a key's values go: a column's number, or one of these.
  static constexpr int32_t undeclared = -1, skipped = -2, drawn = -3;

  struct Names {
    explicit Names(DocumentParser& parser);
    const xmlChar *graph, *node, *edge, *data, *key, *defaultValue, *desc, *id, *source, *target, *directed, *sourceport,
        *targetport, *edgedefault, *forDomain, *attrName, *attrType, *attrList, *hyperedge, *port;
  };

  void startRoot(const Tag& tag) override;
  void startInside(const Frame& parent, const Tag& tag, bool isOwn) override;
  void endOf(const Frame& frame) override;

  void startGraph(const Tag& tag, bool isNested);
  void startNode(const Tag& tag);
  void startEdge(const Tag& tag, bool isDirected);
  void startKey(const Tag& tag);
  void startData(const Tag& tag, Domain domain, int64_t element);
  void startDrawing(const Tag& tag);
  void endDrawnLabel();
  std::vector<Domain> domainsOf(std::string_view value);
  int32_t columnFor(std::string_view id, Domain domain);

  const Names names_;
  ByteTable keys_;
  std::vector<int32_t> columns_[3];
  /// The columns the key that is open belongs to.
  std::vector<std::pair<Domain, int32_t>> openKey_;
  /// The key of the latest data, for the next is often of the same.
  std::string latestKey_;
  int32_t latestKeyNumber_ = -1;
  Domain dataDomain_ = nodes;
  int64_t dataElement_ = -1;
  int32_t dataColumn_ = skipped;
};

}  // namespace basin::graph

#endif
