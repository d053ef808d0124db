import PluginAPI

/// Where the published pictures can be fetched. Sizes and digests: TensorFlow Datasets, `tensorflow_datasets/url_checksums/`,
/// cifar10.txt, cifar100.txt, mnist.txt, fashion_mnist.txt, emnist.txt and stl10.txt.
enum PicturePublications {
  static let cifar10 = Publication(
    source: "https://www.cs.toronto.edu/~kriz/cifar.html", license: "none stated",
    files: [
      PublishedFile(
        "image/cifar-10-binary.tar.gz", at: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
        .sha256("c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"), bytes: 170_052_171)
    ])

  static let cifar100 = Publication(
    source: "https://www.cs.toronto.edu/~kriz/cifar.html", license: "none stated",
    files: [
      PublishedFile(
        "image/cifar-100-binary.tar.gz", at: ["https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"],
        .sha256("58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"), bytes: 168_513_733)
    ])

  static let mnist = Publication(
    source: "http://yann.lecun.com/exdb/mnist/", license: "CC BY-SA 3.0",
    files: [
      ("train-images-idx3", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
      ("train-labels-idx1", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
      ("t10k-images-idx3", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
      ("t10k-labels-idx1", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ].map { name, bytes, digest in
      PublishedFile(
        "image/mnist/\(name)-ubyte.gz",
        at: [
          "https://storage.googleapis.com/cvdf-datasets/mnist/\(name)-ubyte.gz",
          "https://ossci-datasets.s3.amazonaws.com/mnist/\(name)-ubyte.gz",
        ], .sha256(digest), bytes: bytes)
    })

  static let fashionMNIST = Publication(
    source: "https://github.com/zalandoresearch/fashion-mnist", license: "MIT",
    files: [
      ("train-images-idx3", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
      ("train-labels-idx1", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
      ("t10k-images-idx3", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
      ("t10k-labels-idx1", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ].map { name, bytes, digest in
      PublishedFile(
        "image/fashion-mnist/\(name)-ubyte.gz",
        at: [
          "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/\(name)-ubyte.gz",
          "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/\(name)-ubyte.gz",
        ], .sha256(digest), bytes: bytes)
    })

  /// One archive of all six divisions, whose gzipped members the reader reads.
  static let emnist = Publication(
    source: "https://www.nist.gov/itl/products-and-services/emnist-dataset", license: "none stated",
    files: [
      PublishedFile(
        "image/emnist/gzip.zip",
        at: [
          "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip", "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/gzip.zip",
        ], .sha256("fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"), bytes: 561_753_746,
        members: EMNIST.Part.allCases.flatMap { part in
          ["train-images-idx3", "train-labels-idx1", "test-images-idx3", "test-labels-idx1"].map {
            let name = "emnist-\(part.rawValue)-\($0)-ubyte.gz"
            return .init("gzip/\(name)", to: "image/emnist/\(name)")
          }
        })
    ])

  static let stl10 = Publication(
    source: "https://cs.stanford.edu/~acoates/stl10/", license: "none stated",
    files: [
      PublishedFile(
        "image/stl10_binary.tar.gz", at: ["http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"],
        .sha256("f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866"), bytes: 2_640_397_119)
    ])
}
