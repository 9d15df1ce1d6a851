// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "DigitKit",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "DigitKit", targets: ["DigitKit"]),
        .library(name: "DigitFlow", targets: ["DigitFlow"]),
    ],
    targets: [
        .target(name: "DigitKit"),
        .target(name: "DigitFlow", dependencies: ["DigitKit"]),
        .testTarget(name: "DigitKitTests", dependencies: ["DigitKit"]),
        .testTarget(name: "DigitFlowTests", dependencies: ["DigitFlow"]),
    ]
)
