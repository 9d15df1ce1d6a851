// What the app uses of PhotosUI, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

import CoreTransferable
import SwiftUI

@available(iOS 16, *) public struct PhotosPickerItem: Hashable, Sendable {
    public func loadTransferable<T: Transferable>(type: T.Type) async throws -> T? { nil }
}
@available(iOS 16, *) public struct PHPickerFilter: Sendable { public static let images = Self() }
@available(iOS 16, *) public struct PhotosPicker<L: View>: View {
    public init(selection: Binding<PhotosPickerItem?>, matching: PHPickerFilter? = nil, @ViewBuilder label: () -> L) {}
    public var body: some View { EmptyView() }
}
