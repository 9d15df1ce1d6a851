// What the app uses of Accessibility, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

public enum AccessibilityNotification {
    public struct Announcement {
        public init(_ s: String) {}
        public func post() {}
    }
}
