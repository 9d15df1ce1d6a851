// What the app uses of AppIntents, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs. What no `@available` stands at is of iOS 16, as the framework is.

@_exported import AppleFoundation
import UniformTypeIdentifiers

// Values and files

public protocol _IntentValue {
    associatedtype ValueType
    associatedtype UnwrappedType
}
extension String: _IntentValue {
    public typealias ValueType = String
    public typealias UnwrappedType = String
}
extension Optional: _IntentValue where Wrapped: _IntentValue {
    public typealias ValueType = Wrapped.ValueType
    public typealias UnwrappedType = Wrapped.UnwrappedType
}
public struct IntentFile: Hashable, Sendable, _IntentValue {
    public typealias ValueType = IntentFile
    public typealias UnwrappedType = IntentFile
    public init(data: Data, filename: String, type: UTType? = nil) {}
    public var filename: String { "" }
    public var fileURL: URL? { nil }
    public var data: Data { .init() }
    @available(iOS 18, *) public func data(contentType: UTType) async throws -> Data { .init() }
}

// What an intent says of itself

public struct IntentDescription: ExpressibleByStringLiteral, Sendable {
    public init(
        _ descriptionText: LocalizedStringResource, categoryName: LocalizedStringResource? = nil,
        searchKeywords: [LocalizedStringResource] = []
    ) {}
    public init(stringLiteral value: String) {}
}
public struct IntentDialog: ExpressibleByStringInterpolation, Sendable {
    public init(stringLiteral value: String) {}
    public init(stringInterpolation: String.LocalizationValue.StringInterpolation) {}
}
public enum InputConnectionBehavior: Sendable { case `default`, never, connectToPreviousIntentResult }

@propertyWrapper public final class IntentParameter<Value: _IntentValue & Sendable>: Sendable {
    public var wrappedValue: Value {
        get { fatalError() }
        set {}
    }
    public var projectedValue: IntentParameter<Value> { self }
    init(_: Void) {}
}
extension IntentParameter where Value.ValueType == IntentFile {
    /// Since iOS 18 the types may also be said as `UTType`s.
    public convenience init(
        title: LocalizedStringResource, description: LocalizedStringResource? = nil,
        default defaultValue: Value.UnwrappedType? = nil, supportedTypeIdentifiers: [String] = ["public.item"],
        requestValueDialog: IntentDialog? = nil, inputConnectionBehavior: InputConnectionBehavior = .default
    ) { self.init(()) }
    @available(iOS 18, *) public convenience init(
        title: LocalizedStringResource, description: LocalizedStringResource? = nil, supportedContentTypes: [UTType],
        requestValueDialog: IntentDialog? = nil, inputConnectionBehavior: InputConnectionBehavior = .default
    ) { self.init(()) }
}

public protocol ParameterSummary: Sendable { associatedtype Intent: AppIntent }
public struct IntentParameterSummary<Intent: AppIntent>: ParameterSummary {
    public init(_ string: ParameterSummaryString<Intent>, table: String? = nil) {}
}
public struct ParameterSummaryString<Intent: AppIntent>: ExpressibleByStringInterpolation, Sendable {
    public init(stringLiteral value: String) {}
    public init(stringInterpolation: StringInterpolation) {}
    public struct StringInterpolation: StringInterpolationProtocol {
        public init(literalCapacity: Int, interpolationCount: Int) {}
        public mutating func appendLiteral(_ literal: String) {}
        public mutating func appendInterpolation<V>(_ keyPath: KeyPath<Intent, IntentParameter<V>>) {}
    }
}

// What an intent gives

public protocol IntentResult: Sendable { associatedtype Value }
public protocol ReturnsValue<Value>: IntentResult {}
public protocol ProvidesDialog: IntentResult {}
public struct IntentResultContainer<Value, OpensIntent, View, Dialog>: IntentResult, @unchecked Sendable {}
extension IntentResultContainer: ReturnsValue where Value: _IntentValue {}
extension IntentResultContainer: ProvidesDialog where Dialog == IntentDialog {}
extension IntentResult {
    public static func result() -> Self where Self == IntentResultContainer<Never, Never, Never, Never> { .init() }
    public static func result<Value: _IntentValue>(
        value: Value, dialog: IntentDialog
    ) -> Self where Self == IntentResultContainer<Value, Never, Never, IntentDialog> { .init() }
}

// Intents

public protocol _SupportsAppDependencies: Sendable {}
public protocol AppIntent: _SupportsAppDependencies {
    associatedtype PerformResult: IntentResult
    associatedtype SummaryContent: ParameterSummary
    typealias Parameter = IntentParameter
    typealias Dependency = AppDependency
    typealias Summary = IntentParameterSummary<Self>
    static var title: LocalizedStringResource { get }
    static var description: IntentDescription? { get }
    static var openAppWhenRun: Bool { get }
    static var parameterSummary: SummaryContent { get }
    init()
    func perform() async throws -> PerformResult
}
extension AppIntent {
    public static var description: IntentDescription? { nil }
    public static var openAppWhenRun: Bool { false }
    public static var parameterSummary: some ParameterSummary { IntentParameterSummary<Self>("") }
}

@propertyWrapper public final class AppDependency<Value: Sendable>: Sendable {
    public convenience init(key: AnyHashable? = nil, manager: AppDependencyManager = .shared) { self.init(()) }
    init(_: Void) {}
    public var wrappedValue: Value { fatalError() }
    public var projectedValue: AppDependency<Value> { self }
}
public final class AppDependencyManager {
    public init() {}
    nonisolated(unsafe) public static let shared = AppDependencyManager()
    public func add<Dependency: Sendable>(
        key: AnyHashable? = nil, dependency dependencyProvider: @autoclosure @escaping () -> Dependency
    ) {}
    public func add<Dependency: Sendable>(
        key: AnyHashable? = nil, dependency dependencyProvider: @escaping @Sendable () async throws -> Dependency
    ) {}
}

// What can be asked for without a shortcut of one's own

public protocol AppShortcutsProvider { @AppShortcutsBuilder static var appShortcuts: [AppShortcut] { get } }
@resultBuilder public enum AppShortcutsBuilder {
    public static func buildExpression(_ expression: AppShortcut) -> AppShortcut { expression }
    public static func buildBlock(_ components: AppShortcut...) -> [AppShortcut] { components }
}
public struct AppShortcut: Sendable {
    @available(iOS 17, *) public init<Intent: AppIntent>(
        intent: Intent, phrases: [AppShortcutPhrase<Intent>], shortTitle: LocalizedStringResource,
        systemImageName: String
    ) {}
}
public enum AppShortcutPhraseToken: Sendable { case applicationName }
public struct AppShortcutPhrase<Intent: AppIntent>: ExpressibleByStringInterpolation, Sendable {
    public init(stringLiteral value: String) {}
    public init(stringInterpolation: StringInterpolation) {}
    public struct StringInterpolation: StringInterpolationProtocol {
        public init(literalCapacity: Int, interpolationCount: Int) {}
        public mutating func appendLiteral(_ literal: String) {}
        public mutating func appendInterpolation(_ token: AppShortcutPhraseToken) {}
    }
}
