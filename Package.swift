// swift-tools-version: 6.1
import PackageDescription

let api: Target.Dependency = .product(name: "PluginAPI", package: "PluginAPI")
let swift6: [SwiftSetting] = [.swiftLanguageMode(.v6)]

let package = Package(
  name: "basin",
  products: [
    .executable(name: "basin", targets: ["basin"]),
    // The domain modules are libraries of their own: the host loads them exactly as it loads a plug-in.
    .library(name: "Vision", type: .dynamic, targets: ["Vision", "VisionEntry"]),
    .library(name: "Graph", type: .dynamic, targets: ["Graph", "GraphEntry"]),
    .library(name: "Text", type: .dynamic, targets: ["Text", "TextEntry"]),
  ],
  dependencies: [
    .package(path: "Sources/PluginAPI"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.0"),
  ],
  targets: [
    .target(name: "OptimKernels", path: "Sources/Optim/Kernels"),
    .target(
      name: "Optim", dependencies: [api, "OptimKernels"], path: "Sources/Optim", exclude: ["Kernels", "README.md"],
      swiftSettings: swift6),

    .systemLibrary(
      name: "CLibXML2", path: "Sources/SystemLibraries/CLibXML2", pkgConfig: "libxml-2.0",
      providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/SystemLibraries/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CArchive", path: "Sources/SystemLibraries/CArchive", pkgConfig: "libarchive",
      providers: [.apt(["libarchive-dev"])]),
    .target(name: "GraphKernels", path: "Sources/Graph/Kernels"),
    .target(
      name: "GraphXML", dependencies: ["CLibXML2"], path: "Sources/Graph/XML", linkerSettings: [.linkedLibrary("xml2")]),
    .target(name: "Pickle", dependencies: [api], path: "Sources/Pickle", exclude: ["README.md"], swiftSettings: swift6),
    .target(
      name: "Graph", dependencies: [api, "Pickle", "GraphXML", "GraphKernels", "CZlib", "CArchive", "Yams"], path: "Sources/Graph",
      exclude: ["Entry", "Kernels", "XML", "README.md", "Resources/generate_communities.py"],
      resources: [.copy("Resources/communities.graphml")], swiftSettings: swift6),

    .systemLibrary(
      name: "CJPEG", path: "Sources/Vision/CImageLibraries/CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(
      name: "CPNG", path: "Sources/Vision/CImageLibraries/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .target(
      name: "VisionKernels", dependencies: ["CJPEG", "CPNG"], path: "Sources/Vision/Kernels",
      linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png16")]),
    .target(
      name: "Vision", dependencies: [api, "Pickle", "VisionKernels", "CZlib", "CArchive"], path: "Sources/Vision",
      exclude: ["Entry", "Kernels", "CImageLibraries", "README.md"], swiftSettings: swift6),

    .target(
      name: "Text", dependencies: [api, "Pickle", "CArchive"], path: "Sources/Text", exclude: ["Entry", "README.md"], swiftSettings: swift6),

    // The symbol by which the host enters a module: apart, because the tests of all modules are one program.
    .target(name: "VisionEntry", dependencies: [api, "Vision"], path: "Sources/Vision/Entry", swiftSettings: swift6),
    .target(name: "GraphEntry", dependencies: [api, "Graph"], path: "Sources/Graph/Entry", swiftSettings: swift6),
    .target(name: "TextEntry", dependencies: [api, "Text"], path: "Sources/Text/Entry", swiftSettings: swift6),

    .systemLibrary(
      name: "CCrypto", path: "Sources/Host/CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    // Opens libcurl and libarchive at first use; see its header.
    .target(name: "CFetch", path: "Sources/Host/CFetch"),
    .target(name: "CodeStamp", path: "Sources/Host/CodeStamp"),
    .target(
      name: "ResultStore", dependencies: [.product(name: "GRDB", package: "GRDB.swift")], path: "Sources/Host/Store",
      exclude: ["README.md"], swiftSettings: swift6),
    // Pure functions over numbers, and what a report makes of them: neither knows of runs, tensors or modules.
    .target(name: "Statistics", path: "Sources/Host/Statistics", exclude: ["README.md"], swiftSettings: swift6),
    .target(name: "Plotting", path: "Sources/Host/Plotting", swiftSettings: swift6),
    .target(
      name: "Report", dependencies: ["Statistics", "Plotting"], path: "Sources/Host/BenchmarkReport", exclude: ["README.md"],
      swiftSettings: swift6),
    .target(
      name: "Host",
      dependencies: [
        api, "Optim", "CCrypto", "CFetch", "CodeStamp", "ResultStore", "CPNG", "Yams", "Statistics", "Plotting", "Report",
        .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "FlyingFox", package: "FlyingFox"),
      ],
      path: "Sources/Host",
      exclude: ["Main", "CCrypto", "CFetch", "CodeStamp", "Store", "Statistics", "Plotting", "BenchmarkReport", "README.md"],
      resources: [.copy("Plugins/Templates")], swiftSettings: swift6),
    .target(name: "TestClock", path: "Tests/TestClock", swiftSettings: swift6),
    .testTarget(name: "PluginAPITests", dependencies: [api], path: "Tests/PluginAPITests", swiftSettings: swift6),
    .testTarget(name: "OptimTests", dependencies: [api, "Optim", "TestClock"], path: "Tests/OptimTests", swiftSettings: swift6),
    .testTarget(
      name: "GraphTests", dependencies: [api, "Graph", "Pickle", "GraphKernels", "GraphXML"], path: "Tests/GraphTests",
      swiftSettings: swift6),
    .testTarget(
      name: "VisionTests", dependencies: [api, "Vision", "VisionKernels", "CZlib", "TestClock"], path: "Tests/VisionTests",
      swiftSettings: swift6),
    .testTarget(name: "TextTests", dependencies: [api, "Text", "TestClock"], path: "Tests/TextTests", swiftSettings: swift6),
    .target(name: "TestServer", path: "Tests/TestServer", swiftSettings: swift6),
    .testTarget(
      name: "HostTests", dependencies: [api, "Host", "CPNG", "Plotting", "TestServer", "TestClock"], path: "Tests/HostTests",
      swiftSettings: swift6),
    .testTarget(name: "StoreTests", dependencies: ["ResultStore", "TestClock"], path: "Tests/StoreTests", swiftSettings: swift6),
    .testTarget(
      name: "StatisticsTests", dependencies: ["Statistics"], path: "Tests/StatisticsTests", swiftSettings: swift6),
    .testTarget(
      name: "ReportTests", dependencies: ["Report", "Statistics", "TestClock"], path: "Tests/ReportTests", exclude: ["Golden"],
      swiftSettings: swift6),
    .testTarget(name: "EndToEndTests", dependencies: ["TestServer"], path: "Tests/EndToEndTests", swiftSettings: swift6),
    .executableTarget(
      name: "graph-reading", dependencies: [api, "Graph"], path: "Benchmarks/GraphReading", swiftSettings: swift6),
    .executableTarget(
      name: "tokenizer-speed", dependencies: [api, "Text"], path: "Benchmarks/TokenizerSpeed", swiftSettings: swift6),
    .executableTarget(
      name: "picture-batches", dependencies: [api, "Vision"], path: "Benchmarks/PictureBatches", swiftSettings: swift6),
    .executableTarget(
      name: "convolution-layers", dependencies: [api], path: "Benchmarks/ConvolutionLayers", swiftSettings: swift6),
    .executableTarget(name: "basin", dependencies: ["Host"], path: "Sources/Host/Main", swiftSettings: swift6),
  ],
  cxxLanguageStandard: .cxx20
)
