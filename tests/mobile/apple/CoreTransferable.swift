// What the app uses of CoreTransferable, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

@_exported import AppleFoundation
import UniformTypeIdentifiers

@available(iOS 16, *) public protocol TransferRepresentation<Item>: Sendable { associatedtype Item: Transferable }
@available(iOS 16, *) public protocol Transferable {
    associatedtype Representation: TransferRepresentation
    static var transferRepresentation: Representation { get }
}
@available(iOS 16, *) public struct DataRepresentation<Item: Transferable>: TransferRepresentation {
    public init(importedContentType: UTType, importing: @escaping @Sendable (Data) async throws -> Item) {}
}
