// What the app uses of UIKit, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

@_exported import Foundation
@_exported import QuartzCore

@MainActor open class UIView: NSObject {
    public init(frame: CGRect) {}
    public required init?(coder: NSCoder) { return nil }
    public var layer: CALayer { .init() }
    public var bounds: CGRect { .zero }
    public var isAccessibilityElementFlag = false
    open func layoutSubviews() {}
    public var isAccessibilityElement: Bool {
        get { false }
        set {}
    }
}
@MainActor public final class UIApplication: NSObject {
    public static let openSettingsURLString = "x"
    public static let shared = UIApplication()
    public var isIdleTimerDisabled = false
}
public final class UIColor: @unchecked Sendable { public static let secondarySystemBackground = UIColor() }
