// swift-tools-version: 6.1
import PackageDescription

let api: Target.Dependency = .product(name: "PluginAPI", package: "PluginAPI")

let package = Package(
  name: "adan",
  products: [.library(name: "Adan", type: .dynamic, targets: ["Adan"])],
  dependencies: [.package(path: "../../Sources/PluginAPI")],
  targets: [
    .target(name: "Adan", dependencies: [api]),
    .testTarget(
      name: "AdanTests", dependencies: ["Adan", api], exclude: ["make_fixture.py", "adan.safetensors"]),
  ]
)
