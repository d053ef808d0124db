#include "GXLHandler.h"

#include "NumberText.h"

namespace basin::graph {

GXLHandler::Names::Names(DocumentParser& parser)
    : graph(parser.known("graph")), node(parser.known("node")), edge(parser.known("edge")), rel(parser.known("rel")),
      attr(parser.known("attr")), type(parser.known("type")), id(parser.known("id")), from(parser.known("from")),
      to(parser.known("to")), isdirected(parser.known("isdirected")), edgemode(parser.known("edgemode")),
      name(parser.known("name")), href(parser.known("href")), locator(parser.known("locator")),
      seq(parser.known("seq")), set(parser.known("set")), bag(parser.known("bag")), tup(parser.known("tup")),
      fromorder(parser.known("fromorder")), toorder(parser.known("toorder")) {}

GXLHandler::GXLHandler(Store& store, DocumentParser& parser) : GraphHandler(store, parser), names_(parser) {}

void GXLHandler::startRoot(const Tag&) { push(gxl); }

void GXLHandler::startInside(const Frame& parent, const Tag& tag, bool isOwn) {
  if (!isOwn) return leaveOut(tag, false);
  switch (parent.kind) {
    case gxl:
      if (tag.name == names_.graph) return startGraph(tag, false);
      break;
    case graph:
      if (tag.name == names_.node) return startNode(tag);
      if (tag.name == names_.edge) return startEdge(tag, parent.isDirected);
      [[fallthrough]];
    case node:
    case edge:
      if (tag.name == names_.attr) return startAttr(parent, tag);
      if (tag.name == names_.type) {
        readType(parent, tag);
        return ignore();
      }
      if (tag.name == names_.rel) {
        if (!store.isCounting()) count("a <rel> joins several nodes; it is left out");
        return ignore();
      }
      if (tag.name == names_.graph) return startGraph(tag, true);
      break;
    case attr:
      if (tag.name == names_.attr) {
        if (attrElement_ >= 0) count("attributes of attributes are left out");
        return ignore();
      }
      return startValue(tag);
    case list: return startItem(tag);
    default: break;
  }
  leaveOut(tag, true);
}

void GXLHandler::endOf(const Frame& frame) {
  switch (frame.kind) {
    case value:
      if (!isCapturing()) break;
      stopCapturing();
      keepValue(valueKind_, captured);
      break;
    case item: {
      if (!isCapturing()) break;
      stopCapturing();
      if (list_.size() > 1) list_ += ", ";
      const std::string_view text = trimmed(captured);
      if (valueKind_.type == Type::string) {
        list_ += '"';
        for (const char byte : text) {
          if (byte == '"' || byte == '\\') list_ += '\\';
          list_ += byte;
        }
        list_ += '"';
      } else {
        list_ += text;
      }
      if (list_.size() > DocumentParser::longestText) throw Refusal{"a list is too long", "Shorten it"};
      break;
    }
    case list:
      // Of lists in lists the outermost is kept, flat.
      if (attrElement_ >= 0 && frame.index < 0) {
        keepValue({Type::string, valueKind_.type}, list_ + "]");
      }
      break;
    case graph:
      if (depth() == 1) store.endGraph();
      break;
    case gxl:
      if (!store.hasGraphs()) store.warnings.add("the document holds no <graph>", "no graph", {});
      break;
    default: break;
  }
}

void GXLHandler::startGraph(const Tag& tag, bool isNested) {
  bool isDirected = true;  // GXL's own default
  std::string_view name;
  for (int index = 0; index < tag.count; ++index) {
    if (tag.isPrefixed(index)) continue;
    if (tag.attribute(index) == names_.id) name = tag.value(index);
    if (tag.attribute(index) != names_.edgemode) continue;
    const std::string_view mode = tag.value(index);
    isDirected = mode == "directed" || mode == "defaultdirected";
    if (!isDirected && mode != "undirected" && mode != "defaultundirected") {
      throw Refusal{"edgemode is \"" + quoted(mode) + "\", expected directed, undirected, defaultdirected or defaultundirected",
                    "Correct the attribute"};
    }
  }
  if (isNested) {
    if (!store.isCounting()) count("a nested graph is read as part of the outer one");
  } else {
    beginGraph(name, isDirected);
  }
  // An attribute of a nested graph has no place in the result.
  push(graph, isNested || store.isCounting() ? -1 : static_cast<int64_t>(store.count(graphs)) - 1, isDirected);
}

void GXLHandler::startNode(const Tag& tag) {
  for (int index = 0; index < tag.count; ++index) {
    if (tag.attribute(index) == names_.id && !tag.isPrefixed(index)) return push(node, store.addNode(tag.value(index)));
  }
  throw Refusal{"a node has no id", "Give every node an id"};
}

void GXLHandler::startEdge(const Tag& tag, bool isDirected) {
  std::string_view source, target;
  bool hasSource = false, hasTarget = false;
  for (int index = 0; index < tag.count; ++index) {
    if (tag.isPrefixed(index)) continue;
    const xmlChar* name = tag.attribute(index);
    if (name == names_.from) {
      source = tag.value(index);
      hasSource = true;
    } else if (name == names_.to) {
      target = tag.value(index);
      hasTarget = true;
    } else if (name == names_.isdirected) {
      if (!parseBoolean(tag.value(index), isDirected)) {
        throw Refusal{"isdirected is \"" + quoted(tag.value(index)) + "\", expected true or false", "Correct the attribute"};
      }
    } else if (name == names_.fromorder || name == names_.toorder) {
      if (!store.isCounting()) count("the order of edges at a node (fromorder, toorder) is left out");
    }
  }
  if (!hasSource || !hasTarget) {
    throw Refusal{std::string("an edge has no ") + (hasSource ? "to" : "from"), "Give every edge both ends"};
  }
  const int64_t element = store.addEdge(source, target, isDirected, parser.position());
  if (element >= 0 && isDirected != store.isDirected) count("directed and undirected edges are mixed");
  push(edge, element);
}

void GXLHandler::startAttr(const Frame& parent, const Tag& tag) {
  attrElement_ = store.isCounting() ? -1 : parent.index;
  attrDomain_ = parent.kind == node ? nodes : parent.kind == edge ? edges : graphs;
  if (attrElement_ < 0 && !store.isCounting()) count("attributes of a nested graph are left out");
  for (int index = 0; index < tag.count; ++index) {
    if (tag.attribute(index) != names_.name || tag.isPrefixed(index)) continue;
    attrName_ = tag.value(index);
    return push(attr);
  }
  throw Refusal{"an <attr> has no name", "Name it"};
}

basin::graph::Kind GXLHandler::kindOf(const Tag& tag) {
  const std::string_view name = reinterpret_cast<const char*>(tag.name);
  if (const auto kind = kindNamed(name); kind && !kind->item) return *kind;
  if (lowercased(name) != "enum") {
    warn("a value is of type <" + quoted(name) + ">; it is read as string", "type " + quoted(name));
  }
  return {};
}

void GXLHandler::startValue(const Tag& tag) {
  if (attrElement_ < 0) return ignore();
  if (tag.name == names_.seq || tag.name == names_.set || tag.name == names_.bag || tag.name == names_.tup) {
    list_ = "[";
    valueKind_ = {};
    return push(list);
  }
  if (tag.name == names_.locator) {
    for (int index = 0; index < tag.count; ++index) {
      if (tag.attribute(index) == names_.href) keepValue({}, tag.value(index));
    }
    return ignore();
  }
  valueKind_ = kindOf(tag);
  push(value);
  startCapturing();
}

void GXLHandler::startItem(const Tag& tag) {
  if (tag.name == names_.seq || tag.name == names_.set || tag.name == names_.bag || tag.name == names_.tup) {
    count("lists in a list are read as one");
    return push(list, 0);
  }
  const basin::graph::Kind kind = kindOf(tag);
  // Items of different types make a list of strings.
  valueKind_ = list_.size() == 1 || valueKind_ == kind ? kind : basin::graph::Kind{};
  push(item);
  startCapturing();
}

/// `<type xlink:href="schema.gxl#Function"/>`: what the schema calls the node, edge or graph.
void GXLHandler::readType(const Frame& parent, const Tag& tag) {
  if (parent.index < 0 || store.isCounting()) return;
  const Domain domain = parent.kind == node ? nodes : parent.kind == edge ? edges : graphs;
  for (int index = 0; index < tag.count; ++index) {
    if (tag.attribute(index) != names_.href) continue;
    keep(domain, extra(domain, Extra::type, "type", Type::string), parent.index, tag.value(index));
  }
}

void GXLHandler::keepValue(basin::graph::Kind kind, std::string_view text) {
  auto& columns = columns_[attrDomain_];
  const auto number = static_cast<size_t>(attributes_[attrDomain_].intern(attrName_));
  if (number == columns.size()) columns.push_back(store.declare(attrDomain_, attrName_, attrName_, kind));
  const int32_t index = columns[number];
  Column& column = store.column(attrDomain_, index);
  if (column.kind != kind) {
    const basin::graph::Kind before = column.kind;
    column.widen(kind);
    if (column.kind != before) {
      warn("attribute \"" + quoted(attrName_) + "\" has values of different types; it is read as " +
               nameOf(column.kind.type),
           "widened " + std::to_string(attrDomain_) + attrName_);
    }
  }
  // The IAM files pad strings with blanks.
  keep(attrDomain_, index, attrElement_, trimmed(text));
}

}  // namespace basin::graph
