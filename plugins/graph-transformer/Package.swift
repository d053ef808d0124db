// swift-tools-version: 6.1
import PackageDescription

let api: Target.Dependency = .product(name: "PluginAPI", package: "PluginAPI")

let package = Package(
  name: "graph-transformer",
  products: [.library(name: "GraphTransformer", type: .dynamic, targets: ["GraphTransformer"])],
  dependencies: [.package(path: "../../Sources/PluginAPI")],
  targets: [
    .target(name: "GraphTransformer", dependencies: [api]),
    .testTarget(
      name: "GraphTransformerTests", dependencies: ["GraphTransformer", api],
      exclude: ["make_fixture.py", "transformer-conv.safetensors"]),
  ]
)
