// What the app uses of UIKit, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

@_exported import Foundation
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
@MainActor open class UIApplication: NSObject {
    public class var openSettingsURLString: String { "settings" }
    public class var shared: UIApplication { .init() }
    open var isIdleTimerDisabled = false
}
open class UIColor: NSObject, @unchecked Sendable {
    public class var secondarySystemBackground: UIColor { .init() }
}
