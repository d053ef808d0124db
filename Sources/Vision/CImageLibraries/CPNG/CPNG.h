// libpng 1.6 and later.
#include <png.h>
