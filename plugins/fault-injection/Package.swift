// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "fault-injection",
  products: [.library(name: "FaultInjection", type: .dynamic, targets: ["FaultInjection"])],
  dependencies: [.package(path: "../../Sources/PluginAPI")],
  targets: [.target(name: "FaultInjection", dependencies: [.product(name: "PluginAPI", package: "PluginAPI")])]
)
