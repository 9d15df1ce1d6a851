import Accessibility
import DigitFlow
import SwiftUI

@main
struct DigitCameraApp: App {
    private let capture = CaptureCamera()
    @State private var shelf: ModelShelf
    @State private var camera: CameraModel
    @State private var drawing: DrawingModel
    @State private var picture: PictureModel

    init() {
        let shelf = ModelShelf(source: BundledModels(), preferences: StoredPreferences())
        _shelf = State(initialValue: shelf)
        _camera = State(initialValue: CameraModel(camera: capture, shelf: shelf, announce: Self.announce))
        _drawing = State(initialValue: DrawingModel(shelf: shelf, announce: Self.announce))
        _picture = State(initialValue: PictureModel(shelf: shelf, announce: Self.announce))
    }

    var body: some Scene {
        WindowGroup {
            TabView {
                CameraView(model: camera, shelf: shelf, capture: capture)
                    .tabItem { Label("Camera", systemImage: "camera") }
                DrawingView(model: drawing, shelf: shelf)
                    .tabItem { Label("Draw", systemImage: "hand.draw") }
                PictureView(model: picture, shelf: shelf)
                    .tabItem { Label("Picture", systemImage: "photo") }
                SettingsView(shelf: shelf)
                    .tabItem { Label("Settings", systemImage: "gearshape") }
            }
            .task { await shelf.open() }
        }
    }

    /// VoiceOver says it, whatever else it is saying, and to its end.
    private static func announce(_ words: String) {
        var announcement = AttributedString(words)
        announcement.accessibilitySpeechAnnouncementPriority = .high
        AccessibilityNotification.Announcement(announcement).post()
    }
}
