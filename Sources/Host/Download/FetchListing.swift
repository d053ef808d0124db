import PluginAPI

/// What `basin data fetch --list` shows.
struct FetchListing {
  private let entries: [(entry: DatasetEntry, publication: Publication)]
  private let root: String?

  /// - Parameter name: one set alone; nil: all.
  /// - Throws: `BasinError` for a name that is not among them.
  init(_ datasets: [DatasetEntry], name: String?, root: String?) throws {
    var entries = datasets.compactMap { entry in entry.publication.map { (entry: entry, publication: $0) } }
    if let name {
      let names = entries.map(\.entry.name)
      entries = entries.filter { $0.entry.name == name }
      guard !entries.isEmpty else { throw BasinError.unknown("data set that can be fetched", name, among: names) }
    }
    self.entries = entries
    self.root = root
  }

  /// `yes`, `no`, or how many of the files are there; nil without a data root. By name and size: digests are compared when
  /// fetching.
  private func presence(_ publication: Publication) -> String? {
    guard let root else { return nil }
    let count = publication.files.filter { DatasetFetch.seemsPresent($0, root: root) }.count
    return count == publication.files.count ? "yes" : count == 0 ? "no" : "\(count) of \(publication.files.count) files"
  }

  var text: String {
    var rows = [["data set", "to fetch", "present", "digest", "licence", "source"]]
    for (entry, publication) in entries {
      let isSizeKnown = publication.files.allSatisfy { $0.bytes != nil }
      rows.append([
        entry.name,
        (isSizeKnown ? "" : "over ") + FetchProgress.size(publication.files.reduce(0) { $0 + ($1.bytes ?? 0) }),
        presence(publication) ?? "?", publication.files.allSatisfy(\.digest.isSHA256) ? "SHA-256" : "MD5",
        publication.license, publication.source,
      ])
    }
    return Terminal.table(rows)
      + (root == nil ? "\n  Which are present shows with --data-root DIR or BASIN_DATA." : "\n  in \(root ?? "")")
  }

  var json: JSONValue {
    [
      "dataRoot": JSONValue(root),
      "datasets": .array(
        entries.map { entry, publication in
          [
            "name": .string(entry.name), "domain": .string(entry.domain), "module": .string(entry.module),
            "source": .string(publication.source), "license": .string(publication.license),
            "present": presence(publication).map { .bool($0 == "yes") } ?? .null,
            "files": .array(
              publication.files.map { file in
                [
                  "path": .string(file.path), "bytes": JSONValue(file.bytes), "urls": JSONValue(file.urls),
                  "digest": .string(file.digest.hex), "digestKind": .string(file.digest.isSHA256 ? "sha256" : "md5"),
                  "present": root.map { .bool(DatasetFetch.seemsPresent(file, root: $0)) } ?? .null,
                  "members": file.members.map { JSONValue($0.map(\.path)) } ?? .null,
                ]
              }),
          ]
        }),
    ]
  }
}
