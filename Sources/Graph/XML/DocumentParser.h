#ifndef BASIN_GRAPH_DOCUMENT_PARSER_H
#define BASIN_GRAPH_DOCUMENT_PARSER_H

#include <libxml/parser.h>

#include <memory>
#include <optional>
#include <string_view>

#include "Diagnostics.h"
#include "SimpleElements.h"
#include "Store.h"

namespace basin::graph {

/// A start tag as libxml2 hands it over. Valid only during the event.
struct Tag {
  const xmlChar* name;
  const xmlChar* prefix;
  const xmlChar* space;  // the namespace's URI
  const xmlChar** attributes;
  int count;

  /// The local name of an attribute.
  const xmlChar* attribute(int index) const { return attributes[5 * index]; }
  /// Whether an attribute has a namespace prefix, as `xsi:schemaLocation` has.
  bool isPrefixed(int index) const { return attributes[5 * index + 1] != nullptr; }
  std::string_view value(int index) const {
    const auto* start = reinterpret_cast<const char*>(attributes[5 * index + 3]);
    return {start, static_cast<size_t>(reinterpret_cast<const char*>(attributes[5 * index + 4]) - start)};
  }
};

class DocumentParser;

/// Receives the events of a document. What it throws ends the parse.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void start(const Tag& tag) = 0;
  virtual void end() = 0;
  /// A piece of text; a text may come in several pieces.
  virtual void text(std::string_view piece) = 0;
};

/// Feeds one document to libxml2's SAX2 parser piece by piece: memory does not grow with the document.
///
/// Nothing outside the document is ever read: no network, no external DTD, no external entity. Of the entities that a document
/// declares those that stand for short, plain text are replaced. How much text they may become, depth, the number of attributes
/// and namespaces, and the length of a text are limited, so that time and memory stay in proportion to the document.
class DocumentParser {
 public:
  static constexpr int deepest = 1000;
  static constexpr size_t longestText = 10'000'000;

  /// - Parameter isPlain: whether libxml2 reads all of it, ``SimpleElements`` too: slower, for comparison.
  DocumentParser(Store& store, BasinGraphFormat format, bool isPlain = false);
  ~DocumentParser();
  DocumentParser(const DocumentParser&) = delete;

  /// - Throws: ``Refusal``.
  void feed(std::string_view bytes);
  void end();

  /// Where the parser is. At a start tag that is the tag's end.
  Position position() const {
    return context_ != nullptr && context_->input != nullptr ? Position{context_->input->line, context_->input->col}
                                                             : Position{};
  }

  /// Whether the handler is told of text. Most is layout, and a call for each blank line adds up.
  bool wantsText = false;

  /// The address that libxml2 will hand over for a name: names are then compared by address.
  const xmlChar* known(const char* name) { return xmlDictLookup(context_->dict, BAD_CAST name, -1); }

 private:
  struct Callbacks;

  void open(std::string_view head);
  void parse(const char* bytes, size_t count, bool isLast);
  void rethrow() const;
  void refuseHugeTag();
  bool isBetweenTags() const;
  /// Hands over simple elements from the front of `bytes`.
  void takeSimpleElements(std::string_view& bytes);
  void deliver(const SimpleElements::Event& event, const xmlChar* space);
  size_t sizeOfPiece(std::string_view bytes) const;
  /// Counts bytes that the document has not spelled out.
  void expand(size_t bytes);
  std::unique_ptr<Handler> handlerFor(const Tag& root);

  Store& store_;
  BasinGraphFormat format_;
  std::unique_ptr<Handler> handler_;
  xmlParserCtxtPtr context_ = nullptr;
  xmlSAXHandler sax_ = {};
  std::optional<Refusal> failure_;
  bool isOutOfMemory_ = false;
  bool hasFailed_ = false;
  int depth_ = 0;
  bool isPlain_;
  std::optional<SimpleElements> simple_;
  /// Of each element that libxml2 has open, the namespace; elements with a prefix have ``prefixed``.
  std::vector<const xmlChar*> spaces_;
  /// Bytes that libxml2 gets before simple elements are looked for again.
  size_t stride_ = 1;
  int declaredAttributes_ = 0;
  int declaredEntities_ = 0;
  size_t read_ = 0;
  size_t expanded_ = 0;
};

}  // namespace basin::graph

#endif
