// libFuzzer's entry for the readers of graph files: the first byte chooses the format (unless FUZZ_FORMAT does) and the size of the pieces, the rest is the
// document. Beside crashes it looks for packings that do not fit together, and for differences to what libxml2 alone makes of it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>

#include "GraphXML.h"

#define REQUIRE(condition)                                                  \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::fprintf(stderr, "broken: %s, line %d\n", #condition, __LINE__);  \
      std::abort();                                                         \
    }                                                                       \
  } while (0)

static void checkColumns(const BasinGraphXML *reader, const BasinGraphPacking &packing) {
  const int64_t counts[] = {packing.nodes, packing.edges, packing.graphs};
  for (int domain = 0; domain < 3; ++domain) {
    for (int64_t index = 0; index < packing.columns[domain]; ++index) {
      const BasinGraphColumn column = basin_graph_xml_column(reader, domain, index);
      REQUIRE(column.count == counts[domain]);
      for (int64_t element = 0; element < column.count; ++element) {
        REQUIRE(column.is_present[element] <= 1);
        if (column.type != BASIN_ATTRIBUTE_STRING) continue;
        REQUIRE(column.codes[element] >= -1 && column.codes[element] < column.strings.count);
        REQUIRE((column.codes[element] >= 0) == (column.is_present[element] != 0));
      }
    }
  }
}

static void check(const BasinGraphXML *reader) {
  const BasinGraphPacking packing = basin_graph_xml_packing(reader);
  REQUIRE(packing.node_pointers[0] == 0 && packing.node_pointers[packing.graphs] == packing.nodes);
  REQUIRE(packing.edge_pointers[0] == 0 && packing.edge_pointers[packing.graphs] == packing.edges);
  for (int64_t graph = 0; graph < packing.graphs; ++graph) {
    REQUIRE(packing.node_pointers[graph] <= packing.node_pointers[graph + 1]);
    for (int64_t edge = packing.edge_pointers[graph]; edge < packing.edge_pointers[graph + 1]; ++edge) {
      for (const int32_t end : {packing.sources[edge], packing.targets[edge]}) {
        REQUIRE(end >= packing.node_pointers[graph] && end < packing.node_pointers[graph + 1]);
      }
    }
  }
  for (int64_t node = 0; node < packing.nodes; ++node) {
    REQUIRE(packing.identifier_of_node[node] >= 0 && packing.identifier_of_node[node] < packing.identifiers.count);
  }
  checkColumns(reader, packing);
}

static void add(std::string &text, const char *part) { text += part == nullptr ? "-" : part; text += '\n'; }
static void add(std::string &text, int64_t number) { add(text, std::to_string(number).c_str()); }

template <typename T>
static void add(std::string &text, const T *numbers, int64_t count) {
  if (numbers != nullptr && count > 0) text.append(reinterpret_cast<const char *>(numbers), sizeof(T) * static_cast<size_t>(count));
  add(text, count);
}

static void add(std::string &text, const BasinGraphStrings &strings) {
  add(text, strings.ends, strings.count);
  if (strings.count > 0) add(text, strings.bytes, strings.ends[strings.count - 1]);
}

/// All that a caller gets of a document.
static std::string describe(const BasinGraphXML *reader, bool isFine) {
  std::string text;
  if (!isFine) {
    const BasinGraphFailure failure = basin_graph_xml_failure(reader);
    // Which of a broken document's faults libxml2 names depends on how much of what follows it has been given.
    if (std::strncmp(failure.message, "not well-formed XML", 19) == 0) return "not well-formed";
    for (const char *part : {failure.message, failure.detail, failure.advice}) add(text, part);
    add(text, failure.line);
    add(text, failure.column);
    return text;
  }
  const BasinGraphPacking packing = basin_graph_xml_packing(reader);
  for (const int64_t number : {int64_t{packing.format}, int64_t{packing.is_directed}, packing.total_graphs, packing.total_nodes,
                               packing.total_edges, packing.edges_against_default}) add(text, number);
  add(text, packing.node_pointers, packing.graphs + 1);
  add(text, packing.edge_pointers, packing.graphs + 1);
  add(text, packing.sources, packing.edges);
  add(text, packing.targets, packing.edges);
  add(text, packing.edge_is_directed, packing.edges);
  add(text, packing.identifiers);
  add(text, packing.identifier_of_node, packing.nodes);
  add(text, packing.graph_names);
  for (int domain = 0; domain < 3; ++domain) {
    for (int64_t index = 0; index < packing.columns[domain]; ++index) {
      const BasinGraphColumn column = basin_graph_xml_column(reader, domain, index);
      add(text, column.id);
      add(text, column.name);
      for (const int64_t number : {int64_t{column.type}, int64_t{column.item_type}, column.non_finite_element, column.non_finite_line,
                                   column.non_finite_column}) add(text, number);
      add(text, column.integers, column.count);
      add(text, column.reals, column.count);
      add(text, column.booleans, column.count);
      add(text, column.codes, column.count);
      add(text, column.strings);
      add(text, column.is_present, column.count);
    }
  }
  for (int64_t index = 0; index < basin_graph_xml_warning_count(reader); ++index) {
    const BasinGraphWarning warning = basin_graph_xml_warning(reader, index);
    add(text, warning.message);
    for (const int64_t number : {warning.line, warning.column, warning.document}) add(text, number);
  }
  for (int64_t index = 0; index < basin_graph_xml_listed_count(reader); ++index) {
    add(text, basin_graph_xml_listed(reader, index).file);
    add(text, basin_graph_xml_listed(reader, index).label);
  }
  return text;
}

static std::string read(const uint8_t *data, size_t size, bool isPlain) {
  // Very small pieces of long documents would be most of the time.
  const size_t pieces[] = {size < 200 ? size_t{1} : size_t{13}, 7, 61, 100'000};
  const size_t piece = pieces[data[0] >> 3 & 3];
#ifdef FUZZ_FORMAT
  const auto format = static_cast<BasinGraphFormat>(FUZZ_FORMAT);
#else
  const auto format = static_cast<BasinGraphFormat>((data[0] & 7) % 5);
#endif
  const int repeats = data[0] & 0x20 ? 2 : 1;
  BasinGraphXML *reader = basin_graph_xml_create();
  if (isPlain) basin_graph_xml_use_libxml2_alone(reader);
  bool isFine = true;
  // Twice the same document: the second is packed behind the first.
  for (int repeat = 0; repeat < repeats && isFine; ++repeat) {
    isFine = basin_graph_xml_begin(reader, format, (data[0] & 0x40) != 0);
    for (size_t offset = 1; offset < size && isFine; offset += piece) {
      isFine = basin_graph_xml_feed(reader, data + offset, size - offset < piece ? size - offset : piece);
    }
    isFine = isFine && basin_graph_xml_end(reader);
  }
  isFine = isFine && basin_graph_xml_finish(reader);
  if (isFine) {
    check(reader);
  } else {
    const BasinGraphFailure failure = basin_graph_xml_failure(reader);
    REQUIRE(failure.message != nullptr && std::strlen(failure.message) > 0 && !failure.is_internal);
  }
  const std::string text = describe(reader, isFine);
  basin_graph_xml_destroy(reader);
  return text;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const std::string found = read(data, size, false), expected = read(data, size, true);
  if (found != expected) {
    std::fprintf(stderr, "with simple elements:\n%s\nlibxml2 alone:\n%s\n", found.c_str(), expected.c_str());
    std::abort();
  }
  return 0;
}
