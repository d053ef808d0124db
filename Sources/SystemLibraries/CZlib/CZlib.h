// gzip files (plain files too) through `gzopen` and `gzread`, which verify the checksum.
#include <zlib.h>
