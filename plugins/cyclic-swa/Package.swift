// swift-tools-version: 6.1
import PackageDescription

let api: Target.Dependency = .product(name: "PluginAPI", package: "PluginAPI")

let package = Package(
  name: "cyclic-swa",
  products: [.library(name: "CyclicSWA", type: .dynamic, targets: ["CyclicSWA"])],
  dependencies: [.package(path: "../../Sources/PluginAPI")],
  targets: [
    .target(name: "CyclicSWA", dependencies: [api]),
    .testTarget(name: "CyclicSWATests", dependencies: ["CyclicSWA", api]),
  ]
)
