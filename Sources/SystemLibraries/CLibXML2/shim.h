/* The push parser and its SAX2 events are all that is used of libxml2: no tree, no reader, no XPath. */
#include <libxml/parser.h>
