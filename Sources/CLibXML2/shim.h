#ifndef BASIN_CLIBXML2_SHIM_H
#define BASIN_CLIBXML2_SHIM_H

/* Where libxml2 is built with ICU its headers pull in the system's ICU, whose types clash with the copy inside Foundation.
   The switch only adds private members to a struct that is never used by value here. */
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

/* The push parser and its SAX2 events are all the Graph module uses of libxml2: no tree, no reader, no XPath. */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#endif
