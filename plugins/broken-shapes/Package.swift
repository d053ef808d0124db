// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "broken-shapes",
  products: [.library(name: "BrokenShapes", type: .dynamic, targets: ["BrokenShapes"])],
  dependencies: [.package(path: "../../Sources/PluginAPI")],
  targets: [.target(name: "BrokenShapes", dependencies: [.product(name: "PluginAPI", package: "PluginAPI")])]
)
