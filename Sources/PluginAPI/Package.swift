// swift-tools-version: 6.1
// Everything a module author imports, as one dynamic library, so that the host and every module share one copy of its types.
// LibTorchShim is built apart (`./basin` does it): it alone sees LibTorch's headers and links LibTorch.
import PackageDescription

let package = Package(
  name: "PluginAPI",
  products: [
    .library(name: "PluginAPI", type: .dynamic, targets: ["PluginAPI"]),
    .library(name: "LibTorchShim", type: .dynamic, targets: ["LibTorchShim"]),
  ],
  targets: [
    .target(name: "LibTorchTable", path: "LibTorchTable"),
    // Reads LibTorchTable's header by its path: as a dependency it would come as a clang module, which C++ does not take.
    .target(
      name: "LibTorchShim", path: "LibTorchShim",
      linkerSettings: [.linkedLibrary("torch_cpu"), .linkedLibrary("c10")]),
    .target(name: "ABI", path: "ABI"),
    .target(name: "TensorKernels", path: "Kernels"),
    .target(
      name: "PluginAPI", dependencies: ["LibTorchTable", "ABI", "TensorKernels"], path: ".",
      exclude: ["LibTorchTable", "LibTorchShim", "ABI", "Kernels", "README.md"],
      sources: ["Tensor", "Layers", "PluginAPI"],
      swiftSettings: [.swiftLanguageMode(.v6)]),
  ],
  cxxLanguageStandard: .cxx20
)
