// swift-tools-version: 6.0
import PackageDescription

// What a file uses of a module, it imports: the app must not build by what another file happens to import.
let settings: [SwiftSetting] = [.enableUpcomingFeature("MemberImportVisibility")]

let package = Package(
    name: "DigitKit",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "DigitKit", targets: ["DigitKit"]),
        .library(name: "DigitFlow", targets: ["DigitFlow"]),
    ],
    targets: [
        .target(name: "DigitKit", swiftSettings: settings),
        .target(name: "DigitFlow", dependencies: ["DigitKit"], swiftSettings: settings),
        .testTarget(name: "DigitKitTests", dependencies: ["DigitKit"]),
        .testTarget(name: "DigitFlowTests", dependencies: ["DigitFlow"]),
    ]
)
