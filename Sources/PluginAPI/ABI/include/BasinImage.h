#ifndef BASIN_IMAGE_H
#define BASIN_IMAGE_H

// The file of the loaded library or program that holds `address`, or null.
const char *basinImagePath(const void *address);

#endif
