#if DEBUG
    import DigitFlow
    import DigitKit
    import Foundation
    import SwiftUI

    // Every screen, with stand-ins for the camera, the model and what is stored.

    #Preview("Camera") { CameraScreen(camera: PreviewCamera()) }

    #Preview("Camera: none") { CameraScreen(camera: PreviewCamera(isPresent: false)) }

    #Preview("Camera: refused") { CameraScreen(camera: PreviewCamera(permission: .refused)) }

    #Preview("Camera: does not start") { CameraScreen(camera: PreviewCamera(isBroken: true)) }

    #Preview("Camera: no model") { CameraScreen(camera: PreviewCamera(), models: PreviewModels(names: [])) }

    #Preview("Pad") {
        Opened { shelf in
            let history = HistoryModel(store: PreviewHistory(labels: []))
            let model = DrawingModel(shelf: shelf, history: history) { _ in }
            let _ = model.draw(to: PadPoint(x: 0.5, y: 0.2))
            let _ = model.draw(to: PadPoint(x: 0.5, y: 0.8))
            let _ = model.lift()
            DrawingView(model: model, shelf: shelf, history: history)
        }
    }

    #Preview("Picture") {
        Opened { shelf in
            PictureView(
                model: PictureModel(shelf: shelf) { _ in }, shelf: shelf,
                history: HistoryModel(store: PreviewHistory(labels: [])))
        }
    }

    #Preview("History") { HistoryView(history: HistoryModel(store: PreviewHistory(labels: ["7", "1", "4"]))) }

    #Preview("History: empty") { HistoryView(history: HistoryModel(store: PreviewHistory(labels: []))) }

    #Preview("Settings") { Opened { shelf in SettingsView(shelf: shelf) } }

    #Preview("Settings: no model") {
        Opened(models: PreviewModels(names: [])) { shelf in SettingsView(shelf: shelf) }
    }

    #Preview("About this model") { Opened { shelf in ModelCardSheet(shelf: shelf) } }

    /// A screen whose model is opened, as the app opens it.
    private struct Opened<Screen: View>: View {
        let shelf: ModelShelf
        let screen: Screen

        init(models: PreviewModels = PreviewModels(), @ViewBuilder screen: (ModelShelf) -> Screen) {
            shelf = ModelShelf(source: models, preferences: PreviewPreferences())
            self.screen = screen(shelf)
        }

        var body: some View { screen.task { await shelf.open() } }
    }

    private struct CameraScreen: View {
        let camera: PreviewCamera
        var models = PreviewModels()

        var body: some View {
            Opened(models: models) { shelf in
                CameraView(
                    model: CameraModel(camera: camera, shelf: shelf) { _ in }, shelf: shelf, capture: CaptureCamera())
            }
        }
    }

    /// Sees one grey, ten times a second.
    private struct PreviewCamera: Camera {
        var isPresent = true
        var permission = Permission.granted
        var isBroken = false

        func askPermission() async -> Bool { true }

        func start(_ framing: Framing, feed: CameraFeed) async throws -> CameraAbilities {
            if isBroken { throw CocoaError(.featureUnsupported) }
            let grey = [UInt8](repeating: 200, count: framing.side * framing.side)
            Task {
                for tick in 0..<100 {
                    guard let square = GreyImage(size: framing.side, pixels: grey) else { return }
                    feed.send(Frame(square: square, time: Double(tick) / 10, extent: Extent(width: 720, height: 1280)))
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            return CameraAbilities(hasTorch: true, lens: Lens(nearestFocus: 200, fieldOfView: 70, zooms: 1...16))
        }

        func frame(_ framing: Framing) async {}
        func stop() async {}
        func zoom(to factor: Double) async {}
        func focus(at place: FramePlace) async {}
        func setTorch(_ on: Bool) async throws {}
    }

    private struct PreviewModels: ModelSource {
        var names = ["Preview"]

        func open(_ name: String) async throws -> any DigitReader { try PreviewReader() }
    }

    /// Reads a seven in everything.
    private struct PreviewReader: DigitReader {
        let contract: Contract

        init() throws {
            let fields = """
                {"version": 1, "labels": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "background"],
                "background": "background", "size": 64, "pixels": [0, 255], "polarity": "any", "crop": "box",
                "threshold": 0.6, "run": "1-preview", "input": "image", "validation_accuracy": 0.99,
                "format": "mlprogram", "precision": "float16", "compression": null, "target": "iOS17",
                "settings": "\(String(repeating: "0", count: 64))", "weights": "\(String(repeating: "0", count: 64))"}
                """
            contract = try Contract(metadata: [Contract.metadataKey: fields])
        }

        func probabilities(of pixels: GreyImage) async throws -> [Double] {
            contract.labels.map { $0 == "7" ? 0.9 : 0.01 }
        }
    }

    private final class PreviewPreferences: Preferences {
        var model: String?

        func threshold(of model: String) -> Double? { nil }
        func setThreshold(_ threshold: Double?, of model: String) {}
    }

    private final class PreviewHistory: HistoryStore {
        private let readings: [KeptReading]

        init(labels: [String]) {
            let square = GreyImage(size: 64, pixels: (0..<4096).map { UInt8($0 % 64 * 4) })
            readings = labels.compactMap { label in
                square.map { KeptReading($0, label: label, confidence: 0.9, source: .camera) }
            }
        }

        func load() -> [KeptReading] { readings }
        func save(_ readings: [KeptReading]) throws {}
    }
#endif
