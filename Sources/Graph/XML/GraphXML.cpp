#include "include/GraphXML.h"

#include <memory>
#include <optional>

#include "DocumentParser.h"
#include "NumberText.h"
#include "Store.h"

using namespace basin::graph;

struct BasinGraphXML {
  Store store;
  std::unique_ptr<DocumentParser> parser;
  Refusal failure;
  bool isInternal = false;
  bool isPlain = false;

  template <typename Body>
  bool attempt(Body body) {
    try {
      body();
      return true;
    } catch (Refusal& refusal) {
      failure = std::move(refusal);
    } catch (const std::exception& error) {
      isInternal = true;
      failure = Refusal{std::string("the document could not be held: ") + error.what(), ""};
    }
    return false;
  }
};

BasinGraphXML* basin_graph_xml_create(void) {
  try {
    return new BasinGraphXML;
  } catch (const std::exception&) {
    return nullptr;
  }
}

void basin_graph_xml_destroy(BasinGraphXML* reader) { delete reader; }

void basin_graph_xml_use_libxml2_alone(BasinGraphXML* reader) { reader->isPlain = true; }

bool basin_graph_xml_begin(BasinGraphXML* reader, BasinGraphFormat format, bool only_first) {
  return reader->attempt([&] {
    reader->store.beginDocument(only_first);
    reader->parser = std::make_unique<DocumentParser>(reader->store, format, reader->isPlain);
  });
}

bool basin_graph_xml_feed(BasinGraphXML* reader, const void* bytes, size_t count) {
  return reader->attempt([&] {
    reader->store.budget.limit += 2 * count;
    reader->parser->feed({static_cast<const char*>(bytes), count});
  });
}

bool basin_graph_xml_end(BasinGraphXML* reader) {
  return reader->attempt([&] {
    reader->parser->end();
    reader->parser.reset();
    reader->store.endDocument();
  });
}

bool basin_graph_xml_finish(BasinGraphXML* reader) {
  return reader->attempt([&] { reader->store.finish(); });
}

BasinGraphFailure basin_graph_xml_failure(const BasinGraphXML* reader) {
  const Refusal& failure = reader->failure;
  const auto text = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  return {failure.message.c_str(), text(failure.detail), text(failure.advice), failure.position.line, failure.position.column,
          reader->isInternal};
}

namespace {

BasinGraphStrings strings(const ByteTable& table) {
  return {table.bytes(), table.ends(), static_cast<int64_t>(table.size())};
}

}  // namespace

BasinGraphPacking basin_graph_xml_packing(const BasinGraphXML* reader) {
  const Store& store = reader->store;
  BasinGraphPacking packing = {};
  packing.format = store.format;
  packing.is_directed = store.isDirected;
  packing.graphs = static_cast<int64_t>(store.count(graphs));
  packing.nodes = static_cast<int64_t>(store.count(nodes));
  packing.edges = static_cast<int64_t>(store.count(edges));
  packing.total_graphs = store.totalGraphs;
  packing.total_nodes = store.totalNodes;
  packing.total_edges = store.totalEdges;
  packing.edges_against_default = store.edgesAgainstDefault;
  packing.node_pointers = store.nodePointers.data();
  packing.edge_pointers = store.edgePointers.data();
  packing.sources = store.sources.data();
  packing.targets = store.targets.data();
  packing.edge_is_directed = store.edgeIsDirected.empty() ? nullptr : store.edgeIsDirected.data();
  packing.identifiers = strings(store.identifiers);
  packing.identifier_of_node = store.identifierOfNode.data();
  packing.graph_names = {store.graphNameBytes.data(), store.graphNameEnds.data(), packing.graphs};
  for (const Domain domain : {nodes, edges, graphs}) {
    packing.columns[domain] = static_cast<int64_t>(store.columns[domain].size());
  }
  return packing;
}

BasinGraphColumn basin_graph_xml_column(const BasinGraphXML* reader, int domain, int64_t index) {
  const Column& column = *reader->store.columns[domain][static_cast<size_t>(index)];
  return {column.id.c_str(),
          column.name.c_str(),
          static_cast<int>(column.kind.type),
          column.kind.item ? static_cast<int>(*column.kind.item) : -1,
          static_cast<int64_t>(column.present.size()),
          column.integers.data(),
          column.reals.data(),
          column.booleans.data(),
          column.codes.data(),
          strings(column.strings),
          column.present.data(),
          column.nonFiniteElement,
          column.nonFinitePosition.line,
          column.nonFinitePosition.column};
}

int64_t basin_graph_xml_warning_count(const BasinGraphXML* reader) {
  return static_cast<int64_t>(reader->store.warnings.all().size());
}

BasinGraphWarning basin_graph_xml_warning(const BasinGraphXML* reader, int64_t index) {
  const Warning& warning = reader->store.warnings.all()[static_cast<size_t>(index)];
  return {warning.message.c_str(), warning.position.line, warning.position.column, warning.document};
}

int64_t basin_graph_xml_listed_count(const BasinGraphXML* reader) {
  return static_cast<int64_t>(reader->store.listed.size());
}

BasinGraphListed basin_graph_xml_listed(const BasinGraphXML* reader, int64_t index) {
  const Store::Listed& listed = reader->store.listed[static_cast<size_t>(index)];
  return {listed.file.c_str(), listed.label.c_str()};
}

void basin_graph_xml_release_edges(BasinGraphXML* reader) {
  reader->store.sources.release();
  reader->store.targets.release();
  reader->store.edgeIsDirected.release();
}

void basin_graph_xml_release_nodes(BasinGraphXML* reader) {
  reader->store.identifiers.release();
  reader->store.identifierOfNode.release();
}

void basin_graph_xml_release_column(BasinGraphXML* reader, int domain, int64_t index) {
  reader->store.columns[domain][static_cast<size_t>(index)]->release();
}

bool basin_graph_parse_real(const uint8_t* text, size_t count, double* value) {
  return parseReal({reinterpret_cast<const char*>(text), count}, *value);
}

bool basin_graph_parse_integer(const uint8_t* text, size_t count, int64_t* value) {
  return parseInteger({reinterpret_cast<const char*>(text), count}, *value);
}
