#include "GraphMLHandler.h"

#include "NumberText.h"

namespace basin::graph {

GraphMLHandler::Names::Names(DocumentParser& parser)
    : graph(parser.known("graph")), node(parser.known("node")), edge(parser.known("edge")), data(parser.known("data")),
      key(parser.known("key")), defaultValue(parser.known("default")), desc(parser.known("desc")),
      id(parser.known("id")), source(parser.known("source")), target(parser.known("target")),
      directed(parser.known("directed")), sourceport(parser.known("sourceport")),
      targetport(parser.known("targetport")), edgedefault(parser.known("edgedefault")),
      forDomain(parser.known("for")), attrName(parser.known("attr.name")), attrType(parser.known("attr.type")),
      attrList(parser.known("attr.list")), hyperedge(parser.known("hyperedge")), port(parser.known("port")) {}

GraphMLHandler::GraphMLHandler(Store& store, DocumentParser& parser) : GraphHandler(store, parser), names_(parser) {}

void GraphMLHandler::startRoot(const Tag&) { push(graphml); }

void GraphMLHandler::startInside(const Frame& parent, const Tag& tag, bool isOwn) {
  if (parent.kind == drawing || parent.kind == drawnLabel || (parent.kind == data && dataColumn_ == drawn)) {
    startDrawing(tag);
    return;
  }
  if (!isOwn && parent.kind != data) {
    leaveOut(tag, false);
    return;
  }
  if (tag.name == names_.desc && parent.kind != data && parent.kind != defaultValue) {
    ignore();
    return;
  }
  switch (parent.kind) {
    case graph:
      if (tag.name == names_.edge) return startEdge(tag, parent.isDirected);
      if (tag.name == names_.node) return startNode(tag);
      if (tag.name == names_.data) {
        // Data of a nested graph has no place in the result.
        return startData(tag, graphs, depth() == 2 ? static_cast<int64_t>(store.count(graphs)) - 1 : -1);
      }
      if (tag.name == names_.hyperedge) {
        if (!store.isCounting()) count("a <hyperedge> joins several nodes; it is left out");
        return ignore();
      }
      break;
    case node:
    case edge:
      if (tag.name == names_.data) return startData(tag, parent.kind == node ? nodes : edges, parent.index);
      if (tag.name == names_.graph) return startGraph(tag, true);
      if (tag.name == names_.port) {
        if (!store.isCounting()) count("a <port> of a node is left out");
        return ignore();
      }
      break;
    case graphml:
      if (tag.name == names_.graph) return startGraph(tag, false);
      if (tag.name == names_.key) return startKey(tag);
      if (tag.name == names_.data) return startData(tag, graphs, -1);
      break;
    case key:
      if (tag.name == names_.defaultValue) {
        push(defaultValue);
        return startCapturing();
      }
      break;
    case data:
      if (dataColumn_ < 0) return ignore();
      [[fallthrough]];
    default:
      ignore();
      if (!store.isCounting()) warn("elements inside <data> are left out, only text is read", "markup");
      return;
  }
  leaveOut(tag, true);
}

void GraphMLHandler::endOf(const Frame& frame) {
  switch (frame.kind) {
    case data:
      if (isCapturing()) {
        stopCapturing();
        keep(dataDomain_, dataColumn_, dataElement_, captured);
      }
      break;
    case defaultValue:
      stopCapturing();
      for (const auto& [domain, column] : openKey_) keepDefault(domain, column, captured);
      break;
    case graph:
      if (depth() == 1) store.endGraph();
      break;
    case graphml:
      if (!store.hasGraphs()) store.warnings.add("the document holds no <graph>", "no graph", {});
      break;
    case drawnLabel: endDrawnLabel(); break;
    default: break;
  }
}

void GraphMLHandler::startGraph(const Tag& tag, bool isNested) {
  bool isDirected = false;
  bool isSaid = false;
  std::string_view name;
  for (int index = 0; index < tag.count; ++index) {
    if (tag.isPrefixed(index)) continue;
    if (tag.attribute(index) == names_.id) name = tag.value(index);
    if (tag.attribute(index) != names_.edgedefault) continue;
    const std::string_view value = tag.value(index);
    isSaid = true;
    isDirected = value == "directed";
    if (!isDirected && value != "undirected") {
      throw Refusal{"edgedefault is \"" + quoted(value) + "\", expected directed or undirected", "Correct the attribute"};
    }
  }
  if (isNested) {
    if (!store.isCounting()) count("a nested graph is read as part of the outer one");
  } else {
    beginGraph(name, isDirected);
  }
  if (!isSaid) count("a graph has no edgedefault; its edges are undirected");
  push(graph, -1, isDirected);
}

void GraphMLHandler::startNode(const Tag& tag) {
  for (int index = 0; index < tag.count; ++index) {
    if (tag.attribute(index) == names_.id && !tag.isPrefixed(index)) {
      push(node, store.addNode(tag.value(index)));
      return;
    }
  }
  throw Refusal{"a node has no id", "Give every node an id"};
}

void GraphMLHandler::startEdge(const Tag& tag, bool isDirected) {
  std::string_view source, target;
  bool hasSource = false, hasTarget = false;
  for (int index = 0; index < tag.count; ++index) {
    if (tag.isPrefixed(index)) continue;
    const xmlChar* name = tag.attribute(index);
    if (name == names_.source) {
      source = tag.value(index);
      hasSource = true;
    } else if (name == names_.target) {
      target = tag.value(index);
      hasTarget = true;
    } else if (name == names_.directed) {
      if (!parseBoolean(tag.value(index), isDirected)) {
        throw Refusal{"directed is \"" + quoted(tag.value(index)) + "\", expected true or false", "Correct the attribute"};
      }
    } else if (name == names_.sourceport || name == names_.targetport) {
      if (!store.isCounting()) count("ports are left out; edges join the nodes themselves");
    }
  }
  if (!hasSource || !hasTarget) {
    throw Refusal{std::string("an edge has no ") + (hasSource ? "target" : "source"), "Give every edge both ends"};
  }
  const int64_t edge = store.addEdge(source, target, isDirected, parser.position());
  if (edge >= 0 && isDirected != store.isDirected) count("directed and undirected edges are mixed");
  push(Kind::edge, edge);
}

void GraphMLHandler::startKey(const Tag& tag) {
  std::string_view id, name, list;
  std::string typeName;
  bool hasID = false, hasName = false, hasType = false, isDrawing = false;
  std::vector<Domain> domains{nodes, edges, graphs};
  for (int index = 0; index < tag.count; ++index) {
    if (tag.isPrefixed(index)) continue;
    const xmlChar* attribute = tag.attribute(index);
    const std::string_view value = tag.value(index);
    if (attribute == names_.id) {
      id = value;
      hasID = true;
    } else if (attribute == names_.attrName) {
      name = value;
      hasName = true;
    } else if (attribute == names_.attrType) {
      typeName = trimmed(value);
      hasType = true;
    } else if (attribute == names_.attrList) {
      list = trimmed(value);
    } else if (attribute == names_.forDomain) {
      domains = domainsOf(value);
    } else if (std::string_view(reinterpret_cast<const char*>(attribute)) == "yfiles.type") {
      isDrawing = value == "nodegraphics" || value == "edgegraphics";
    }
  }
  if (!hasID) throw Refusal{"a key has no id", "Give every key an id"};
  const auto key = static_cast<size_t>(keys_.intern(id));
  for (auto& columns : columns_) columns.resize(keys_.size(), undeclared);
  openKey_.clear();
  push(Kind::key);
  const std::string text = quoted(id);
  if (!hasName && !hasType) {
    if (isDrawing) {
      warn("key \"" + text + "\" is a drawing of yEd: its label, place, size, colour and shape are read, the rest is left out",
           "key " + text);
    } else {
      warn("key \"" + text + "\" has neither attr.name nor attr.type; its data is left out", "key " + text);
    }
    for (auto& columns : columns_) {
      if (columns[key] == undeclared) columns[key] = isDrawing ? drawn : skipped;
    }
    return;
  }
  basin::graph::Kind kind;
  if (hasType) {
    const auto found = kindNamed(typeName);
    if (!found) warn("attr.type is \"" + quoted(typeName) + "\"; key \"" + text + "\" is read as string", "type " + text);
    kind = found.value_or(basin::graph::Kind{});
  } else {
    warn("key \"" + text + "\" has no attr.type; it is read as string", "type " + text);
  }
  if (const auto item = list.empty() ? std::nullopt : kindNamed(list)) kind = {Type::string, item->type};
  for (const Domain domain : domains) {
    int32_t& column = columns_[domain][key];
    if (column >= 0) {
      warn("key \"" + text + "\" is declared twice; the first counts", "twice " + text);
      continue;
    }
    column = store.declare(domain, id, hasName ? name : id, kind);
    openKey_.emplace_back(domain, column);
  }
  if (domains.empty()) {
    for (auto& columns : columns_) {
      if (columns[key] == undeclared) columns[key] = skipped;
    }
  }
}

/// None for what this reader leaves out.
std::vector<Domain> GraphMLHandler::domainsOf(std::string_view value) {
  if (value == "node") return {nodes};
  if (value == "edge") return {edges};
  if (value == "graph" || value == "graphml") return {graphs};
  if (value == "all") return {nodes, edges, graphs};
  if (value != "port" && value != "hyperedge" && value != "endpoint") {
    warn("a key is for \"" + quoted(value) + "\"; it is left out", "for " + quoted(value));
  }
  return {};
}

int32_t GraphMLHandler::columnFor(std::string_view id, Domain domain) {
  int32_t key = latestKeyNumber_ >= 0 && id == latestKey_ ? latestKeyNumber_ : keys_.find(id);
  if (key < 0) {
    const std::string text = quoted(id);
    warn("key \"" + text + "\" is not declared; it is read as string", "undeclared " + text);
    key = keys_.intern(id);
    for (auto& columns : columns_) columns.resize(keys_.size(), undeclared);
    for (const Domain any : {nodes, edges, graphs}) {
      columns_[any][static_cast<size_t>(key)] = any == domain ? store.declare(any, id, id, {}) : undeclared;
    }
  }
  if (key != latestKeyNumber_) {
    latestKey_ = id;
    latestKeyNumber_ = key;
  }
  int32_t& column = columns_[domain][static_cast<size_t>(key)];
  if (column == undeclared) {
    static constexpr const char* domainNames[] = {"nodes", "edges", "graphs"};
    const std::string text = quoted(id);
    warn("key \"" + text + "\" is not for " + domainNames[domain] + "; its data there is left out",
         "domain " + text + " " + domainNames[domain]);
    column = skipped;
  }
  return column;
}

/// - Parameter element: -1 where the value is not kept.
void GraphMLHandler::startData(const Tag& tag, Domain domain, int64_t element) {
  push(data);
  stopCapturing();
  dataColumn_ = skipped;
  if (store.isCounting()) return;
  for (int index = 0; index < tag.count; ++index) {
    if (tag.attribute(index) != names_.key || tag.isPrefixed(index)) continue;
    const std::string_view id = tag.value(index);
    const int32_t column = columnFor(id, domain);
    if (element < 0) {
      if (column >= 0) count("data of a nested graph, or outside any graph, is left out");
      return;
    }
    dataColumn_ = column;
    dataDomain_ = domain;
    dataElement_ = element;
    if (column >= 0) startCapturing();
    return;
  }
  throw Refusal{"<data> has no key", "Name the key it belongs to"};
}

// MARK: yEd's drawings

void GraphMLHandler::startDrawing(const Tag& tag) {
  const std::string_view name = reinterpret_cast<const char*>(tag.name);
  // A label's text comes before the elements inside it.
  if (isCapturing()) {
    stopCapturing();
    endDrawnLabel();
  }
  const auto number = [&](std::string_view attribute, std::string_view value) {
    double parsed;
    if (!parseReal(trimmed(value), parsed)) return;
    if (attribute == "x") keep(dataDomain_, extra(dataDomain_, Extra::x, "y:x", Type::real), dataElement_, value);
    if (attribute == "y") keep(dataDomain_, extra(dataDomain_, Extra::y, "y:y", Type::real), dataElement_, value);
    if (attribute == "width") keep(dataDomain_, extra(dataDomain_, Extra::width, "y:width", Type::real), dataElement_, value);
    if (attribute == "height") keep(dataDomain_, extra(dataDomain_, Extra::height, "y:height", Type::real), dataElement_, value);
  };
  const bool isGeometry = name == "Geometry", isFill = name == "Fill", isShape = name == "Shape", isLine = name == "LineStyle";
  for (int index = 0; index < tag.count; ++index) {
    const std::string_view attribute = reinterpret_cast<const char*>(tag.attribute(index));
    const std::string_view value = tag.value(index);
    if (isGeometry) {
      number(attribute, value);
    } else if (attribute == "color" && (isFill || (isLine && dataDomain_ == edges))) {
      keep(dataDomain_, extra(dataDomain_, Extra::color, "y:color", Type::string), dataElement_, value);
    } else if (attribute == "type" && isShape) {
      keep(dataDomain_, extra(dataDomain_, Extra::shape, "y:shape", Type::string), dataElement_, value);
    }
  }
  if (name == "NodeLabel" || name == "EdgeLabel") {
    push(drawnLabel);
    startCapturing();
  } else {
    push(drawing);
  }
}

/// The first label of an element that says something.
void GraphMLHandler::endDrawnLabel() {
  stopCapturing();
  const std::string_view label = trimmed(captured);
  if (label.empty()) return;
  const int32_t column = extra(dataDomain_, Extra::label, "y:label", Type::string);
  if (!store.column(dataDomain_, column).has(static_cast<size_t>(dataElement_))) {
    keep(dataDomain_, column, dataElement_, label);
  }
  captured.clear();
}

}  // namespace basin::graph
