#include "GraphHandler.h"

#include "NumberText.h"

namespace basin::graph {

void GraphHandler::start(const Tag& tag) {
  if (ignoredDepth_ > 0) {
    ++ignoredDepth_;
    return;
  }
  if (frames_.empty()) {
    space_ = tag.space;
    if (space_ != nullptr) spaceText_ = reinterpret_cast<const char*>(space_);
    startRoot(tag);
    return;
  }
  // libxml2 keeps each name once, so the address mostly decides.
  const bool isOwn = tag.space == space_ || (tag.space != nullptr && space_ != nullptr &&
                                             spaceText_ == reinterpret_cast<const char*>(tag.space));
  startInside(Frame(frames_.back()), tag, isOwn && (tag.space != nullptr || tag.prefix == nullptr));
}

void GraphHandler::end() {
  if (ignoredDepth_ > 0) {
    --ignoredDepth_;
    return;
  }
  const Frame frame = frames_.back();
  frames_.pop_back();
  endOf(frame);
}

void GraphHandler::capture(std::string_view piece) {
  if (captured.size() + piece.size() > DocumentParser::longestText) {
    throw Refusal{"a value is longer than " + std::to_string(DocumentParser::longestText) + " bytes", "Shorten it"};
  }
  captured.append(piece);
}

void GraphHandler::leaveOut(const Tag& tag, bool isOwn) {
  ignore();
  if (store.isCounting()) return;
  const std::string name = quoted(reinterpret_cast<const char*>(tag.name));
  warn((isOwn ? "element <" + name + ">" : "element <" + name + "> of another namespace") + " is left out",
       "element " + name);
}

void GraphHandler::beginGraph(std::string_view name, bool directed) {
  store.beginGraph(name, directed);
  if (store.isCounting()) count("the file holds several graphs; only the first is read");
}

int32_t GraphHandler::extra(Domain domain, Extra which, const char* name, Type type) {
  int32_t& column = extras_[domain][static_cast<size_t>(which)];
  if (column < 0) column = store.declare(domain, std::string("#") + name, name, Kind{type});
  return column;
}

void GraphHandler::keep(Domain domain, int32_t index, int64_t element, std::string_view text) {
  Column& column = store.column(domain, index);
  switch (column.store(text, static_cast<size_t>(element), parser.position(), store.budget)) {
    case Column::Outcome::stored: return;
    case Column::Outcome::bad:
      throw Refusal{"\"" + quoted(trimmed(text)) + "\" is not a value of type " + nameOf(column.kind.type), "Correct the value",
                    place(domain, index, element)};
    case Column::Outcome::blank:
      warn("attribute \"" + quoted(column.name) + "\" is blank here; it counts as missing",
           "blank " + std::to_string(domain) + " " + std::to_string(index));
      return;
    case Column::Outcome::repeated:
      warn("attribute \"" + quoted(column.name) + "\" is given twice here; the last value counts",
           "repeat " + std::to_string(domain) + " " + std::to_string(index));
      return;
  }
}

void GraphHandler::keepDefault(Domain domain, int32_t index, std::string_view text) {
  Column& column = store.column(domain, index);
  if (!column.setDefault(text)) {
    throw Refusal{"\"" + quoted(trimmed(text)) + "\" is not a value of type " + nameOf(column.kind.type), "Correct the value",
                  place(domain, index, -1)};
  }
}

std::string GraphHandler::place(Domain domain, int32_t index, int64_t element) {
  const std::string key = "key \"" + quoted(store.columns[domain][static_cast<size_t>(index)]->name) + "\"";
  if (element < 0 || domain == graphs) return key;
  return (domain == nodes ? store.nodeName(element) : store.edgeName(element)) + ", " + key;
}

}  // namespace basin::graph
