// What the app uses of SwiftUI, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs. Closures that are given no actor there are given none here: those in a
// view's body are on the main one because the body is. What no `@available` stands at is older than iOS 16.

@_exported import AppleFoundation
import CoreTransferable
@_exported import Observation
@_exported import UIKit
import UniformTypeIdentifiers

@MainActor @preconcurrency public protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}
extension Never: View { public var body: Never { fatalError() } }
public protocol Leaf: View where Body == Never {}
extension Leaf { public var body: Never { fatalError() } }
public struct EmptyView: Leaf { public init() {} }
public struct TupleView<T>: Leaf { init(_ t: T) {} }
public struct Either<A, B>: Leaf {}
extension Optional: View where Wrapped: View { public var body: Never { fatalError() } }
public struct SomeLeaf: Leaf { public init() {} }
@resultBuilder public enum ViewBuilder {
    public static func buildBlock() -> EmptyView { .init() }
    public static func buildExpression<V: View>(_ v: V) -> V { v }
    public static func buildBlock<V: View>(_ v: V) -> V { v }
    public static func buildBlock<each V: View>(_ v: repeat each V) -> TupleView<(repeat each V)> { .init((repeat each v)) }
    public static func buildIf<V: View>(_ v: V?) -> V? { v }
    public static func buildEither<A: View, B: View>(first: A) -> Either<A, B> { .init() }
    public static func buildEither<A: View, B: View>(second: B) -> Either<A, B> { .init() }
}
@MainActor @preconcurrency public protocol Scene {
    associatedtype Body
    var body: Body { get }
}
@MainActor @preconcurrency public protocol App {
    associatedtype Body: Scene
    var body: Body { get }
    init()
}
extension App { public static func main() {} }
public struct WindowGroup<C: View>: Scene {
    public init(@ViewBuilder content: () -> C) {}
    public var body: Int { 0 }
}
@propertyWrapper public struct State<V> {
    public init(wrappedValue: V) { v = wrappedValue }
    public init(initialValue: V) { v = initialValue }
    var v: V
    public var wrappedValue: V {
        get { v }
        nonmutating set {}
    }
    public var projectedValue: Binding<V> { fatalError() }
}
extension State: Sendable where V: Sendable {}
@propertyWrapper @dynamicMemberLookup public struct Binding<V> {
    public init(get: @escaping @isolated(any) @Sendable () -> V, set: @escaping @isolated(any) @Sendable (V) -> Void) {}
    public var wrappedValue: V {
        get { fatalError() }
        nonmutating set {}
    }
    public var projectedValue: Self { self }
    public subscript<S>(dynamicMember k: WritableKeyPath<V, S>) -> Binding<S> { fatalError() }
}
@propertyWrapper public struct Environment<V> {
    public init(_ k: KeyPath<EnvironmentValues, V>) {}
    public var wrappedValue: V { fatalError() }
}
@propertyWrapper public struct ScaledMetric<V: BinaryFloatingPoint> {
    public init(wrappedValue: V) {}
    public init(wrappedValue: V, relativeTo: Font.TextStyle) {}
    public var wrappedValue: V { fatalError() }
}
public struct EnvironmentValues {
    public var scenePhase: ScenePhase { .active }
    public var openURL: OpenURLAction { .init() }
    public var dismiss: DismissAction { .init() }
    public var accessibilityReduceMotion: Bool { false }
}
public enum ScenePhase: Equatable, Sendable { case active, inactive, background }
@MainActor public struct OpenURLAction {
    nonisolated init() {}
    public func callAsFunction(_ u: URL) {}
}
@MainActor public struct DismissAction {
    nonisolated init() {}
    public func callAsFunction() {}
}
public struct Text: Leaf {
    public init(_ k: LocalizedStringKey) {}
    @_disfavoredOverload public init<S: StringProtocol>(_ s: S) {}
}
public struct LocalizedStringKey: ExpressibleByStringInterpolation {
    public init(stringLiteral: String) {}
    public struct StringInterpolation: StringInterpolationProtocol {
        public init(literalCapacity: Int, interpolationCount: Int) {}
        public mutating func appendLiteral(_ s: String) {}
        public mutating func appendInterpolation(_ s: String) {}
        public mutating func appendInterpolation<T: _FormatSpecifiable>(_ v: T) {}
        public mutating func appendInterpolation<F: FormatStyle>(_ v: F.FormatInput, format: F) where F.FormatOutput == String {}
    }
    public init(stringInterpolation: StringInterpolation) {}
}
public struct Label: Leaf {
    public init(_ k: LocalizedStringKey, systemImage: String) {}
    @_disfavoredOverload public init<S: StringProtocol>(_ s: S, systemImage: String) {}
}
public struct Button<L: View>: Leaf { public init(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> L) {} }
extension Button where L == Text {
    public init(_ k: LocalizedStringKey, action: @escaping @MainActor () -> Void) {}
    @_disfavoredOverload public init<S: StringProtocol>(_ s: S, action: @escaping @MainActor () -> Void) {}
    @available(iOS 15, *) public init(
        _ k: LocalizedStringKey, role: ButtonRole?, action: @escaping @MainActor () -> Void
    ) {}
}
@available(iOS 15, *) public enum Visibility: Sendable { case automatic, visible, hidden }
@available(iOS 15, *) public struct ButtonRole: Equatable, Sendable {
    public static let destructive = ButtonRole(), cancel = ButtonRole()
}
extension Button where L == Label { public init(_ k: LocalizedStringKey, systemImage: String, action: @escaping @MainActor () -> Void) {} }
public struct Spacer: Leaf { public init(minLength: CGFloat? = nil) {} }
public struct ScrollView<C: View>: Leaf { public init(@ViewBuilder content: () -> C) {} }
@available(iOS 16, *) public struct PasteButton: Leaf {
    public init<T: Transferable>(payloadType: T.Type, onPaste: @escaping ([T]) -> Void) {}
}
public struct List<C: View>: Leaf { public init(@ViewBuilder content: () -> C) {} }
public struct Menu<L: View, C: View>: Leaf { public init(@ViewBuilder content: () -> C, @ViewBuilder label: () -> L) {} }
@available(iOS 16, *) public struct ShareLink: Leaf { public init(item: String) {} }
public struct FileDocumentReadConfiguration {}
public struct FileDocumentWriteConfiguration {}
@preconcurrency public protocol FileDocument: Sendable {
    typealias ReadConfiguration = FileDocumentReadConfiguration
    typealias WriteConfiguration = FileDocumentWriteConfiguration
    static var readableContentTypes: [UTType] { get }
    init(configuration: ReadConfiguration) throws
    func fileWrapper(configuration: WriteConfiguration) throws -> FileWrapper
}
public struct Image: Leaf {
    public init(uiImage: UIImage) {}
    public func resizable() -> Image { self }
}
@MainActor @preconcurrency public protocol ViewModifier {
    associatedtype Body: View
    typealias Content = ModifierContent<Self>
    @ViewBuilder func body(content: Content) -> Body
}
public struct ModifierContent<M: ViewModifier>: Leaf {}
public struct Alignment { public static let topLeading = Self(), topTrailing = Self(), top = Self(), bottom = Self(), trailing = Self(), center = Self() }
public struct VerticalAlignment { public static let bottom = Self(), center = Self() }
public struct ZStack<C: View>: Leaf { public init(@ViewBuilder content: () -> C) {} }
public struct HorizontalAlignment: Sendable { public static let leading = Self(), center = Self() }
public struct VStack<C: View>: Leaf { public init(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> C) {} }
public struct HStack<C: View>: Leaf { public init(alignment: VerticalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> C) {} }
@available(iOS 16, *) public struct HStackLayout { public init(spacing: CGFloat? = nil) {} }
@available(iOS 16, *) public struct VStackLayout { public init(spacing: CGFloat? = nil) {} }
@available(iOS 16, *) public struct AnyLayout {
    public init(_ h: HStackLayout) {}
    public init(_ h: VStackLayout) {}
    public func callAsFunction<V: View>(@ViewBuilder _ c: () -> V) -> some View { SomeLeaf() }
}
public struct TabView<S: Hashable, C: View>: Leaf {
    public init(selection: Binding<S>?, @ViewBuilder content: () -> C) {}
}
@available(iOS 16, *) public struct NavigationStack<C: View>: Leaf { public init(@ViewBuilder root: () -> C) {} }
public struct Form<C: View>: Leaf { public init(@ViewBuilder content: () -> C) {} }
public struct Section<P, C, F>: Leaf {}
extension Section where P: View, C: View, F: View { public init(@ViewBuilder content: () -> C, @ViewBuilder header: () -> P, @ViewBuilder footer: () -> F) {} }
extension Section where P == Text, C: View, F == EmptyView { public init(_ k: LocalizedStringKey, @ViewBuilder content: () -> C) {} }
public struct Picker<S: Hashable, C: View>: Leaf { public init(_ k: LocalizedStringKey, selection: Binding<S>, @ViewBuilder content: () -> C) {} }
public struct Slider<L: View>: Leaf { public init(value: Binding<Double>, in: ClosedRange<Double>, @ViewBuilder label: () -> L) {} }
public struct ForEach<D: RandomAccessCollection, ID: Hashable, C: View>: Leaf {
    public init(_ d: D, id: KeyPath<D.Element, ID>, @ViewBuilder content: @escaping (D.Element) -> C) {}
    public init(_ d: D, @ViewBuilder content: @escaping (D.Element) -> C) where D.Element: Identifiable, ID == D.Element.ID {}
}
@available(iOS 16, *) public struct LabeledContent<L, C>: Leaf {}
@available(iOS 16, *) extension LabeledContent where L == Text, C == Text {
    public init<S: StringProtocol>(_ titleKey: LocalizedStringKey, value: S) {}
    @_disfavoredOverload public init<S1: StringProtocol, S2: StringProtocol>(_ title: S1, value: S2) {}
}
@available(iOS 17, *) public struct ContentUnavailableView<L: View, D: View, A: View>: Leaf {
    public init(@ViewBuilder label: () -> L, @ViewBuilder description: () -> D = { EmptyView() }, @ViewBuilder actions: () -> A = { EmptyView() }) {}
}
public struct GeometryProxy { public var size: CGSize { .zero } }
public struct GeometryReader<C: View>: Leaf { public init(@ViewBuilder content: @escaping (GeometryProxy) -> C) {} }
public struct GraphicsContext {
    public struct Shading { public static func style<S: ShapeStyle>(_ s: S) -> Shading { .init() } }
    public func stroke(_ p: Path, with: Shading, style: StrokeStyle) {}
}
public struct Canvas: Leaf { public init(renderer: @escaping (inout GraphicsContext, CGSize) -> Void) {} }
public enum CGLineCap { case round }
public enum CGLineJoin { case round }
public struct StrokeStyle { public init(lineWidth: CGFloat, lineCap: CGLineCap, lineJoin: CGLineJoin) {} }
public struct Path {
    public init() {}
    public mutating func move(to: CGPoint) {}
    public mutating func addLine(to: CGPoint) {}
}
public protocol ShapeStyle: Sendable {}
public struct Color: Leaf, ShapeStyle {
    @available(iOS 15, *) public init(uiColor: UIColor) {}
    init() {}
    public func opacity(_ d: Double) -> Color { self }
}
extension ShapeStyle where Self == Color {
    public static var white: Color { .init() }
    public static var black: Color { .init() }
}
public struct HierarchicalShapeStyle: ShapeStyle {}
extension ShapeStyle where Self == HierarchicalShapeStyle {
    public static var primary: Self { .init() }
    public static var secondary: Self { .init() }
    public static var tertiary: Self { .init() }
}
public struct Material: ShapeStyle {}
extension ShapeStyle where Self == Material { public static var regularMaterial: Self { .init() } }
public struct TintShapeStyle: ShapeStyle {}
extension ShapeStyle where Self == TintShapeStyle { public static var tint: Self { .init() } }
public protocol Shape: View {}
public struct RoundedRectangle: Shape, Leaf {
    public init(cornerRadius: CGFloat) {}
    public func strokeBorder<S: ShapeStyle>(_ s: S, lineWidth: CGFloat) -> some View { SomeLeaf() }
}
public struct Rectangle: Shape, Leaf {}
extension Shape { public func fill<S: ShapeStyle>(_ s: S) -> some View { SomeLeaf() } }
extension Shape where Self == RoundedRectangle { public static func rect(cornerRadius: CGFloat) -> Self { .init(cornerRadius: cornerRadius) } }
extension Shape where Self == Rectangle { public static var rect: Self { .init() } }
public struct Font {
    public enum TextStyle { case largeTitle, body }
    public enum Weight { case bold }
    public enum Design { case rounded }
    public static let caption = Font(), callout = Font(), headline = Font()
    public func monospacedDigit() -> Font { self }
    public static func system(size: CGFloat, weight: Weight? = nil, design: Design? = nil) -> Font { .init() }
}
public struct Edge {
    public struct Set: OptionSet {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let top = Self(rawValue: 1), horizontal = Self(rawValue: 2)
    }
}
@available(iOS 15, *) public enum VerticalEdge: Int8 { case top, bottom }
public struct Animation { public static func easeOut(duration: Double) -> Animation { .init() } }
public struct AccessibilityTraits { public static let updatesFrequently = Self() }
@available(iOS 17, *) public struct AccessibilityDirectTouchOptions: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static let silentOnTouch = Self(rawValue: 1), requiresActivation = Self(rawValue: 2)
}
@available(iOS 17, *) public protocol CoordinateSpaceProtocol {}
@available(iOS 17, *) public struct LocalCoordinateSpace: CoordinateSpaceProtocol {}
@available(iOS 17, *) extension CoordinateSpaceProtocol where Self == LocalCoordinateSpace { public static var local: Self { .init() } }
public struct AccessibilityChildBehavior { public static let ignore = Self() }
public enum TitleDisplayMode: Sendable { case automatic, inline, large }
public protocol LabelStyle {}
public struct IconOnlyLabelStyle: LabelStyle {}
extension LabelStyle where Self == IconOnlyLabelStyle { public static var iconOnly: Self { .init() } }
public protocol PrimitiveButtonStyle {}
public struct BPS: PrimitiveButtonStyle {}
extension PrimitiveButtonStyle where Self == BPS { public static var borderedProminent: Self { .init() } }
public protocol ToolbarContent {}
public struct ToolbarItemPlacement { public static let primaryAction = Self() }
public struct ToolbarItemGroup<C: View>: ToolbarContent { public init(placement: ToolbarItemPlacement, @ViewBuilder content: () -> C) {} }
@resultBuilder public enum ToolbarContentBuilder { public static func buildBlock<T: ToolbarContent>(_ t: T) -> T { t } }
@MainActor @preconcurrency public protocol Gesture { associatedtype Value }
public struct DragGesture: Gesture {
    public struct Value: Equatable {
        public var location: CGPoint
        public var translation: CGSize
    }
    public init(minimumDistance: CGFloat = 10) {}
}
@available(iOS 17, *) public struct MagnifyGesture: Gesture {
    public struct Value: Equatable { public var magnification: CGFloat }
    public init() {}
}
public struct ChangedGesture<G: Gesture>: Gesture { public typealias Value = G.Value }
public struct GestureStateGesture<G: Gesture, S>: Gesture { public typealias Value = G.Value }
extension Gesture {
    public func onChanged(_ f: @escaping (Value) -> Void) -> ChangedGesture<Self> where Value: Equatable { .init() }
    public func onEnded(_ f: @escaping (Value) -> Void) -> ChangedGesture<Self> { .init() }
    public func updating<S>(_ s: GestureState<S>, body: @escaping (Value, inout S, inout Transaction) -> Void) -> GestureStateGesture<Self, S> {
        .init()
    }
}
@available(iOS 17, *) public struct SensoryFeedback: Equatable, Sendable { public static let success = Self() }
public struct Transaction {}
@propertyWrapper public struct GestureState<V> {
    public init(wrappedValue: V) { v = wrappedValue }
    let v: V
    public var wrappedValue: V { v }
    public var projectedValue: Self { self }
}
@available(iOS 17, *) public struct AccessibilityZoomGestureAction {
    public enum Direction { case zoomIn, zoomOut }
    public let direction: Direction
}
@MainActor @preconcurrency public protocol UIViewRepresentable: View where Body == Never {
    associatedtype UIViewType: UIView
    typealias Context = UIViewRepresentableContext<Self>
    func makeUIView(context: Context) -> UIViewType
    func updateUIView(_ view: UIViewType, context: Context)
}
public struct UIViewRepresentableContext<R: UIViewRepresentable> {}
extension UIViewRepresentable { public var body: Never { fatalError() } }
extension View {
    public func task(priority: TaskPriority = .userInitiated, @_inheritActorContext _ action: @escaping @Sendable () async -> Void) -> some View {
        SomeLeaf()
    }
    public func task<T: Equatable>(
        id: T, priority: TaskPriority = .userInitiated, @_inheritActorContext _ action: @escaping @Sendable () async -> Void
    ) -> some View { SomeLeaf() }
    public func onDisappear(perform action: (() -> Void)? = nil) -> some View { SomeLeaf() }
    @available(iOS 17, *) public func onChange<T: Equatable>(of value: T, initial: Bool = false, _ action: @escaping (T, T) -> Void) -> some View {
        SomeLeaf()
    }
    @available(iOS 17, *) public func onChange<T: Equatable>(of value: T, initial: Bool = false, _ action: @escaping () -> Void) -> some View {
        SomeLeaf()
    }
    public func sheet<C: View>(isPresented: Binding<Bool>, onDismiss: (() -> Void)? = nil, @ViewBuilder content: @escaping () -> C) -> some View { SomeLeaf() }
    public func ignoresSafeArea(edges: Edge.Set) -> some View { SomeLeaf() }
    public func background<S: ShapeStyle>(_ s: S) -> some View { SomeLeaf() }
    public func background<S: ShapeStyle, H: Shape>(_ s: S, in: H) -> some View { SomeLeaf() }
    public func overlay<C: View>(alignment: Alignment = .center, @ViewBuilder content: () -> C) -> some View { SomeLeaf() }
    @available(iOS 15, *) public func safeAreaInset<C: View>(edge: VerticalEdge, @ViewBuilder content: () -> C) -> some View { SomeLeaf() }
    public func padding(_ n: CGFloat? = nil) -> some View { SomeLeaf() }
    public func disabled(_ b: Bool) -> some View { SomeLeaf() }
    public func labelStyle<S: LabelStyle>(_ s: S) -> some View { SomeLeaf() }
    public func buttonStyle<S: PrimitiveButtonStyle>(_ s: S) -> some View { SomeLeaf() }
    @available(iOS 18, *) public func onScrollVisibilityChange(_ action: @escaping (Bool) -> Void) -> some View { SomeLeaf() }
    public func font(_ f: Font) -> some View { SomeLeaf() }
    public func foregroundStyle<S: ShapeStyle>(_ s: S) -> some View { SomeLeaf() }
    public func frame(width: CGFloat? = nil, height: CGFloat? = nil, alignment: Alignment = .center) -> some View { SomeLeaf() }
    public func frame(maxWidth: CGFloat? = nil, maxHeight: CGFloat? = nil) -> some View { SomeLeaf() }
    public func shadow(radius: CGFloat) -> some View { SomeLeaf() }
    public func accessibilityHidden(_ b: Bool) -> some View { SomeLeaf() }
    public func allowsHitTesting(_ b: Bool) -> some View { SomeLeaf() }
    public func accessibilityElement(children: AccessibilityChildBehavior = .ignore) -> some View { SomeLeaf() }
    public func accessibilityLabel(_ k: LocalizedStringKey) -> some View { SomeLeaf() }
    @_disfavoredOverload public func accessibilityLabel<S: StringProtocol>(_ s: S) -> some View { SomeLeaf() }
    public func accessibilityValue(_ t: Text) -> some View { SomeLeaf() }
    public func onAppear(perform action: (() -> Void)? = nil) -> some View { SomeLeaf() }
    public func accessibilityAction(named name: Text, _ handler: @escaping () -> Void) -> some View { SomeLeaf() }
    @available(iOS 15, *) public func confirmationDialog<A: View>(
        _ title: Text, isPresented: Binding<Bool>, titleVisibility: Visibility = .automatic,
        @ViewBuilder actions: () -> A
    ) -> some View { SomeLeaf() }
    @available(iOS 17, *) public func accessibilityZoomAction(_ f: @escaping (AccessibilityZoomGestureAction) -> Void) -> some View { SomeLeaf() }
    @available(iOS 17, *) public func onTapGesture(
        count: Int = 1, coordinateSpace: some CoordinateSpaceProtocol = .local, perform action: @escaping (CGPoint) -> Void
    ) -> some View { SomeLeaf() }
    public func onTapGesture(count: Int = 1, perform action: @escaping () -> Void) -> some View { SomeLeaf() }
    public func accessibilityAddTraits(_ t: AccessibilityTraits) -> some View { SomeLeaf() }
    @available(iOS 17, *) public func accessibilityDirectTouch(
        _ isDirectTouchArea: Bool = true, options: AccessibilityDirectTouchOptions = []
    ) -> some View { SomeLeaf() }
    public func animation<T: Equatable>(_ a: Animation?, value: T) -> some View { SomeLeaf() }
    public func lineLimit(_ n: Int?) -> some View { SomeLeaf() }
    public func minimumScaleFactor(_ f: CGFloat) -> some View { SomeLeaf() }
    public func navigationTitle(_ k: LocalizedStringKey) -> some View { SomeLeaf() }
    public func navigationBarTitleDisplayMode(_ m: TitleDisplayMode) -> some View { SomeLeaf() }
    public func toolbar<T: ToolbarContent>(@ToolbarContentBuilder content: () -> T) -> some View { SomeLeaf() }
    public func toolbar<V: View>(@ViewBuilder content: () -> V) -> some View { SomeLeaf() }
    public func contentShape<S: Shape>(_ s: S) -> some View { SomeLeaf() }
    public func gesture<G: Gesture>(_ g: G) -> some View { SomeLeaf() }
    public func simultaneousGesture<G: Gesture>(_ g: G) -> some View { SomeLeaf() }
    public func offset(x: CGFloat = 0, y: CGFloat = 0) -> some View { SomeLeaf() }
    @available(iOS 16, *) public func dropDestination<T: Transferable>(
        for payloadType: T.Type = T.self, action: @escaping ([T], CGPoint) -> Bool, isTargeted: @escaping (Bool) -> Void = { _ in }
    ) -> some View { SomeLeaf() }
    @available(iOS 17, *) public func sensoryFeedback<T: Equatable>(_ feedback: SensoryFeedback, trigger: T) -> some View { SomeLeaf() }
    public func contextMenu<C: View>(@ViewBuilder menuItems: () -> C) -> some View { SomeLeaf() }
    @available(iOS 17, *) public func fileExporter<D: FileDocument>(
        isPresented: Binding<Bool>, document: D?, contentType: UTType, defaultFilename: String? = nil,
        onCompletion: @escaping (Result<URL, any Error>) -> Void
    ) -> some View { SomeLeaf() }
    public func modifier<M: ViewModifier>(_ m: M) -> some View { SomeLeaf() }
    public func tag<V: Hashable>(_ v: V) -> some View { SomeLeaf() }
    public func tabItem<V: View>(@ViewBuilder _ l: () -> V) -> some View { SomeLeaf() }
}
@available(iOS 17, *) @propertyWrapper @dynamicMemberLookup public struct Bindable<V> {
    public init(wrappedValue: V) { self.wrappedValue = wrappedValue }
    public var wrappedValue: V
    public var projectedValue: Self { self }
    public subscript<S>(dynamicMember k: ReferenceWritableKeyPath<V, S>) -> Binding<S> { fatalError() }
}
@available(iOS 17, *) extension Bindable: Sendable where V: Sendable {}
