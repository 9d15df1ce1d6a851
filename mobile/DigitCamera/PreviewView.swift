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
        view.preview.connection?.isEnabled = !isFrozen
    }
}

final class PreviewLayerView: UIView {
    let preview: AVCaptureVideoPreviewLayer
    private let capture: CaptureCamera
    private var rotation: AVCaptureDevice.RotationCoordinator?
    private var observation: NSKeyValueObservation?

    init(capture: CaptureCamera) {
        self.capture = capture
        preview = AVCaptureVideoPreviewLayer()
        super.init(frame: .zero)
        preview.videoGravity = .resizeAspectFill
        layer.addSublayer(preview)
        capture.preview.connect(to: preview)
        isAccessibilityElement = false
    }

    @available(*, unavailable)
    required init?(coder: NSCoder) { return nil }

    override func layoutSubviews() {
        super.layoutSubviews()
        CATransaction.begin()
        CATransaction.setDisableActions(true)
        preview.frame = bounds
        CATransaction.commit()
    }

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
        if let connection = preview.connection, connection.isVideoRotationAngleSupported(angle) {
            connection.videoRotationAngle = angle
        }
        await capture.turn(to: angle)
    }
}
