#include "DocumentParser.h"

#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#include <new>

#include "GEXFHandler.h"
#include "GXLHandler.h"
#include "GraphMLHandler.h"
#include "ListingHandler.h"

namespace basin::graph {

namespace {

/// Bytes handed to libxml2 at a time. It searches what a tag leaves open from the tag's start for every piece, and
/// compares a tag's
/// attributes with each other: small pieces bound both.
constexpr size_t pieceSize = 64 * 1024;
/// Above this an open tag is looked at more closely.
constexpr size_t longTag = 64 * 1024;
constexpr int mostAttributes = 10'000;
constexpr int mostNamespaces = 500;
constexpr int mostDeclaredAttributes = 64;

/// While it lives libxml2 does not print what it says beside `serror`.
class Silence {
 public:
  Silence() { xmlSetGenericErrorFunc(nullptr, ignore); }
  ~Silence() { xmlSetGenericErrorFunc(context_, before_); }
  Silence(const Silence&) = delete;

 private:
  static void ignore(void*, const char*, ...) {}

  const xmlGenericErrorFunc before_ = xmlGenericError;
  void* const context_ = xmlGenericErrorContext;
};

}  // namespace

/// What libxml2 calls. Nothing may be thrown through its frames.
struct DocumentParser::Callbacks {
  template <typename Body>
  static void guarded(void* user, Body body) {
    auto& parser = *static_cast<DocumentParser*>(user);
    if (parser.hasFailed_) return;
    try {
      body(parser);
      return;
    } catch (Refusal& refusal) {
      if (refusal.position.line == 0) refusal.position = parser.position();
      parser.failure_ = std::move(refusal);
    } catch (const std::exception&) {
      parser.isOutOfMemory_ = true;
    }
    parser.hasFailed_ = true;
    xmlStopParser(parser.context_);
  }

  static void start(
      void* user, const xmlChar* name, const xmlChar* prefix, const xmlChar* space, int, const xmlChar**, int count,
      int, const xmlChar** attributes) {
    guarded(user, [&](DocumentParser& parser) {
      if (++parser.depth_ > deepest) {
        throw Refusal{"elements are nested more than " + std::to_string(deepest) + " deep", "Flatten the document"};
      }
      if (parser.context_->nsNr > 2 * mostNamespaces) {
        throw Refusal{"more than " + std::to_string(mostNamespaces) + " namespaces are declared around this element",
                      "Declare each namespace once, at the root"};
      }
      const Tag tag{name, prefix, space, attributes, attributes == nullptr ? 0 : count};
      if (parser.handler_ == nullptr) parser.handler_ = parser.handlerFor(tag);
      parser.handler_->start(tag);
    });
  }

  static void end(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
    guarded(user, [](DocumentParser& parser) {
      --parser.depth_;
      parser.handler_->end();
    });
  }

  static void characters(void* user, const xmlChar* text, int count) {
    if (!static_cast<DocumentParser*>(user)->wantsText) return;
    guarded(user, [&](DocumentParser& parser) {
      parser.handler_->text({reinterpret_cast<const char*>(text), static_cast<size_t>(count)});
    });
  }

  static void refuseEntity(void* user, const xmlChar* name) {
    guarded(user, [&](DocumentParser&) {
      throw Refusal{"the document uses an entity of its own, `" +
                        quoted(name == nullptr ? "" : reinterpret_cast<const char*>(name)) + "`",
                    "Write its text in place"};
    });
  }

  static void declareEntity(
      void* user, const xmlChar* name, int, const xmlChar*, const xmlChar*, xmlChar*) {
    refuseEntity(user, name);
  }

  static void declareAttribute(
      void* user, const xmlChar*, const xmlChar*, int, int, const xmlChar*, xmlEnumerationPtr values) {
    xmlFreeEnumeration(values);
    guarded(user, [](DocumentParser& parser) {
      // Each would be looked at for every element.
      if (++parser.declaredAttributes_ > mostDeclaredAttributes) {
        throw Refusal{"the document declares more than " + std::to_string(mostDeclaredAttributes) + " attributes in its DOCTYPE",
                      "Leave the declarations out"};
      }
    });
  }

  static void report(void* user, xmlErrorPtr error) {
    guarded(user, [&](DocumentParser& parser) {
      if (error == nullptr) return;
      std::string text = error->message == nullptr ? "unknown error" : error->message;
      while (!text.empty() && text.back() == '\n') text.pop_back();
      for (char& byte : text) {
        if (byte == '\n') byte = ' ';
      }
      if (text.size() > 300) text = quoted(text, 300);
      const Position position{error->line, error->int2};
      if (error->code == XML_ERR_NO_MEMORY) {
        // libxml2 reports its limit on names as a lack of memory.
        throw Refusal{"the document has more different names of elements and attributes than can be held", "Correct the file"};
      }
      if (text.find("Huge input lookup") != std::string::npos) {
        throw Refusal{"a tag, comment or CDATA section goes on for more than 10 million bytes", "Correct the file"};
      }
      // An entity from a DTD that is not read would silently vanish from an attribute.
      if (error->level == XML_ERR_FATAL || error->code == XML_WAR_UNDECLARED_ENTITY) {
        throw Refusal{"not well-formed XML: " + text, "Correct the file, or write it again as UTF-8", {}, position};
      }
      parser.store_.warnings.add(text, "xml " + text, position);
    });
  }
};

DocumentParser::DocumentParser(Store& store, BasinGraphFormat format) : store_(store), format_(format) {
  static const bool isInitialized = (xmlInitParser(), true);
  (void)isInitialized;
  sax_.initialized = XML_SAX2_MAGIC;
  sax_.startElementNs = Callbacks::start;
  sax_.endElementNs = Callbacks::end;
  // One function for all three: libxml2 then does not try to tell layout from text.
  sax_.characters = sax_.ignorableWhitespace = sax_.cdataBlock = Callbacks::characters;
  sax_.entityDecl = Callbacks::declareEntity;
  sax_.reference = Callbacks::refuseEntity;
  sax_.attributeDecl = Callbacks::declareAttribute;
  sax_.serror = Callbacks::report;
}

DocumentParser::~DocumentParser() {
  if (context_ == nullptr) return;
  if (context_->myDoc != nullptr) {
    xmlFreeDoc(context_->myDoc);
    context_->myDoc = nullptr;
  }
  xmlFreeParserCtxt(context_);
}

void DocumentParser::open(std::string_view head) {
  const Silence silence;
  context_ = xmlCreatePushParserCtxt(&sax_, this, head.data(), static_cast<int>(head.size()), nullptr);
  if (context_ == nullptr) throw std::bad_alloc();
  // Without NOENT an attribute's `&amp;` arrives as `&#38;`. It cannot expand anything else: every declaration is
  // refused, and no
  // DTD is loaded.
  xmlCtxtUseOptions(context_, XML_PARSE_NONET | XML_PARSE_NOENT);
}

void DocumentParser::feed(std::string_view bytes) {
  if (context_ == nullptr) {
    if (bytes.empty()) return;
    // libxml2 guesses the encoding from the first four bytes.
    const std::string_view head = bytes.substr(0, 4);
    open(head);
    bytes.remove_prefix(head.size());
  }
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, pieceSize);
    parse(piece.data(), piece.size(), false);
    refuseHugeTag();
    bytes.remove_prefix(piece.size());
  }
}

void DocumentParser::end() {
  if (context_ == nullptr) throw Refusal{"the file is empty", "Write or fetch it again"};
  parse("", 0, true);
  if (context_->wellFormed != 1 || depth_ != 0 || handler_ == nullptr) {
    throw Refusal{"the document is not well-formed XML", "Write or fetch it again", {}, position()};
  }
}

void DocumentParser::parse(const char* bytes, size_t count, bool isLast) {
  const Silence silence;
  const int status = xmlParseChunk(context_, bytes, static_cast<int>(count), isLast);
  if (isOutOfMemory_) throw std::bad_alloc();
  if (failure_) throw *failure_;
  // This one it reports in no other way.
  if (status == XML_ERR_INVALID_ENCODING) {
    throw Refusal{"not well-formed XML: the bytes are not of the encoding that the document declares",
                  "Correct the file, or write it again as UTF-8", {}, position()};
  }
}

/// libxml2 compares all attributes of a tag with each other.
void DocumentParser::refuseHugeTag() {
  const xmlParserInputPtr input = context_->input;
  if (input == nullptr || input->end - input->cur < static_cast<ptrdiff_t>(longTag)) return;
  int attributes = 0;
  for (const xmlChar* next = input->cur; next + 1 < input->end; ++next) {
    if (*next == '=' && (next[1] == '"' || next[1] == '\'') && ++attributes > mostAttributes) {
      throw Refusal{"a tag has more than " + std::to_string(mostAttributes) + " attributes, or does not end",
                    "Correct the file", {}, position()};
    }
  }
}

std::unique_ptr<Handler> DocumentParser::handlerFor(const Tag& root) {
  struct Root {
    const char* name;
    BasinGraphFormat format;
  };
  static constexpr Root roots[] = {{"graphml", BASIN_GRAPH_GRAPHML},
                                   {"gexf", BASIN_GRAPH_GEXF},
                                   {"gxl", BASIN_GRAPH_GXL},
                                   {"GraphCollection", BASIN_GRAPH_LISTING}};
  const std::string name = reinterpret_cast<const char*>(root.name);
  std::string expected;
  BasinGraphFormat found = BASIN_GRAPH_ANY;
  for (const Root& candidate : roots) {
    if (format_ != BASIN_GRAPH_ANY && format_ != candidate.format) continue;
    if (name == candidate.name) found = candidate.format;
    expected += (expected.empty() ? "<" : ", <") + std::string(candidate.name) + ">";
  }
  if (store_.format == BASIN_GRAPH_ANY) store_.format = found;
  switch (found) {
    case BASIN_GRAPH_GRAPHML: return std::make_unique<GraphMLHandler>(store_, *this);
    case BASIN_GRAPH_GEXF: return std::make_unique<GEXFHandler>(store_, *this);
    case BASIN_GRAPH_GXL: return std::make_unique<GXLHandler>(store_, *this);
    case BASIN_GRAPH_LISTING: return std::make_unique<ListingHandler>(store_, *this);
    case BASIN_GRAPH_ANY: break;
  }
  throw Refusal{"the root element is <" + quoted(name) + ">, expected " + expected, "Give a graph file"};
}

}  // namespace basin::graph
