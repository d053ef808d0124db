#include "Store.h"

namespace basin::graph {

void Store::beginDocument(bool onlyFirst) {
  ++document_;
  onlyFirst_ = onlyFirst;
  graphsOfDocument_ = 0;
  isInGraph_ = isCounting_ = false;
  warnings.beginDocument();
  for (const Domain domain : {nodes, edges, graphs}) before_[domain] = count(domain);
}

void Store::beginGraph(std::string_view name, bool directed) {
  ++totalGraphs;
  ++graphsOfDocument_;
  isInGraph_ = true;
  isCounting_ = onlyFirst_ && graphsOfDocument_ > 1;
  if (isCounting_) return;
  if (graphNameEnds.empty()) isDirected = directed;
  graphNameBytes.append(reinterpret_cast<const uint8_t*>(name.data()), name.size());
  graphNameEnds.push(static_cast<int64_t>(graphNameBytes.size()));
}

size_t Store::count(Domain domain) const {
  switch (domain) {
    case nodes: return identifierOfNode.size();
    case edges: return sources.size();
    case graphs: return graphNameEnds.size();
  }
  return 0;
}

int64_t Store::addNode(std::string_view id) {
  ++totalNodes;
  if (isCounting_) return -1;
  // Ids are numbered in the order of the document, and an edge may name a node that is yet to come.
  if (waitingCount_ > 0) lookUpWaiting();
  const int32_t identifier = identifiers.intern(id);
  const auto node = static_cast<int64_t>(identifierOfNode.size());
  if (node >= INT32_MAX) throw Refusal{"there are more nodes than can be numbered", "Split the file"};
  nodeOfIdentifier_.fill(static_cast<size_t>(identifier) + 1, -1);
  int32_t& known = nodeOfIdentifier_[static_cast<size_t>(identifier)];
  if (known >= firstNode()) {
    throw Refusal{"node \"" + quoted(id) + "\" is declared twice", "Give every node an id of its own"};
  }
  known = static_cast<int32_t>(node);
  if (identifier != node) isNumberedAlike_ = false;
  identifierOfNode.push(identifier);
  return node;
}

int64_t Store::addEdge(std::string_view source, std::string_view target, bool directed, Position position) {
  ++totalEdges;
  if (isCounting_) return -1;
  const ByteTable::Key sourceKey = ByteTable::key(source), targetKey = ByteTable::key(target);
  identifiers.prefetch(sourceKey);
  identifiers.prefetch(targetKey);
  // A key is the whole of a short id; a long one would be gone by then.
  const bool canWait = source.size() <= 8 && target.size() <= 8;
  if (!canWait || waitingCount_ == waiting_.size()) lookUpWaiting();
  const auto edge = static_cast<int64_t>(sources.size());
  if (directed != isDirected) {
    ++edgesAgainstDefault;
    if (edgeIsDirected.empty()) edgeIsDirected.fill(sources.size(), isDirected);
    edgeIsDirected.push(directed);
  } else if (edgesAgainstDefault > 0) {
    edgeIsDirected.push(directed);
  }
  if (canWait) {
    sources.push(-1);
    targets.push(-1);
    waiting_[waitingCount_++] = {sourceKey, targetKey, static_cast<uint8_t>(source.size()),
                                 static_cast<uint8_t>(target.size()), position};
  } else {
    sources.push(end(identifiers.intern(source, sourceKey), position));
    targets.push(end(identifiers.intern(target, targetKey), position));
  }
  return edge;
}

void Store::lookUpWaiting() {
  const size_t first = sources.size() - waitingCount_;
  for (size_t index = 0; index < waitingCount_; ++index) {
    const Waiting& edge = waiting_[index];
    const std::string_view source(reinterpret_cast<const char*>(&edge.source.head), edge.sourceSize);
    const std::string_view target(reinterpret_cast<const char*>(&edge.target.head), edge.targetSize);
    sources[first + index] = end(identifiers.intern(source, edge.source), edge.position);
    targets[first + index] = end(identifiers.intern(target, edge.target), edge.position);
  }
  waitingCount_ = 0;
}

/// The node of an id, or -2 - m until it is met.
int32_t Store::end(int32_t identifier, Position position) {
  if (isNumberedAlike_ && static_cast<size_t>(identifier) < identifierOfNode.size() && firstNode() == 0) return identifier;
  nodeOfIdentifier_.fill(static_cast<size_t>(identifier) + 1, -1);
  int32_t& known = nodeOfIdentifier_[static_cast<size_t>(identifier)];
  if (known >= firstNode()) return known;
  // What an earlier graph left there does not count.
  const int64_t mention = -2 - static_cast<int64_t>(known);
  if (known > -2 || mention >= static_cast<int64_t>(mentions_.size()) || mentions_[mention].identifier != identifier) {
    known = static_cast<int32_t>(-2 - static_cast<int64_t>(mentions_.size()));
    mentions_.push_back({identifier, position});
  }
  return known;
}

void Store::endGraph() {
  isInGraph_ = false;
  if (isCounting_) return;
  lookUpWaiting();
  if (!mentions_.empty()) {
    for (size_t edge = static_cast<size_t>(edgePointers[edgePointers.size() - 1]); edge < sources.size(); ++edge) {
      for (Buffer<int32_t>* side : {&sources, &targets}) {
        int32_t& end = (*side)[edge];
        if (end >= 0) continue;
        const Mention& mention = mentions_[static_cast<size_t>(-2 - static_cast<int64_t>(end))];
        const int32_t node = nodeOfIdentifier_[static_cast<size_t>(mention.identifier)];
        if (node < firstNode()) {
          throw Refusal{"an edge leads to node \"" + quoted(identifiers[static_cast<size_t>(mention.identifier)]) +
                            "\", which does not exist",
                        "Add the node, or remove the edge", {}, mention.position};
        }
        end = node;
      }
    }
    mentions_.clear();
  }
  nodePointers.push(static_cast<int64_t>(identifierOfNode.size()));
  edgePointers.push(static_cast<int64_t>(sources.size()));
}

int32_t Store::declare(Domain domain, std::string_view id, std::string_view name, Kind kind) {
  auto& all = columns[domain];
  const auto number = static_cast<size_t>(names_[domain].intern(name));
  if (number == columnsOfName_[domain].size()) columnsOfName_[domain].emplace_back();
  // Elements of documents before do not get this one's default: they are padded first.
  for (const int32_t index : columnsOfName_[domain][number]) {
    if (declaredBy_[domain][static_cast<size_t>(index)] == document_) continue;
    declaredBy_[domain][static_cast<size_t>(index)] = document_;
    all[static_cast<size_t>(index)]->pad(before_[domain], budget);
    all[static_cast<size_t>(index)]->widen(kind);
    return index;
  }
  const auto index = static_cast<int32_t>(all.size());
  all.push_back(std::make_unique<Column>(std::string(id), std::string(name), kind));
  columnsOfName_[domain][number].push_back(index);
  declaredBy_[domain].push_back(document_);
  all.back()->pad(before_[domain], budget);
  return index;
}

void Store::endDocument() {
  for (const Domain domain : {nodes, edges, graphs}) {
    for (size_t index = 0; index < columns[domain].size(); ++index) {
      if (declaredBy_[domain][index] != document_) continue;
      columns[domain][index]->pad(count(domain), budget);
      columns[domain][index]->clearDefault();
    }
  }
}

void Store::finish() {
  // Columns are padded last, when what only reading needs is gone.
  identifiers.releaseSlots();
  nodeOfIdentifier_.release();
  for (const Domain domain : {nodes, edges, graphs}) {
    for (const auto& column : columns[domain]) column->pad(count(domain), budget);
  }
  warnings.finish();
}

std::string Store::nodeName(int64_t node) const {
  return "node \"" + quoted(identifiers[static_cast<size_t>(identifierOfNode[static_cast<size_t>(node)])]) + "\"";
}

std::string Store::edgeName(int64_t edge) {
  lookUpWaiting();
  return "edge \"" + endName(sources[static_cast<size_t>(edge)]) + "\" to \"" +
         endName(targets[static_cast<size_t>(edge)]) + "\"";
}

std::string Store::endName(int32_t end) const {
  const int32_t identifier = end >= 0 ? identifierOfNode[static_cast<size_t>(end)]
                                      : mentions_[static_cast<size_t>(-2 - static_cast<int64_t>(end))].identifier;
  return quoted(identifiers[static_cast<size_t>(identifier)]);
}

}  // namespace basin::graph
