// What the app uses of UniformTypeIdentifiers, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

@available(iOS 14, *) public struct UTType: Hashable, Sendable { public static var image: UTType { .init() } }
