// What the app uses of Accessibility, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

import Foundation

@available(iOS 17, *) public enum AccessibilityNotification {
    public struct Announcement: Sendable {
        public init(_ announcement: String) {}
        public init(_ announcement: AttributedString) {}
        public func post() {}
    }
}
@available(iOS 17, *) public enum AnnouncementPriority: Sendable { case low, `default`, high }
extension AttributedString {
    @available(iOS 17, *) public var accessibilitySpeechAnnouncementPriority: AnnouncementPriority? {
        get { nil }
        set {}
    }
}
