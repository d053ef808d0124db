#include "GEXFHandler.h"

#include <cstdio>

#include "NumberText.h"

namespace basin::graph {

GEXFHandler::Names::Names(DocumentParser& parser)
    : graph(parser.known("graph")), meta(parser.known("meta")), attributes(parser.known("attributes")),
      attribute(parser.known("attribute")), defaultValue(parser.known("default")), options(parser.known("options")),
      nodes(parser.known("nodes")), edges(parser.known("edges")), node(parser.known("node")),
      edge(parser.known("edge")), attvalues(parser.known("attvalues")), attvalue(parser.known("attvalue")),
      spells(parser.known("spells")), parents(parser.known("parents")), id(parser.known("id")),
      label(parser.known("label")), start(parser.known("start")), end(parser.known("end")),
      startopen(parser.known("startopen")), endopen(parser.known("endopen")), timestamp(parser.known("timestamp")),
      pid(parser.known("pid")), source(parser.known("source")), target(parser.known("target")),
      type(parser.known("type")), weight(parser.known("weight")), kind(parser.known("kind")),
      forAttribute(parser.known("for")), value(parser.known("value")), classOf(parser.known("class")),
      title(parser.known("title")), defaultedgetype(parser.known("defaultedgetype")), mode(parser.known("mode")) {}

GEXFHandler::GEXFHandler(Store& store, DocumentParser& parser) : GraphHandler(store, parser), names_(parser) {}

void GEXFHandler::startRoot(const Tag&) { push(gexf); }

void GEXFHandler::startInside(const Frame& parent, const Tag& tag, bool isOwn) {
  if (!isOwn) {
    // Files of old versions, and some by hand, use `viz:` without saying what it is.
    const std::string_view space = tag.space == nullptr ? "" : reinterpret_cast<const char*>(tag.space);
    const std::string_view prefix = tag.prefix == nullptr ? "" : reinterpret_cast<const char*>(tag.prefix);
    if (!space.ends_with("viz") && prefix != "viz") return leaveOut(tag, false);
    if (parent.index >= 0 && (parent.kind == node || parent.kind == edge)) readDrawing(parent, tag);
    return ignore();
  }
  switch (parent.kind) {
    case gexf:
      if (tag.name == names_.graph) return startGraph(tag);
      if (tag.name == names_.meta) return ignore();
      break;
    case graph:
    case node:
      if (tag.name == names_.nodes || tag.name == names_.edges) {
        if (parent.kind == node && !store.isCounting()) count("a nested graph is read as part of the outer one");
        return push(tag.name == names_.nodes ? nodeList : edgeList);
      }
      if (parent.kind == graph && tag.name == names_.attributes) return startAttributes(tag);
      [[fallthrough]];
    case edge:
      if (parent.kind == graph) break;
      if (tag.name == names_.attvalues) return push(values, parent.index, parent.kind == edge);
      // Without its list around it, as Gephi's own examples have it.
      if (tag.name == names_.attvalue) return startValue({values, parent.index, parent.kind == edge}, tag);
      if (tag.name == names_.spells) {
        if (parent.index >= 0) count("the times at which an element exists (<spells>) are left out");
        return ignore();
      }
      if (tag.name == names_.parents) {
        if (parent.index >= 0) count("parents of nodes are left out");
        return ignore();
      }
      break;
    case attributes:
      if (tag.name == names_.attribute) return startAttribute(tag);
      break;
    case attribute:
      if (tag.name == names_.defaultValue) {
        push(defaultValue);
        return startCapturing();
      }
      if (tag.name == names_.options) return ignore();
      break;
    case nodeList:
      if (tag.name == names_.node) return startNode(tag);
      break;
    case edgeList:
      if (tag.name == names_.edge) return startEdge(tag);
      break;
    case values:
      if (tag.name == names_.attvalue) return startValue(parent, tag);
      break;
    default: break;
  }
  leaveOut(tag, true);
}

void GEXFHandler::endOf(const Frame& frame) {
  switch (frame.kind) {
    case defaultValue:
      stopCapturing();
      if (openColumn_ >= 0) keepDefault(static_cast<Domain>(attributesOf_), openColumn_, captured);
      break;
    case graph: store.endGraph(); break;
    case gexf:
      if (!hasGraph_) store.warnings.add("the document holds no <graph>", "no graph", {});
      break;
    default: break;
  }
}

std::string_view GEXFHandler::valueOf(const Tag& tag, const xmlChar* name, bool& isThere) const {
  for (int index = 0; index < tag.count; ++index) {
    if (tag.attribute(index) != name || tag.isPrefixed(index)) continue;
    isThere = true;
    return tag.value(index);
  }
  isThere = false;
  return {};
}

void GEXFHandler::startGraph(const Tag& tag) {
  bool isThere;
  const std::string_view type = valueOf(tag, names_.defaultedgetype, isThere);
  isDirected_ = isThere && (type == "directed");
  if (!isThere) {
    count("the graph has no defaultedgetype; its edges are undirected");
  } else if (type == "mutual") {
    count("mutual edges are read as undirected");
  } else if (type != "directed" && type != "undirected") {
    throw Refusal{"defaultedgetype is \"" + quoted(type) + "\", expected directed, undirected or mutual",
                  "Correct the attribute"};
  }
  const std::string_view mode = valueOf(tag, names_.mode, isThere);
  if (mode == "dynamic") count("the graph changes with time; of each attribute the last value in the file counts");
  hasGraph_ = true;
  const std::string_view id = valueOf(tag, names_.id, isThere);
  beginGraph(id, isDirected_);
  push(graph);
}

void GEXFHandler::startAttributes(const Tag& tag) {
  bool isThere;
  const std::string_view of = valueOf(tag, names_.classOf, isThere);
  attributesOf_ = of == "node" ? nodes : of == "edge" ? edges : -1;
  if (attributesOf_ < 0) {
    warn("<attributes> are of class \"" + quoted(of) + "\", expected node or edge; they are left out", "class " + quoted(of));
    return ignore();
  }
  push(attributes);
}

void GEXFHandler::startAttribute(const Tag& tag) {
  bool hasID, hasTitle, hasType;
  const std::string_view id = valueOf(tag, names_.id, hasID);
  const std::string_view title = valueOf(tag, names_.title, hasTitle);
  const std::string_view type = valueOf(tag, names_.type, hasType);
  if (!hasID) throw Refusal{"an attribute has no id", "Give every attribute an id"};
  push(attribute);
  openColumn_ = -1;
  if (store.isCounting()) return;
  const std::string text = quoted(id);
  const auto key = static_cast<size_t>(keys_[attributesOf_].intern(id));
  auto& columns = columns_[attributesOf_];
  if (key < columns.size()) {
    warn("attribute \"" + text + "\" is declared twice, or after its use; the first counts",
         "twice " + std::to_string(attributesOf_) + text);
    return;
  }
  const auto kind = kindNamed(type);
  if (!kind) warn("the type of attribute \"" + text + "\" is \"" + quoted(type) + "\"; it is read as string", "type " + text);
  openColumn_ = store.declare(static_cast<Domain>(attributesOf_), id, hasTitle && !title.empty() ? title : id,
                              kind.value_or(basin::graph::Kind{}));
  columns.push_back(openColumn_);
}

void GEXFHandler::startNode(const Tag& tag) {
  bool hasID;
  const std::string_view id = valueOf(tag, names_.id, hasID);
  if (!hasID) throw Refusal{"a node has no id", "Give every node an id"};
  const int64_t element = store.addNode(id);
  push(node, element);
  if (element < 0) return;
  for (int index = 0; index < tag.count; ++index) {
    if (tag.isPrefixed(index) || tag.attribute(index) == names_.id) continue;
    if (tag.attribute(index) == names_.pid) {
      count("parents of nodes are left out");
    } else {
      keepCommon(nodes, element, tag.attribute(index), tag.value(index));
    }
  }
}

void GEXFHandler::startEdge(const Tag& tag) {
  std::string_view source, target, type;
  bool hasSource = false, hasTarget = false, isDirected = isDirected_;
  for (int index = 0; index < tag.count; ++index) {
    if (tag.isPrefixed(index)) continue;
    const xmlChar* name = tag.attribute(index);
    if (name == names_.source) {
      source = tag.value(index);
      hasSource = true;
    } else if (name == names_.target) {
      target = tag.value(index);
      hasTarget = true;
    } else if (name == names_.type) {
      type = tag.value(index);
      isDirected = type == "directed";
      if (type == "mutual") {
        if (!store.isCounting()) count("mutual edges are read as undirected");
      } else if (!isDirected && type != "undirected") {
        // Before 1.2 `type` could be anything.
        isDirected = isDirected_;
        warn("an edge is of type \"" + quoted(type) + "\", expected directed, undirected or mutual; the default counts",
             "edge type");
      }
    }
  }
  if (!hasSource || !hasTarget) {
    throw Refusal{std::string("an edge has no ") + (hasSource ? "target" : "source"), "Give every edge both ends"};
  }
  const int64_t element = store.addEdge(source, target, isDirected, parser.position());
  push(edge, element);
  if (element < 0) return;
  if (isDirected != store.isDirected) count("directed and undirected edges are mixed");
  for (int index = 0; index < tag.count; ++index) {
    if (tag.isPrefixed(index)) continue;
    const xmlChar* name = tag.attribute(index);
    if (name == names_.id || name == names_.source || name == names_.target || name == names_.type) continue;
    if (name == names_.weight) {
      keep(edges, extra(edges, Extra::weight, "weight", Type::real), element, tag.value(index));
    } else if (name == names_.kind) {
      keep(edges, extra(edges, Extra::kind, "kind", Type::string), element, tag.value(index));
    } else {
      keepCommon(edges, element, name, tag.value(index));
    }
  }
}

void GEXFHandler::keepCommon(Domain domain, int64_t element, const xmlChar* name, std::string_view value) {
  if (name == names_.label) {
    keep(domain, extra(domain, Extra::label, "label", Type::string), element, value);
  } else if (name == names_.start || name == names_.startopen) {
    keep(domain, extra(domain, Extra::start, "start", Type::string), element, value);
  } else if (name == names_.end || name == names_.endopen) {
    keep(domain, extra(domain, Extra::end, "end", Type::string), element, value);
  } else if (name == names_.timestamp) {
    keep(domain, extra(domain, Extra::timestamp, "timestamp", Type::string), element, value);
  } else {
    const std::string text = quoted(reinterpret_cast<const char*>(name));
    warn("`" + text + "` of " + (domain == nodes ? "a node" : "an edge") + " is left out",
         "attribute " + std::to_string(domain) + text);
  }
}

void GEXFHandler::startValue(const Frame& parent, const Tag& tag) {
  ignore();
  if (parent.index < 0) return;
  const Domain domain = parent.isDirected ? edges : nodes;
  std::string_view id, value;
  bool hasID = false, hasValue = false, isTimed = false;
  for (int index = 0; index < tag.count; ++index) {
    if (tag.isPrefixed(index)) continue;
    const xmlChar* name = tag.attribute(index);
    if (name == names_.forAttribute || (name == names_.id && !hasID)) {
      id = tag.value(index);
      hasID = true;
    } else if (name == names_.value) {
      value = tag.value(index);
      hasValue = true;
    } else if (name == names_.start || name == names_.end || name == names_.timestamp || name == names_.startopen ||
               name == names_.endopen) {
      isTimed = true;
    }
  }
  if (!hasID) throw Refusal{"an <attvalue> does not say which attribute it is for", "Name it with `for`"};
  if (!hasValue) throw Refusal{"an <attvalue> has no value", "Give it one"};
  const auto key = static_cast<size_t>(keys_[domain].intern(id));
  auto& columns = columns_[domain];
  if (key == columns.size()) {
    const std::string text = quoted(id);
    warn("attribute \"" + text + "\" is not declared; it is read as string", "undeclared " + std::to_string(domain) + text);
    columns.push_back(store.declare(domain, id, id, {}));
  }
  const int32_t column = columns[key];
  // What a time is given for is expected to come again.
  if (isTimed && store.column(domain, column).has(static_cast<size_t>(parent.index))) {
    count("an attribute has values at several times; the last in the file counts");
    store.column(domain, column).forget(static_cast<size_t>(parent.index));
  }
  keep(domain, column, parent.index, value);
}

/// Gephi's place, size, colour and shape.
void GEXFHandler::readDrawing(const Frame& parent, const Tag& tag) {
  const Domain domain = parent.kind == node ? nodes : edges;
  const std::string_view name = reinterpret_cast<const char*>(tag.name);
  std::string_view parts[3];
  std::string_view hex;
  for (int index = 0; index < tag.count; ++index) {
    const std::string_view attribute = reinterpret_cast<const char*>(tag.attribute(index));
    const std::string_view value = tag.value(index);
    const auto real = [&](Extra which, const char* column) {
      double parsed;
      if (!parseReal(trimmed(value), parsed)) {
        warn("`" + quoted(column) + "` is \"" + quoted(value) + "\" here, which is no number; it is left out", column);
        return;
      }
      keep(domain, extra(domain, which, column, Type::real), parent.index, value);
    };
    if (name == "position") {
      if (attribute == "x") real(Extra::x, "viz:x");
      if (attribute == "y") real(Extra::y, "viz:y");
      if (attribute == "z") real(Extra::z, "viz:z");
    } else if (name == "size" && attribute == "value") {
      real(Extra::size, "viz:size");
    } else if (name == "thickness" && attribute == "value") {
      real(Extra::thickness, "viz:thickness");
    } else if (name == "shape" && attribute == "value") {
      keep(domain, extra(domain, Extra::shape, "viz:shape", Type::string), parent.index, value);
    } else if (name == "color") {
      if (attribute == "r") parts[0] = value;
      if (attribute == "g") parts[1] = value;
      if (attribute == "b") parts[2] = value;
      if (attribute == "hex") hex = value;
    }
  }
  if (name != "color") return;
  std::string color(hex);
  if (color.empty()) {
    int64_t values[3];
    for (int index = 0; index < 3; ++index) {
      if (!parseInteger(trimmed(parts[index]), values[index]) || values[index] < 0 || values[index] > 255) {
        return count("a colour without r, g and b from 0 to 255 is left out");
      }
    }
    char text[8];
    std::snprintf(text, sizeof text, "#%02x%02x%02x", static_cast<unsigned>(values[0]),
                  static_cast<unsigned>(values[1]), static_cast<unsigned>(values[2]));
    color = text;
  }
  keep(domain, extra(domain, Extra::color, "viz:color", Type::string), parent.index, color);
}

}  // namespace basin::graph
