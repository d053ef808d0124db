import PluginAPI

/// `<key>`, `<default>` and `<data>`.
extension GraphMLState {
  mutating func startKey(_ attributes: XMLAttributes, sink: XMLEventSink) throws(BasinError) {
    var id: UnsafeBufferPointer<UInt8>?
    var name: String?
    var typeName: String?
    var domains = [0, 1, 2]
    for index in 0..<attributes.count where !attributes.hasPrefix(index) {
      guard let attribute = attributes.name(index) else { continue }
      let value = attributes.value(index)
      if matches(attribute, "id") {
        id = value
      } else if matches(attribute, "attr.name") {
        name = String(decoding: value, as: UTF8.self)
      } else if matches(attribute, "attr.type") {
        typeName = String(decoding: trimmingSpace(value), as: UTF8.self)
      } else if matches(attribute, "for") {
        domains = self.domains(value, sink: sink)
      }
    }
    guard let id else { throw sink.error("a key has no id", advice: "Give every key an id") }
    let key = keys.intern(id)
    if key == columns[0].count {
      for domain in 0..<3 { columns[domain].append(Column.undeclared) }
    }
    openKeyColumns.removeAll()
    frames.append(Frame(element: .key, index: key))
    let idText = String(decoding: id, as: UTF8.self)
    guard name != nil || typeName != nil else {
      warn(
        "key \"\(idText)\" has neither attr.name nor attr.type; its data is left out", once: "key \(idText)", sink: sink
      )
      for domain in 0..<3 where columns[domain][key] == Column.undeclared { columns[domain][key] = Column.skipped }
      return
    }
    let type: AttributeType
    if let typeName {
      guard let known = AttributeType(rawValue: typeName.lowercased()) else {
        throw sink.error(
          "attr.type is \"\(typeName.prefix(60))\"", detail: "key \"\(idText)\"",
          advice: "Use boolean, int, long, float, double or string")
      }
      type = known
    } else {
      warn("key \"\(idText)\" has no attr.type; it is read as string", once: "type \(idText)", sink: sink)
      type = .string
    }
    for domain in domains {
      guard columns[domain][key] < 0 else {
        warn("key \"\(idText)\" is declared twice; the first counts", once: "twice \(idText)", sink: sink)
        continue
      }
      let column = AttributeColumn(id: idText, name: name ?? idText, type: type)
      let index = append(column, domain: domain)
      columns[domain][key] = Int32(truncatingIfNeeded: index)
      openKeyColumns.append((domain, index))
    }
    if domains.isEmpty {
      for domain in 0..<3 where columns[domain][key] == Column.undeclared { columns[domain][key] = Column.skipped }
    }
  }

  /// 0 for node, 1 for edge, 2 for graph; none for what this reader leaves out.
  private mutating func domains(_ value: UnsafeBufferPointer<UInt8>, sink: XMLEventSink) -> [Int] {
    if matches(value, "node") { return [0] }
    if matches(value, "edge") { return [1] }
    if matches(value, "graph") || matches(value, "graphml") { return [2] }
    if matches(value, "all") { return [0, 1, 2] }
    if matches(value, "port") || matches(value, "hyperedge") || matches(value, "endpoint") { return [] }
    warn("a key is for \"\(quoted(value))\"; it is left out", once: "for \(quoted(value))", sink: sink)
    return []
  }

  private mutating func append(_ column: AttributeColumn, domain: Int) -> Int {
    switch domain {
    case 0:
      graph.nodeAttributes.append(column)
      return graph.nodeAttributes.count - 1
    case 1:
      graph.edgeAttributes.append(column)
      return graph.edgeAttributes.count - 1
    default:
      graph.graphAttributes.append(column)
      return graph.graphAttributes.count - 1
    }
  }

  mutating func endDefault(sink: XMLEventSink) throws(BasinError) {
    isCapturing = false
    for (domain, column) in openKeyColumns {
      let value: AttributeColumn.Value?
      switch domain {
      case 0: value = captured.withUnsafeBufferPointer { graph.nodeAttributes[column].value(of: $0) }
      case 1: value = captured.withUnsafeBufferPointer { graph.edgeAttributes[column].value(of: $0) }
      default: value = captured.withUnsafeBufferPointer { graph.graphAttributes[column].value(of: $0) }
      }
      guard let value else { throw badValue(domain: domain, column: column, element: nil, sink: sink) }
      switch domain {
      case 0: graph.nodeAttributes[column].defaultValue = value
      case 1: graph.edgeAttributes[column].defaultValue = value
      default: graph.graphAttributes[column].defaultValue = value
      }
    }
  }

  // MARK: Data

  /// - Parameter element: the node or edge; 0 for the graph; -1 where the value is not kept.
  mutating func startData(
    _ attributes: XMLAttributes, domain: Int, element: Int, sink: XMLEventSink
  ) throws(BasinError) {
    frames.append(Frame(element: .data, index: 0))
    isCapturing = false
    dataColumn = Column.skipped
    if isCounting { return }
    for index in 0..<attributes.count where !attributes.hasPrefix(index) && matches(attributes.name(index), "key") {
      let id = attributes.value(index)
      guard let key = keys.number(of: id) else {
        throw sink.error(
          "key \"\(quoted(id))\" is not declared", advice: "Declare it with a <key> element before the graph")
      }
      let column = columns[domain][key]
      if column == Column.undeclared {
        let domainName = ["nodes", "edges", "graphs"][domain]
        warn(
          "key \"\(quoted(id))\" is not for \(domainName); its data there is left out", once: "domain \(key) \(domain)",
          sink: sink)
        columns[domain][key] = Column.skipped
      }
      guard column >= 0, element >= 0 else { return }
      dataColumn = column
      dataDomain = domain
      dataElement = element
      startCapturing()
      return
    }
    throw sink.error("<data> has no key", advice: "Name the key it belongs to")
  }

  mutating func endData(sink: XMLEventSink) throws(BasinError) {
    isCapturing = false
    let column = Int(dataColumn)
    let outcome: StoreOutcome
    switch dataDomain {
    case 0: outcome = Self.store(captured, in: &graph.nodeAttributes[column], element: dataElement, sink: sink)
    case 1: outcome = Self.store(captured, in: &graph.edgeAttributes[column], element: dataElement, sink: sink)
    default: outcome = Self.store(captured, in: &graph.graphAttributes[column], element: dataElement, sink: sink)
    }
    switch outcome {
    case .stored: break
    case .bad: throw badValue(domain: dataDomain, column: column, element: dataElement, sink: sink)
    case .blank:
      warn(
        "attribute \"\(attribute(domain: dataDomain, column: column).name)\" is blank here; it counts as missing",
        once: "blank \(dataDomain) \(column)", sink: sink)
    case .twice:
      warn(
        "attribute \"\(attribute(domain: dataDomain, column: column).name)\" is given twice here; the last value counts",
        once: "repeat \(dataDomain) \(column)", sink: sink)
    }
  }

  private enum StoreOutcome { case stored, twice, blank, bad }

  private static func store(
    _ captured: [UInt8], in column: inout AttributeColumn, element: Int, sink: XMLEventSink
  ) -> StoreOutcome {
    captured.withUnsafeBufferPointer { bytes in
      guard let value = column.value(of: bytes) else {
        return trimmingSpace(bytes).isEmpty ? .blank : .bad
      }
      if case .real(let real) = value, !real.isFinite, column.firstNonFinite == nil {
        let (line, position) = sink.position
        column.firstNonFinite = (element, line, position)
      }
      let isRepeated = element < column.isPresent.count && column.isPresent[element] && column.defaultValue == nil
      column.store(value, element: element)
      return isRepeated ? .twice : .stored
    }
  }

  private func attribute(domain: Int, column: Int) -> AttributeColumn {
    switch domain {
    case 0: graph.nodeAttributes[column]
    case 1: graph.edgeAttributes[column]
    default: graph.graphAttributes[column]
    }
  }

  private func badValue(domain: Int, column: Int, element: Int?, sink: XMLEventSink) -> BasinError {
    let attribute = attribute(domain: domain, column: column)
    var detail = "key \"\(attribute.name)\""
    if let element, domain == 0 { detail = "node \"\(graph.nodeID(element).prefix(60))\", " + detail }
    if let element, domain == 1 {
      let ends = [graph.sources[element], graph.targets[element]].map { graph.identifiers.string(Int($0)).prefix(60) }
      detail = "edge \"\(ends[0])\" to \"\(ends[1])\", " + detail
    }
    let text = captured.withUnsafeBufferPointer { quoted(trimmingSpace($0)) }
    return sink.error(
      "\"\(text)\" is not a value of type \(attribute.type.rawValue)", detail: detail, advice: "Correct the value")
  }
}
