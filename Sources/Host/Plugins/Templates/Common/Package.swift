// swift-tools-version: 6.1
import PackageDescription

// The PluginAPI of the Basin that loads the module: both must share one copy of its types.
let api: Target.Dependency = .product(name: "PluginAPI", package: "PluginAPI")

let package = Package(
  name: "__name__",
  // Dynamic, for Basin loads it while it runs.
  products: [.library(name: "__Target__", type: .dynamic, targets: ["__Target__"])],
  dependencies: [.package(path: "__api__")],
  targets: [
    .target(name: "__Target__", dependencies: [api], swiftSettings: [.swiftLanguageMode(.v6)]),
    .testTarget(name: "__Target__Tests", dependencies: ["__Target__", api], swiftSettings: [.swiftLanguageMode(.v6)]),
  ]
)
