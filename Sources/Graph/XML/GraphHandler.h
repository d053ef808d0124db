#ifndef BASIN_GRAPH_GRAPH_HANDLER_H
#define BASIN_GRAPH_GRAPH_HANDLER_H

#include <array>
#include <string>
#include <vector>

#include "DocumentParser.h"

namespace basin::graph {

/// What the graph formats share: open elements, elements that are left out, text that is kept, values and complaints
/// about them.
class GraphHandler : public Handler {
 public:
  void end() final;
  void text(std::string_view piece) final {
    if (ignoredDepth_ == 0) capture(piece);
  }
  void start(const Tag& tag) final;

 protected:
  /// An element that is open.
  struct Frame {
    int kind;
    /// Of a node, an edge, a column; what else the kind needs.
    int64_t index;
    /// The default direction of edges inside a graph.
    bool isDirected;
  };

  /// Beside the kinds of a format: an element that is known and says nothing that is kept.
  static constexpr int silent = -1;

  GraphHandler(Store& store, DocumentParser& parser) : store(store), parser(parser) {}

  /// An element inside one that is open, of the document's own namespace or (`isOwn` false) of another.
  virtual void startInside(const Frame& parent, const Tag& tag, bool isOwn) = 0;
  virtual void startRoot(const Tag& tag) = 0;
  virtual void endOf(const Frame& frame) = 0;

  void push(int kind, int64_t index = -1, bool isDirected = false) { frames_.push_back({kind, index, isDirected}); }
  size_t depth() const { return frames_.size(); }
  /// Leaves out an element and all inside it.
  void ignore() { ignoredDepth_ = 1; }
  /// The same, with a warning.
  void leaveOut(const Tag& tag, bool isOwn);

  void startCapturing() {
    parser.wantsText = true;
    captured.clear();
  }
  void stopCapturing() { parser.wantsText = false; }
  bool isCapturing() const { return parser.wantsText; }

  void warn(std::string message, const std::string& cause) {
    store.warnings.add(std::move(message), cause, parser.position());
  }
  /// For what may come often.
  void count(const char* message) { store.warnings.count(message, parser.position()); }

  /// Keeps a value, which must be of the column's type.
  void keep(Domain domain, int32_t column, int64_t element, std::string_view text);
  void keepDefault(Domain domain, int32_t column, std::string_view text);

  /// A column that the format brings rather than a declaration, made when first used.
  enum class Extra { label, weight, kind, start, end, timestamp, x, y, z, size, thickness, shape, color, width, height, type };
  int32_t extra(Domain domain, Extra which, const char* name, Type type);
  bool knowsExtra(Domain domain, Extra which) const { return extras_[domain][static_cast<size_t>(which)] >= 0; }

  void beginGraph(std::string_view name, bool directed);

  Store& store;
  DocumentParser& parser;
  std::string captured;

 private:
  void capture(std::string_view piece);
  std::string place(Domain domain, int32_t column, int64_t element);

  std::vector<Frame> frames_;
  int ignoredDepth_ = 0;
  const xmlChar* space_ = nullptr;
  std::string spaceText_;
  std::array<std::array<int32_t, 16>, 3> extras_ = [] {
    std::array<std::array<int32_t, 16>, 3> none;
    for (auto& domain : none) domain.fill(-1);
    return none;
  }();
};

}  // namespace basin::graph

#endif
