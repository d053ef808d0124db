// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "linear-pixels",
  products: [.library(name: "LinearPixels", type: .dynamic, targets: ["LinearPixels"])],
  dependencies: [.package(path: "../../Sources/PluginAPI")],
  targets: [.target(name: "LinearPixels", dependencies: [.product(name: "PluginAPI", package: "PluginAPI")])]
)
