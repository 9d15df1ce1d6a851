// What the app uses of QuartzCore, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

@_exported import Foundation

@MainActor open class CALayer {
    public init() {}
    public var frame: CGRect = .zero
    public func addSublayer(_ l: CALayer) {}
}
public final class CATransaction {
    public class func begin() {}
    public class func commit() {}
    public class func setDisableActions(_ f: Bool) {}
}
