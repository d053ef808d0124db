// dladdr is a GNU extension, which Swift's Glibc module does not show.
#define _GNU_SOURCE
#include "BasinImage.h"

#include <dlfcn.h>
#include <stddef.h>

const char *basinImagePath(const void *address) {
  Dl_info info;
  return dladdr(address, &info) ? info.dli_fname : NULL;
}
