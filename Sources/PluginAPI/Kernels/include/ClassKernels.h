// Cross entropy of rows of logits and classes, its gradient, and how many rows have their greatest logit at their class.
#ifndef BASIN_CLASS_KERNELS_H
#define BASIN_CLASS_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The class of rows that do not count.
#define BASIN_NO_CLASS (-100)

// Rows begin ..< end of logits [rows, width]: the greatest of each and the sum of the exponentials of what is below it
// (partitions [rows, 2]), and the logarithm of the sum of the exponentials minus the logit of the class (0 where the row
// does not count). Classes are 0 ..< width or BASIN_NO_CLASS.
void basinCrossEntropy(const float *logits, const int64_t *classes, int64_t width, int64_t begin, int64_t end,
                       float *partitions, float *losses);

// Rows begin ..< end of scale times the gradient of the sum of those losses.
void basinCrossEntropyGradient(const float *logits, const int64_t *classes, const float *partitions, float scale, int64_t width,
                               int64_t begin, int64_t end, float *gradient);

// The first row whose class is neither in 0 ..< width nor BASIN_NO_CLASS (-1: none), and how many rows count.
int64_t basinClassOutside(const int64_t *classes, int64_t rows, int64_t width, int64_t *counting);

// How many of the rows begin ..< end have their greatest logit, of equal ones the first, at their class. A NaN counts as the
// greatest.
int64_t basinRightRows(const float *logits, const int64_t *classes, int64_t width, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif
#endif
