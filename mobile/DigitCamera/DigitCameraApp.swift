import Accessibility
import AppIntents
import DigitFlow
import SwiftUI

@main
struct DigitCameraApp: App {
    private let capture = CaptureCamera()
    @State private var navigator: Navigator
    @State private var shelf: ModelShelf
    @State private var camera: CameraModel
    @State private var drawing: DrawingModel
    @State private var picture: PictureModel
    @State private var history: HistoryModel

    init() {
        let navigator = Navigator()
        let shelf = ModelShelf(source: BundledModels(), preferences: StoredPreferences())
        let history = HistoryModel(store: StoredHistory())
        let reader = PictureReader(shelf: shelf, history: history)
        _navigator = State(initialValue: navigator)
        _shelf = State(initialValue: shelf)
        _history = State(initialValue: history)
        _camera = State(
            initialValue: CameraModel(camera: capture, shelf: shelf, history: history, announce: Self.announce))
        _drawing = State(initialValue: DrawingModel(shelf: shelf, history: history, announce: Self.announce))
        _picture = State(initialValue: PictureModel(shelf: shelf, history: history, announce: Self.announce))
        AppDependencyManager.shared.add(dependency: navigator)
        AppDependencyManager.shared.add(dependency: reader)
    }

    var body: some Scene {
        WindowGroup {
            TabView(selection: $navigator.tab) {
                CameraView(model: camera, shelf: shelf, capture: capture)
                    .tabItem { Label("Camera", systemImage: "camera") }
                    .tag(Navigator.Tab.camera)
                DrawingView(model: drawing, shelf: shelf, history: history)
                    .tabItem { Label("Draw", systemImage: "hand.draw") }
                    .tag(Navigator.Tab.drawing)
                PictureView(model: picture, shelf: shelf, history: history)
                    .tabItem { Label("Picture", systemImage: "photo") }
                    .tag(Navigator.Tab.picture)
                HistoryView(history: history)
                    .tabItem { Label("History", systemImage: "clock") }
                    .tag(Navigator.Tab.history)
                SettingsView(shelf: shelf)
                    .tabItem { Label("Settings", systemImage: "gearshape") }
                    .tag(Navigator.Tab.settings)
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
