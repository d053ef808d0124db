// swift-tools-version: 6.1
import PackageDescription

let api: Target.Dependency = .product(name: "PluginAPI", package: "PluginAPI")

let package = Package(
  name: "conv-mixer",
  products: [.library(name: "ConvMixer", type: .dynamic, targets: ["ConvMixer"])],
  dependencies: [.package(path: "../../Sources/PluginAPI")],
  targets: [
    .target(name: "ConvMixer", dependencies: [api]),
    .testTarget(
      name: "ConvMixerTests", dependencies: ["ConvMixer", api], exclude: ["make_fixture.py", "convmixer.safetensors"]),
  ]
)
