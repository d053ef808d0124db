import PluginAPI

/// Where the published graphs can be fetched. A set stands here only where the digest of its files is known with certainty.
enum GraphPublications {
  // MARK: Planetoid

  /// The citation graphs of Yang et al. (2016), as their authors keep them.
  ///
  /// Sizes and digests are those of the files of that commit. The digest of `ind.pubmed.allx`, and those of the seven other files
  /// of PubMed, give when combined by exclusive or the checksum of MLDatasets.jl (src/datasets/graphs/pubmed.jl). The size of
  /// that one file is not published.
  static func planetoid(_ name: String) -> Publication? {
    guard let parts = planetoidFiles[name] else { return nil }
    return Publication(
      source: "https://github.com/kimiyoung/planetoid", license: "MIT (the repository's)",
      files: parts.map { part, bytes, digest in
        PublishedFile(
          "planetoid/\(name)/ind.\(name).\(part)",
          at: [
            "https://raw.githubusercontent.com/kimiyoung/planetoid/af6abf468a772cc055bec88c52e4d6f51b7c37e3/data/ind.\(name).\(part)"
          ], .sha256(digest), bytes: bytes)
      })
  }

  private typealias Part = (part: String, bytes: Int?, digest: String)

  private static let planetoidFiles: [String: [Part]] = [
    "cora": [
      ("x", 22_119, "23cfa55d91c6f624233f5eb7b6e3f141f1bd2b2ae39608a63cf5d084bb27baab"),
      ("y", 4_054, "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1"),
      ("tx", 148_025, "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a"),
      ("ty", 28_135, "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad"),
      ("allx", 257_305, "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543"),
      ("ally", 47_959, "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71"),
      ("graph", 59_847, "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d"),
      ("test.index", 5_000, "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875"),
    ],
    "citeseer": [
      ("x", 31_087, "d20de19150741e555de0ed037195630fc194114ebc7fd72ced62810148aa22f6"),
      ("y", 3_014, "8ba87e515d8e3ee3cf52f6d2c5b86aa73f11ecad825a808455209ec26cd54924"),
      ("tx", 260_321, "539a8906a2da97628d212f2fdd668c109a8b3f0d36574b59e5d3fd5b5303da21"),
      ("ty", 24_135, "55e5bd1ba1e733a04598753ad1a8d57957f4b8f89e74519f41f4f4938767e4ce"),
      ("allx", 595_021, "2ac30345d95c9ec933a817ee0bdd6a5f077f8c184a20e696910192d534414668"),
      ("ally", 55_623, "f704b2d986dde6c2669934de1f3ae5696a6cf9455c0f6b2646a2d135ea0a1c95"),
      ("graph", 61_987, "d79a4ef9d3e7169aee8946145f6b7306e35bc79bffad26346cfb94e10e9912a7"),
      ("test.index", 5_000, "2af990671580b6b2df5d158d1038f8292e30c9cd821b5453f399659b25b723d4"),
    ],
    "pubmed": [
      ("x", 23_172, "fbe9cb5c47200d1b7769a26e579be3b7130b556831f9d850e77c4c74f2599b33"),
      ("y", 854, "e6c807633307a07ed659249006536a147c7999c797f11a2560752990181b41b3"),
      ("tx", 405_505, "4eb5f5d0f30f26497eb0ac6ac9719d09c67e284f1ed0385c93f3ef27a671da3d"),
      ("ty", 12_135, "ee2e0d4819d9fbcc403689c3bf2e49face401b605932f093bc58ab6461130fdd"),
      ("allx", nil, "508e538e2abdccdd54c4d3e9f49d638b4af7107d85845f66ddea5a5152658b7e"),
      ("ally", 224_739, "0c37bbe3b5014ec365e9d393cf4791925e5ed94fb194305d74f064a8d7b50f0e"),
      ("graph", 471_808, "5b89f0036ca22909471f1e6558eb42fa06e0c730a577bde5b058b40638f81dc9"),
      ("test.index", 6_000, "b101d421688bbaecbd82e8a18f1e282378d6830f3a37666f28ebc47f844341b5"),
    ],
  ]

  // MARK: TU

  /// Sets of the TU collection (Morris et al. 2020), from a repository that holds its zip files.
  ///
  /// Sizes and digests are those of the files of that commit. The collection's own server gives no digests, and whether its files
  /// are these to the byte could not be seen; so it is not among the places.
  static func tu(_ name: String) -> Publication? {
    guard let (file, bytes, digest) = tuFiles[name] else { return nil }
    return Publication(
      source: "https://chrsmrrs.github.io/datasets/", license: "none stated",
      files: [
        PublishedFile(
          "tu/\(file).zip",
          at: ["https://raw.githubusercontent.com/bknyaz/graph_nn/42424688d23f34f6b6e9b4c110f3381c02198312/data/\(file).zip"],
          .sha256(digest), bytes: bytes)
      ])
  }

  private static let tuFiles: [String: (file: String, bytes: Int, digest: String)] = [
    "mutag": ("MUTAG", 24_422, "20f52db82d6d85d5f67d2fa42c3fb705d05934be44329314ab17b05d0c012f7e"),
    "proteins": ("PROTEINS", 457_780, "fe9d19741637486ea1fd285bf669fce0b117e10b03cdd379f6a5e6197fc830ae"),
    "nci1": ("NCI1", 802_908, "eae6b0c076d59e667c67de0039cfc3214eefb91a8dddc2fa3099126da02d4376"),
    "mutagenicity": ("Mutagenicity", 923_862, "eedcb94a7f19eabfeda39236c719c2e25e1f0eca9a391e67a4d440bdc0f349ef"),
    "letter-low": ("Letter-low", 219_529, "d467a2f035cfc46f9120215a8d1a22f134743f357faa9a518302e8928721d3c3"),
  ]
}
