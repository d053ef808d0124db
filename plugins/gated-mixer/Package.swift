// swift-tools-version: 6.1
import PackageDescription

let api: Target.Dependency = .product(name: "PluginAPI", package: "PluginAPI")

let package = Package(
  name: "gated-mixer",
  products: [.library(name: "GatedMixer", type: .dynamic, targets: ["GatedMixer"])],
  dependencies: [.package(path: "../../Sources/PluginAPI")],
  targets: [
    // Plain C++ over raw pointers: it knows neither Swift nor LibTorch.
    .target(name: "GatedKernels"),
    .target(name: "GatedMixer", dependencies: ["GatedKernels", api]),
    .testTarget(name: "GatedMixerTests", dependencies: ["GatedMixer", api]),
  ],
  cxxLanguageStandard: .cxx20
)
