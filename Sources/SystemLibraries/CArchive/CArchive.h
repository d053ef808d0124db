// libarchive reads tar files: ustar, GNU long names, pax headers, and the usual compressions.
#include <archive.h>
#include <archive_entry.h>
