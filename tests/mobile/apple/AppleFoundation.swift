// What the app uses of Foundation where Linux' Foundation does not have it, declared as Apple's documentation has it:
// enough to type-check the app where there is no SDK. Nothing here ever runs. Other declarations hand it on, as
// Foundation comes along with every framework of Apple's.

@_exported import Foundation

/// What an interpolation may hold beside text: what a format specifier stands for.
public protocol _FormatSpecifiable: Equatable {}
extension Int: _FormatSpecifiable {}
extension Double: _FormatSpecifiable {}

extension String {
    @available(iOS 15, *) public struct LocalizationValue: Equatable, Sendable, ExpressibleByStringInterpolation {
        public init(_ value: String) {}
        public init(stringLiteral value: String) {}
        public init(stringInterpolation: StringInterpolation) {}
        public struct StringInterpolation: StringInterpolationProtocol, Equatable, Sendable {
            public init(literalCapacity: Int, interpolationCount: Int) {}
            public mutating func appendLiteral(_ literal: String) {}
            public mutating func appendInterpolation(_ string: String) {}
            public mutating func appendInterpolation<T: _FormatSpecifiable>(_ value: T) {}
        }
    }
    @available(iOS 15, *) public init(
        localized keyAndValue: String.LocalizationValue, table: String? = nil, bundle: Bundle? = nil,
        locale: Locale = .current, comment: StaticString? = nil
    ) { self = "" }
}

@available(iOS 16, *) public struct LocalizedStringResource: Equatable, Sendable, ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) {}
    public init(stringInterpolation: String.LocalizationValue.StringInterpolation) {}
}
@available(iOS 16, *) public protocol CustomLocalizedStringResourceConvertible {
    var localizedStringResource: LocalizedStringResource { get }
}

open class FileWrapper: NSObject {
    public init(directoryWithFileWrappers childrenByPreferredName: [String: FileWrapper]) {}
    public init(regularFileWithContents contents: Data) {}
    open var preferredFilename: String?
    open var fileWrappers: [String: FileWrapper]? { nil }
    @discardableResult open func addFileWrapper(_ child: FileWrapper) -> String { "" }
}

public struct NSKeyValueObservingOptions: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static let new = Self(rawValue: 1), old = Self(rawValue: 2), initial = Self(rawValue: 4)
}
public struct NSKeyValueObservedChange<Value> { public let newValue: Value? }
public final class NSKeyValueObservation: NSObject { override init() {} }
extension NSObjectProtocol where Self: NSObject {
    /// The handler is `@preconcurrency @Sendable` in the SDK: called on whatever thread the value changes.
    public func observe<Value>(
        _ keyPath: KeyPath<Self, Value>, options: NSKeyValueObservingOptions = [],
        changeHandler: @escaping @Sendable (Self, NSKeyValueObservedChange<Value>) -> Void
    ) -> NSKeyValueObservation { .init() }
}
