// libFuzzer's entry for the readers of graph files: the first byte chooses the format (unless FUZZ_FORMAT does) and the size of the pieces, the rest is the
// document. Beside crashes it looks for packings that do not fit together.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

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

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
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
  bool isFine = true;
  // Twice the same document: the second is packed behind the first.
  for (int repeat = 0; repeat < repeats && isFine; ++repeat) {
    isFine = basin_graph_xml_begin(reader, format, (data[0] & 0x40) != 0);
    for (size_t offset = 1; offset < size && isFine; offset += piece) {
      isFine = basin_graph_xml_feed(reader, data + offset, size - offset < piece ? size - offset : piece);
    }
    isFine = isFine && basin_graph_xml_end(reader);
  }
  if (isFine && basin_graph_xml_finish(reader)) {
    check(reader);
  } else {
    const BasinGraphFailure failure = basin_graph_xml_failure(reader);
    REQUIRE(failure.message != nullptr && std::strlen(failure.message) > 0 && !failure.is_internal);
  }
  basin_graph_xml_destroy(reader);
  return 0;
}
