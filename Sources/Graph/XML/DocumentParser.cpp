#include "DocumentParser.h"

#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>

#include <algorithm>
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
constexpr int mostEntities = 1000;
constexpr size_t longestEntity = 10'000;
/// A reference makes libxml2 set up a parser for the text, which takes as long as so many bytes.
constexpr size_t costOfEntity = 100;
/// What replaced entities and declared attributes may come to, beside twice what was read.
constexpr size_t leastExpansion = 10'000'000;

/// A namespace that no element has.
const xmlChar* const prefixed = BAD_CAST "";

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
  /// By reference: a closure that is copied waits for what was just written into it.
  template <typename Body>
  [[gnu::always_inline]] static void guarded(void* user, Body&& body) {
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
      int declared, const xmlChar** attributes) {
    guarded(user, [&](DocumentParser& parser) {
      if (++parser.depth_ > deepest) {
        throw Refusal{"elements are nested more than " + std::to_string(deepest) + " deep", "Flatten the document"};
      }
      if (parser.context_->nsNr > 2 * mostNamespaces) {
        throw Refusal{"more than " + std::to_string(mostNamespaces) + " namespaces are declared around this element",
                      "Declare each namespace once, at the root"};
      }
      const Tag tag{name, prefix, space, attributes, attributes == nullptr ? 0 : count};
      // Those that the DOCTYPE gives a value come last.
      for (int index = tag.count - declared; index < tag.count; ++index) parser.expand(tag.value(index).size());
      if (parser.handler_ == nullptr) parser.handler_ = parser.handlerFor(tag);
      parser.spaces_.push_back(prefix == nullptr ? space : prefixed);
      parser.handler_->start(tag);
    });
  }

  static void end(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
    guarded(user, [](DocumentParser& parser) {
      --parser.depth_;
      parser.spaces_.pop_back();
      parser.handler_->end();
    });
  }

  static void characters(void* user, const xmlChar* text, int count) {
    if (!static_cast<DocumentParser*>(user)->wantsText) return;
    guarded(user, [&](DocumentParser& parser) {
      parser.handler_->text({reinterpret_cast<const char*>(text), static_cast<size_t>(count)});
    });
  }

  static std::string named(const xmlChar* name) {
    return "`" + quoted(name == nullptr ? "" : reinterpret_cast<const char*>(name)) + "`";
  }

  /// What libxml2 could not replace.
  static void refuseEntity(void* user, const xmlChar* name) {
    guarded(user, [&](DocumentParser&) {
      throw Refusal{"the entity " + named(name) + " is not declared in the document", "Write its text in place"};
    });
  }

  /// Plain and short text is all that an entity may stand for: nothing that is read from elsewhere, or grows as it is replaced.
  static void declareEntity(
      void* user, const xmlChar* name, int type, const xmlChar*, const xmlChar*, xmlChar* content) {
    guarded(user, [&](DocumentParser& parser) {
      if (type != XML_INTERNAL_GENERAL_ENTITY) {
        throw Refusal{"the entity " + named(name) + (type == XML_INTERNAL_PARAMETER_ENTITY || type == XML_EXTERNAL_PARAMETER_ENTITY
                                                         ? " is a parameter entity" : " lies outside the document") +
                          ", which is not read",
                      "Leave it out, or write its text in place"};
      }
      if (++parser.declaredEntities_ > mostEntities) {
        throw Refusal{"the document declares more than " + std::to_string(mostEntities) + " entities", "Write their text in place"};
      }
      // Such as `&lt;`: libxml2 does not take what a document says of these.
      if (content == nullptr || xmlGetPredefinedEntity(name) != nullptr) return;
      const std::string_view text = reinterpret_cast<const char*>(content);
      if (text.size() > longestEntity) {
        throw Refusal{"the entity " + named(name) + " is longer than " + std::to_string(longestEntity) + " bytes",
                      "Write its text in place"};
      }
      if (text.find_first_of("<&") != std::string_view::npos) {
        throw Refusal{"the entity " + named(name) + " holds markup or other entities, plain text is all that is read",
                      "Write its text in place"};
      }
    });
  }

  static xmlEntityPtr entity(void* user, const xmlChar* name) {
    auto& parser = *static_cast<DocumentParser*>(user);
    // Declarations are kept there by libxml2.
    const xmlDocPtr document = parser.context_ == nullptr ? nullptr : parser.context_->myDoc;
    const xmlEntityPtr found = document == nullptr ? nullptr : xmlGetDocEntity(document, name);
    if (found == nullptr) return nullptr;
    guarded(user, [&](DocumentParser& parser) { parser.expand(static_cast<size_t>(std::max(found->length, 0)) + costOfEntity); });
    return parser.hasFailed_ ? nullptr : found;
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
      // libxml2 calls it extra content at the end.
      if (error->code == XML_ERR_DOCUMENT_END && parser.depth_ > 0) {
        throw Refusal{"not well-formed XML: the file ends before the document does", "Write or fetch it again", {}, position};
      }
      // An entity from a DTD that is not read would silently vanish from an attribute.
      if (error->level == XML_ERR_FATAL || error->code == XML_WAR_UNDECLARED_ENTITY) {
        throw Refusal{"not well-formed XML: " + text, "Correct the file, or write it again as UTF-8", {}, position};
      }
      parser.store_.warnings.add(text, "xml " + text, position);
    });
  }
};

DocumentParser::DocumentParser(Store& store, BasinGraphFormat format, bool isPlain)
    : store_(store), format_(format), isPlain_(isPlain) {
  static const bool isInitialized = (xmlInitParser(), true);
  (void)isInitialized;
  sax_.initialized = XML_SAX2_MAGIC;
  sax_.startElementNs = Callbacks::start;
  sax_.endElementNs = Callbacks::end;
  // One function for all three: libxml2 then does not try to tell layout from text.
  sax_.characters = sax_.ignorableWhitespace = sax_.cdataBlock = Callbacks::characters;
  sax_.entityDecl = Callbacks::declareEntity;
  sax_.getEntity = Callbacks::entity;
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
  // Without NOENT an attribute's `&amp;` arrives as `&#38;`. Else it expands what `declareEntity` lets through; no DTD is loaded.
  xmlCtxtUseOptions(context_, XML_PARSE_NONET | XML_PARSE_NOENT);
}

void DocumentParser::expand(size_t bytes) {
  expanded_ += bytes;
  if (expanded_ > leastExpansion + 2 * read_) {
    throw Refusal{"entities and declared attributes would take more memory than the file can justify", "Write their text in place"};
  }
}

void DocumentParser::feed(std::string_view bytes) {
  read_ += bytes.size();
  if (context_ == nullptr) {
    if (bytes.empty()) return;
    // libxml2 guesses the encoding from the first four bytes.
    const std::string_view head = bytes.substr(0, 4);
    open(head);
    bytes.remove_prefix(head.size());
  }
  while (!bytes.empty()) {
    if (isBetweenTags()) takeSimpleElements(bytes);
    if (bytes.empty()) break;
    const std::string_view piece = bytes.substr(0, sizeOfPiece(bytes));
    parse(piece.data(), piece.size(), false);
    refuseHugeTag();
    bytes.remove_prefix(piece.size());
  }
}

/// Whether libxml2 has taken all it was given and waits for text or a tag, in a document whose simple elements mean what they say.
bool DocumentParser::isBetweenTags() const {
  const xmlParserInputPtr input = context_->input;
  return !isPlain_ && !spaces_.empty() && spaces_.back() != prefixed && context_->instate == XML_PARSER_CONTENT &&
         context_->inputNr == 1 && input != nullptr && input->cur == input->end && input->buf != nullptr &&
         input->buf->encoder == nullptr && context_->charset == XML_CHAR_ENCODING_UTF8 && context_->disableSAX == 0 &&
         // Attributes may have values that are not written; entities are reckoned with all bytes that libxml2 has seen.
         declaredAttributes_ == 0 && declaredEntities_ == 0;
}

void DocumentParser::takeSimpleElements(std::string_view& bytes) {
  if (!simple_) simple_.emplace(context_->dict);
  const xmlChar* const space = spaces_.back();
  Position place = position();
  const size_t before = bytes.size();
  while (simple_->take(bytes, place)) {
    for (const SimpleElements::Event& event : simple_->events()) {
      deliver(event, space);
      if (hasFailed_) rethrow();
    }
    context_->input->line = place.line;
    context_->input->col = place.column;
  }
  // A tag at a time if it is worth while, else more and more.
  stride_ = bytes.size() < before || simple_->next() == SimpleElements::Next::end ? 1 : std::min(2 * stride_, pieceSize);
}

void DocumentParser::deliver(const SimpleElements::Event& event, const xmlChar* space) {
  context_->input->line = event.position.line;
  context_->input->col = event.position.column;
  switch (event.kind) {
    case SimpleElements::Event::start:
      Callbacks::start(this, event.name, nullptr, space, 0, nullptr, static_cast<int>(event.count), 0,
                       event.count == 0 ? nullptr : simple_->attributes(event));
      break;
    case SimpleElements::Event::end: Callbacks::end(this, event.name, nullptr, space); break;
    case SimpleElements::Event::text:
      Callbacks::characters(this, reinterpret_cast<const xmlChar*>(event.piece.data()), static_cast<int>(event.piece.size()));
      break;
  }
}

/// Up to the end of a tag, so that libxml2 keeps nothing back; of a document that it has to convert, as much as of a plain one.
size_t DocumentParser::sizeOfPiece(std::string_view bytes) const {
  const xmlParserInputPtr input = context_->input;
  const bool isConverted = input != nullptr && input->buf != nullptr && input->buf->encoder != nullptr;
  if (isPlain_ || handler_ == nullptr || isConverted) return std::min(bytes.size(), pieceSize);
  const size_t end = bytes.substr(0, pieceSize).find('>', stride_ - 1);
  return end == std::string_view::npos ? std::min(bytes.size(), pieceSize) : end + 1;
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
  rethrow();
  // This one it reports in no other way.
  if (status == XML_ERR_INVALID_ENCODING) {
    throw Refusal{"not well-formed XML: the bytes are not of the encoding that the document declares",
                  "Correct the file, or write it again as UTF-8", {}, position()};
  }
}

void DocumentParser::rethrow() const {
  if (isOutOfMemory_) throw std::bad_alloc();
  if (failure_) throw *failure_;
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
