// What the app uses of UIKit, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

@_exported import AppleFoundation
@_exported import QuartzCore

@MainActor open class UIView: NSObject {
    public init(frame: CGRect) {}
    public required init?(coder: NSCoder) { return nil }
    open class var layerClass: AnyClass { CALayer.self }
    public var layer: CALayer { .init() }
    open var isAccessibilityElement: Bool {
        get { false }
        set {}
    }
}
open class UIPasteboard: NSObject {
    override init() {}
    public class var general: UIPasteboard { .init() }
    open var string: String?
}
@MainActor open class UIApplication: NSObject {
    public class var openSettingsURLString: String { "settings" }
    public class var shared: UIApplication { .init() }
    open var isIdleTimerDisabled = false
}
open class UIColor: NSObject, @unchecked Sendable {
    public class var secondarySystemBackground: UIColor { .init() }
    public class var white: UIColor { .init() }
    public func setFill() {}
}
open class UIImage: NSObject, @unchecked Sendable {
    public init?(data: Data) { nil }
    public var size: CGSize { .zero }
    public var cgImage: CGImage? { nil }
    public func draw(in rect: CGRect) {}
}
open class UIGraphicsImageRendererFormat: NSObject {
    public override init() {}
    public var scale: CGFloat = 1
    public var opaque = false
}
open class UIGraphicsImageRendererContext: NSObject {
    override init() {}
    public func fill(_ rect: CGRect) {}
}
open class UIGraphicsImageRenderer: NSObject {
    public init(bounds: CGRect, format: UIGraphicsImageRendererFormat) {}
    public func image(actions: (UIGraphicsImageRendererContext) -> Void) -> UIImage { fatalError() }
}
public final class CGImage {}
public final class CGColorSpace {
    public init?(name: NSString) { nil }
    public static let sRGB: NSString = "sRGB"
}
public enum CGImageAlphaInfo: UInt32 { case none, premultipliedLast, premultipliedFirst, last, first, noneSkipLast, noneSkipFirst, alphaOnly }
public final class CGContext {
    public init?(
        data: UnsafeMutableRawPointer?, width: Int, height: Int, bitsPerComponent: Int, bytesPerRow: Int, space: CGColorSpace, bitmapInfo: UInt32
    ) { nil }
    public func draw(_ image: CGImage, in rect: CGRect) {}
}
