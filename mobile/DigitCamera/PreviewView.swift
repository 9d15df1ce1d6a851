@preconcurrency import AVFoundation
import SwiftUI

/// What the camera sees, filling its view, upright however the device is held.
struct PreviewView: UIViewRepresentable {
    let capture: CaptureCamera
    let isRunning: Bool
    let isFrozen: Bool

    func makeUIView(context: Context) -> PreviewLayerView {
        PreviewLayerView(capture: capture)
    }

    func updateUIView(_ view: PreviewLayerView, context: Context) {
        if isRunning { Task { await view.followRotation() } }
        view.preview?.connection?.isEnabled = !isFrozen
    }
}

final class PreviewLayerView: UIView {
    private let capture: CaptureCamera
    private var rotation: AVCaptureDevice.RotationCoordinator?
    private var observation: NSKeyValueObservation?

    init(capture: CaptureCamera) {
        self.capture = capture
        super.init(frame: .zero)
        isAccessibilityElement = false
        guard let preview else { return }
        preview.videoGravity = .resizeAspectFill
        capture.preview.connect(to: preview)
    }

    @available(*, unavailable)
    required init?(coder: NSCoder) { return nil }

    override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }

    /// The view's own layer, which UIKit lays out.
    var preview: AVCaptureVideoPreviewLayer? { layer as? AVCaptureVideoPreviewLayer }

    /// Turns the preview and the frames alike from now on; needs a camera that was started.
    func followRotation() async {
        guard rotation == nil, let device = await capture.device, rotation == nil else { return }
        let coordinator = AVCaptureDevice.RotationCoordinator(device: device, previewLayer: preview)
        rotation = coordinator
        observation = coordinator.observe(
            \.videoRotationAngleForHorizonLevelPreview, options: [.initial, .new]
        ) { [weak self] coordinator, _ in
            let angle = coordinator.videoRotationAngleForHorizonLevelPreview
            Task { @MainActor [weak self] in await self?.turn(to: angle) }
        }
    }

    private func turn(to angle: CGFloat) async {
        if let connection = preview?.connection, connection.isVideoRotationAngleSupported(angle) {
            connection.videoRotationAngle = angle
        }
        await capture.turn(to: angle)
    }
}
