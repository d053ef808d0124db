// swift-tools-version: 6.1
import PackageDescription

let api: Target.Dependency = .product(name: "PluginAPI", package: "PluginAPI")

let package = Package(
  name: "tabular",
  products: [.library(name: "Tabular", type: .dynamic, targets: ["Tabular"])],
  dependencies: [.package(path: "../../Sources/PluginAPI")],
  targets: [
    .target(name: "Tabular", dependencies: [api]),
    .testTarget(
      name: "TabularTests", dependencies: ["Tabular", api], exclude: ["make_fixture.py", "rtdl.safetensors"]),
  ]
)
