#ifndef BASIN_GRAPH_STORE_H
#define BASIN_GRAPH_STORE_H

#include <array>
#include <memory>
#include <vector>

#include "Column.h"

namespace basin::graph {

enum Domain { nodes = BASIN_GRAPH_NODES, edges = BASIN_GRAPH_EDGES, graphs = BASIN_GRAPH_GRAPHS };

/// The graphs of one or more documents, packed one behind the other.
class Store {
 public:
  BasinGraphFormat format = BASIN_GRAPH_ANY;
  WarningList warnings;
  FillBudget budget;

  bool isDirected = false;
  int64_t totalGraphs = 0, totalNodes = 0, totalEdges = 0, edgesAgainstDefault = 0;
  Buffer<int64_t> nodePointers, edgePointers;
  Buffer<int32_t> sources, targets;
  Buffer<uint8_t> edgeIsDirected;
  ByteTable identifiers;
  Buffer<int32_t> identifierOfNode;
  Buffer<int64_t> graphNameEnds;
  Buffer<uint8_t> graphNameBytes;
  std::vector<std::unique_ptr<Column>> columns[3];
  /// What a listing names, in its order.
  struct Listed {
    std::string file, label;
  };
  std::vector<Listed> listed;

  Store() {
    nodePointers.push(0);
    edgePointers.push(0);
  }

  void beginDocument(bool onlyFirst);
  /// A graph; `isCounting` tells afterwards whether it is read.
  void beginGraph(std::string_view name, bool directed);
  /// - Throws: ``Refusal`` for an edge to a node that does not exist.
  void endGraph();
  void endDocument();
  void finish();

  /// Whether elements are counted but not read.
  bool isCounting() const { return isCounting_; }
  bool isInGraph() const { return isInGraph_; }
  /// Whether the document that is open has had a graph.
  bool hasGraphs() const { return graphsOfDocument_ > 0; }
  size_t count(Domain domain) const;
  /// Edges and nodes of the graph that is open come after these.
  int64_t firstNode() const { return nodePointers[nodePointers.size() - 1]; }

  /// The number of a node, -1 where it is only counted.
  int64_t addNode(std::string_view id);
  /// The number of an edge, -1 where it is only counted. Its ends may come later in the graph.
  int64_t addEdge(std::string_view source, std::string_view target, bool directed, Position position);

  /// The column of an attribute that a document declares: one of the same name from documents before, or a new one.
  int32_t declare(Domain domain, std::string_view id, std::string_view name, Kind kind);
  Column& column(Domain domain, int32_t index) { return *columns[domain][index]; }

  std::string nodeName(int64_t node) const;
  /// `edge "a" to "b"`.
  std::string edgeName(int64_t edge);

 private:
  /// An edge whose ends have not been looked up yet.
  struct Waiting {
    ByteTable::Key source, target;
    uint8_t sourceSize, targetSize;
    Position position;
  };

  int32_t end(int32_t identifier, Position position);
  std::string endName(int32_t end) const;
  void lookUpWaiting();

  bool onlyFirst_ = false;
  bool isCounting_ = false;
  bool isInGraph_ = false;
  int64_t graphsOfDocument_ = 0;
  /// Whether id n is node n's, as long as nodes come before edges and in one graph: then no table has to be looked at.
  bool isNumberedAlike_ = true;
  /// For each id the last node that has it, or -2 - m where mention m is of an edge that came before the node; -1
  /// before either.
  Buffer<int32_t> nodeOfIdentifier_;
  /// Ids that edges name before their nodes are met, where first.
  struct Mention {
    int32_t identifier;
    Position position;
  };
  std::vector<Mention> mentions_;
  /// The latest edges, in order. Their ends are looked up some edges later, when the memory has come: a table of many
  /// ids does not fit
  /// the nearest cache, and waiting for it would be half of the work.
  std::array<Waiting, 16> waiting_;
  size_t waitingCount_ = 0;
  /// Columns by name, and for each whether the document that is open has declared it.
  ByteTable names_[3];
  std::vector<std::vector<int32_t>> columnsOfName_[3];
  std::vector<int64_t> declaredBy_[3];
  int64_t document_ = -1;
  /// How many nodes, edges and graphs the documents before have.
  size_t before_[3] = {0, 0, 0};
};

}  // namespace basin::graph

#endif
