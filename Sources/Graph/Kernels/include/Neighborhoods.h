// Which nodes a layer reads for the nodes it gives, as sparse rows and their transpose.
//
// Indices are trusted; Swift checks them. A null result means that there is no memory.
#ifndef BASIN_NEIGHBORHOODS_H
#define BASIN_NEIGHBORHOODS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A square matrix in compressed rows: row u has an entry for every node that sends to u.
typedef struct BasinAdjacency {
  int64_t nodes;
  const int64_t *pointers;
  const int32_t *columns;
  const float *values;
} BasinAdjacency;

// Rows of an adjacency for some nodes (outputs, R) over the nodes they read (inputs, C), with E entries.
typedef struct BasinNeighborhood {
  int64_t outputCount, inputCount, entryCount;
  int32_t *outputs;  // [R], nodes of the adjacency
  int32_t *inputs;   // [C], rising
  int32_t *selves;   // [R], the place of each output among the inputs
  int64_t *pointers;     // [R + 1]
  int32_t *columns;      // [E], places among the inputs
  float *values;         // [E]
  int64_t *backPointers; // [C + 1], of the transpose
  int32_t *backColumns;  // [E], rows
  float *backValues;     // [E]
  int32_t *backPlaces;   // [E], the number of that entry in `columns`
  int32_t isSquare;      // the inputs are the outputs, in the same order
} BasinNeighborhood;

// All neighbours of `nodes`. The outputs are among the inputs, whether they have an entry for themselves or not.
// `position` has an element a node, all -1, and is left so.
BasinNeighborhood *basinNeighborhoodOfNodes(const BasinAdjacency *adjacency, const int32_t *nodes, int64_t count,
                                            int32_t *position);

// At most `fanout` neighbours of each node, drawn without replacement; values of a row are scaled so that their sum
// stays what it was. Draws are a pure function of `key` and the node's place in `nodes`.
BasinNeighborhood *basinNeighborhoodSampled(const BasinAdjacency *adjacency, const int32_t *nodes, int64_t count,
                                            int32_t fanout, uint64_t key, int32_t *position);

// Whole graphs of a matrix that holds many: the nodes begins[g]..<ends[g] of each, one after the other. No entry leads
// out of a graph.
BasinNeighborhood *basinNeighborhoodOfRanges(const BasinAdjacency *adjacency, const int64_t *begins,
                                             const int64_t *ends, int64_t count);

// The entries of a square neighborhood between the `kept` of its rows (rising), numbered anew.
BasinNeighborhood *basinNeighborhoodInduced(const BasinNeighborhood *whole, const int32_t *kept, int64_t count);

// D^-1/2 (A + I) D^-1/2 of a square neighborhood A, D the row sums of A + I (Kipf and Welling 2017).
BasinNeighborhood *basinNeighborhoodRenormalized(const BasinNeighborhood *whole);

void basinNeighborhoodFree(BasinNeighborhood *neighborhood);

#ifdef __cplusplus
}
#endif
#endif
