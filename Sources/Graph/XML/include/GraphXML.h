#ifndef BASIN_GRAPH_XML_H
#define BASIN_GRAPH_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Graph documents (GraphML, GEXF, GXL) and listings of them (CXL) by libxml2's push parser, straight into packed
// arrays.
//
//   begin, feed ..., end     one document; repeat for others, whose graphs are packed behind
//   finish                   once, after the last
//   packing, column, ...     what was read; pointers are valid until `release_...` or `destroy`
//
// begin, feed, end and finish return false when they fail; `failure` then tells why, and only `destroy` may follow.
// Nothing here throws.

typedef struct BasinGraphXML BasinGraphXML;

typedef enum {
  BASIN_GRAPH_ANY = 0,  // what the root element says
  BASIN_GRAPH_GRAPHML = 1,
  BASIN_GRAPH_GEXF = 2,
  BASIN_GRAPH_GXL = 3,
  BASIN_GRAPH_LISTING = 4,
} BasinGraphFormat;

typedef enum {
  BASIN_ATTRIBUTE_BOOLEAN = 0,
  BASIN_ATTRIBUTE_INT = 1,
  BASIN_ATTRIBUTE_LONG = 2,
  BASIN_ATTRIBUTE_FLOAT = 3,
  BASIN_ATTRIBUTE_DOUBLE = 4,
  BASIN_ATTRIBUTE_STRING = 5,
} BasinAttributeType;

enum { BASIN_GRAPH_NODES = 0, BASIN_GRAPH_EDGES = 1, BASIN_GRAPH_GRAPHS = 2 };

typedef struct {
  const char *message;
  const char *detail;  // such as `node "n4", key "d0"`, or NULL
  const char *advice;  // or NULL
  int64_t line;        // both from 1, 0 where unknown
  int64_t column;
  bool is_internal;  // no fault of the document: out of memory
} BasinGraphFailure;

// Byte strings end to end in `bytes`; string i ends before ends[i].
typedef struct {
  const uint8_t *bytes;
  const int64_t *ends;
  int64_t count;
} BasinGraphStrings;

typedef struct {
  int format;
  bool is_directed;
  int64_t graphs, nodes, edges;                     // those read
  int64_t total_graphs, total_nodes, total_edges;   // and those only counted too
  int64_t edges_against_default;
  const int64_t *node_pointers, *edge_pointers;     // [graphs + 1]
  const int32_t *sources, *targets;                 // [edges]
  const uint8_t *edge_is_directed;                  // [edges], or NULL where all are as is_directed says
  BasinGraphStrings identifiers;
  const int32_t *identifier_of_node;                // [nodes]
  BasinGraphStrings graph_names;                    // [graphs]
  int64_t columns[3];
} BasinGraphPacking;

// Of the arrays only the one of the type is there.
typedef struct {
  const char *id, *name;
  int type;
  int item_type;  // of lists, which are kept as the text of the file; -1 otherwise
  int64_t count;
  const int64_t *integers;
  const double *reals;
  const uint8_t *booleans;
  const int32_t *codes;  // -1 where missing
  BasinGraphStrings strings;
  const uint8_t *is_present;
  int64_t non_finite_element, non_finite_line, non_finite_column;  // the first NaN or infinity, -1 where there is none
} BasinGraphColumn;

typedef struct {
  const char *message;
  int64_t line, column;  // 0 where unknown
  int64_t document;      // which document, from 0
} BasinGraphWarning;

typedef struct {
  const char *file, *label;
} BasinGraphListed;

BasinGraphXML *basin_graph_xml_create(void);
void basin_graph_xml_destroy(BasinGraphXML *reader);

// For comparison: documents that begin later are read without the short way for simple elements.
void basin_graph_xml_use_libxml2_alone(BasinGraphXML *reader);

// `only_first`: graphs after the document's first are counted, not read.
bool basin_graph_xml_begin(BasinGraphXML *reader, BasinGraphFormat format, bool only_first);
bool basin_graph_xml_feed(BasinGraphXML *reader, const void *bytes, size_t count);
bool basin_graph_xml_end(BasinGraphXML *reader);
bool basin_graph_xml_finish(BasinGraphXML *reader);

BasinGraphFailure basin_graph_xml_failure(const BasinGraphXML *reader);
BasinGraphPacking basin_graph_xml_packing(const BasinGraphXML *reader);
BasinGraphColumn basin_graph_xml_column(const BasinGraphXML *reader, int domain, int64_t index);
int64_t basin_graph_xml_warning_count(const BasinGraphXML *reader);
BasinGraphWarning basin_graph_xml_warning(const BasinGraphXML *reader, int64_t index);
int64_t basin_graph_xml_listed_count(const BasinGraphXML *reader);
BasinGraphListed basin_graph_xml_listed(const BasinGraphXML *reader, int64_t index);

// Frees what the caller has copied, so that no array is held twice for long.
void basin_graph_xml_release_edges(BasinGraphXML *reader);
void basin_graph_xml_release_nodes(BasinGraphXML *reader);
void basin_graph_xml_release_column(BasinGraphXML *reader, int domain, int64_t index);

// Numbers as files write them; false if the text is none. Locale-independent and correctly rounded.
bool basin_graph_parse_real(const uint8_t *text, size_t count, double *value);
bool basin_graph_parse_integer(const uint8_t *text, size_t count, int64_t *value);

#ifdef __cplusplus
}
#endif

#endif
