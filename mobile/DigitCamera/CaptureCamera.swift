@preconcurrency import AVFoundation
import DigitFlow
import DigitKit

/// The back camera: its luma plane becomes the grey square of the guide box.
///
/// The actor runs on the queue on which frames come, one call after the other in the order in which they were made; there
/// the session may block, which it does while it starts and stops.
actor CaptureCamera: Camera {
    nonisolated let preview: PreviewSource

    private let session: AVCaptureSession
    private let queue = DispatchSerialQueue(label: "DigitCamera.capture", qos: .userInitiated)
    private let output = AVCaptureVideoDataOutput()
    private let sink = FrameSink()
    private var observers: [any NSObjectProtocol] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    init() {
        let session = AVCaptureSession()
        self.session = session
        preview = PreviewSource(session: session)
    }

    nonisolated var isPresent: Bool { Self.camera != nil }

    nonisolated var permission: Permission {
        switch AVCaptureDevice.authorizationStatus(for: .video) {
        case .authorized: .granted
        case .notDetermined: .undecided
        default: .refused
        }
    }

    nonisolated func askPermission() async -> Bool {
        await AVCaptureDevice.requestAccess(for: .video)
    }

    func start(_ framing: Framing, feed: CameraFeed) throws -> CameraAbilities {
        sink.framing = framing
        sink.feed = feed
        observe()
        let device = try configure()
        session.startRunning()
        return CameraAbilities(hasTorch: device.hasTorch && device.isTorchAvailable, lens: Lens(of: device))
    }

    func frame(_ framing: Framing) {
        sink.framing = framing
    }

    /// Also where the session does not run: one that is interrupted would start again by itself.
    func stop() {
        sink.feed = nil
        session.stopRunning()
    }

    func zoom(to factor: Double) {
        try? change {
            $0.videoZoomFactor = min(max(factor, $0.minAvailableVideoZoomFactor), $0.maxAvailableVideoZoomFactor)
        }
    }

    func focus(at place: FramePlace) {
        let angle = output.connection(with: .video)?.videoRotationAngle ?? 0
        let place = place.onSensor(turns: Int((angle / 90).rounded()))
        try? change {
            $0.focus(at: CGPoint(x: place.x, y: place.y), .autoFocus, .autoExpose)
            $0.isSubjectAreaChangeMonitoringEnabled = true
        }
    }

    func setTorch(_ on: Bool) throws {
        guard let device, device.isTorchAvailable else { throw CaptureTrouble.torch }
        try change { $0.torchMode = on ? .on : .off }
    }

    /// Keeps frames upright.
    ///
    /// - Parameter angle: Clockwise degrees, as the preview has them.
    func turn(to angle: CGFloat) {
        guard let connection = output.connection(with: .video), connection.isVideoRotationAngleSupported(angle)
        else { return }
        connection.videoRotationAngle = angle
    }

    /// The device in use, once the camera has been started.
    var device: AVCaptureDevice? {
        session.inputs.lazy.compactMap { ($0 as? AVCaptureDeviceInput)?.device }.first
    }

    private func change(_ change: (AVCaptureDevice) -> Void) throws {
        guard let device else { return }
        try device.lockForConfiguration()
        defer { device.unlockForConfiguration() }
        change(device)
    }

    /// Focuses by itself again, as after a touch when the scene has changed.
    private func lookAround() {
        try? change { $0.lookAround() }
    }

    private func configure() throws -> AVCaptureDevice {
        if let device { return device }
        guard let device = Self.camera else { throw CaptureTrouble.none }
        try add(device)
        lookAround()  // not before: the session's preset sets the device anew
        return device
    }

    /// Those with an ultra-wide lens first: they take it by themselves for what is too near for the other.
    private static var camera: AVCaptureDevice? {
        let types: [AVCaptureDevice.DeviceType] = [
            .builtInTripleCamera, .builtInDualWideCamera, .builtInWideAngleCamera,
        ]
        return types.lazy.compactMap { AVCaptureDevice.default($0, for: .video, position: .back) }.first
            ?? AVCaptureDevice.default(for: .video)
    }

    private func add(_ device: AVCaptureDevice) throws {
        let input = try AVCaptureDeviceInput(device: device)
        session.beginConfiguration()
        defer { session.commitConfiguration() }
        if session.isMultitaskingCameraAccessSupported { session.isMultitaskingCameraAccessEnabled = true }
        if session.canSetSessionPreset(.hd1280x720) { session.sessionPreset = .hd1280x720 }
        output.videoSettings = [
            kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_420YpCbCr8BiPlanarFullRange
        ]
        output.alwaysDiscardsLateVideoFrames = true
        output.setSampleBufferDelegate(sink, queue: queue)
        guard session.canAddInput(input), session.canAddOutput(output) else { throw CaptureTrouble.configuration }
        session.addInput(input)
        session.addOutput(output)
    }

    private func observe() {
        guard observers.isEmpty else { return }
        pass(on: AVCaptureSession.wasInterruptedNotification) { notification in
            let reason = notification.userInfo?[AVCaptureSessionInterruptionReasonKey] as? Int
            return .interrupted(reason: Self.words(for: reason.flatMap { .init(rawValue: $0) }))
        }
        pass(on: AVCaptureSession.interruptionEndedNotification) { _ in .resumed }
        pass(on: AVCaptureSession.runtimeErrorNotification) { notification in
            let error = notification.userInfo?[AVCaptureSessionErrorKey] as? AVError
            if error?.code == .mediaServicesWereReset { return .lost }
            return .failed(reason: error?.localizedDescription ?? String(localized: "The camera stopped."))
        }
        let sceneChange = NotificationCenter.default.addObserver(
            forName: AVCaptureDevice.subjectAreaDidChangeNotification, object: nil, queue: nil
        ) { [weak self] _ in
            Task { await self?.lookAround() }
        }
        observers.append(sceneChange)
    }

    /// Sends what happens to the session in the order in which it happens.
    private func pass(on name: Notification.Name, as event: @escaping @Sendable (Notification) -> CameraEvent) {
        let observer = NotificationCenter.default.addObserver(
            forName: name, object: session, queue: nil
        ) { [queue, sink] notification in
            let event = event(notification)
            queue.async { sink.feed?.send(event) }
        }
        observers.append(observer)
    }

    private static func words(for reason: AVCaptureSession.InterruptionReason?) -> String {
        switch reason {
        case .videoDeviceInUseByAnotherClient: String(localized: "Another app uses the camera.")
        case .videoDeviceNotAvailableWithMultipleForegroundApps:
            String(localized: "The camera does not work beside other apps: show this one alone.")
        case .videoDeviceNotAvailableDueToSystemPressure: String(localized: "The device is too hot for the camera.")
        default: String(localized: "The camera is not available just now.")
        }
    }
}

/// Shows what the camera sees, and leaves the session to the camera.
struct PreviewSource: Sendable {
    fileprivate let session: AVCaptureSession

    @MainActor func connect(to layer: AVCaptureVideoPreviewLayer) {
        layer.session = session
    }
}

/// Where frames come in. It is touched on the capture queue alone, by the actor and by the output, which is what makes it
/// safe to share.
private final class FrameSink: NSObject, AVCaptureVideoDataOutputSampleBufferDelegate, @unchecked Sendable {
    var framing = Framing(side: 64, view: nil)
    var feed: CameraFeed?

    func captureOutput(
        _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection
    ) {
        guard let feed, let pixels = CMSampleBufferGetImageBuffer(sampleBuffer) else { return }
        CVPixelBufferLockBaseAddress(pixels, .readOnly)
        defer { CVPixelBufferUnlockBaseAddress(pixels, .readOnly) }
        let bytesPerRow = CVPixelBufferGetBytesPerRowOfPlane(pixels, 0)
        let (width, height) = (CVPixelBufferGetWidthOfPlane(pixels, 0), CVPixelBufferGetHeightOfPlane(pixels, 0))
        guard let start = CVPixelBufferGetBaseAddressOfPlane(pixels, 0) else { return }
        let bytes = UnsafeRawBufferPointer(start: start, count: bytesPerRow * height)
        guard let plane = LumaPlane(bytes, bytesPerRow: bytesPerRow, width: width, height: height) else { return }
        feed.send(
            Frame(
                square: framing.square(of: plane),
                time: CMSampleBufferGetPresentationTimeStamp(sampleBuffer).seconds,
                extent: Extent(width: Double(width), height: Double(height))))
    }
}

private enum CaptureTrouble: LocalizedError {
    case none, configuration, torch

    var errorDescription: String? {
        switch self {
        case .none: String(localized: "This device has no camera. The drawing pad works without one.")
        case .configuration: String(localized: "The camera cannot be set up. Restart the device if that goes on.")
        case .torch: String(localized: "The torch cannot be used just now. It may be too hot.")
        }
    }
}

extension Lens {
    fileprivate init(of device: AVCaptureDevice) {
        self.init(
            nearestFocus: Double(device.minimumFocusDistance),
            fieldOfView: Double(device.activeFormat.videoFieldOfView),
            usualZoom: device.virtualDeviceSwitchOverVideoZoomFactors.first?.doubleValue ?? 1,
            zooms: Double(device.minAvailableVideoZoomFactor)...Double(device.maxAvailableVideoZoomFactor))
    }
}

extension AVCaptureDevice {
    /// Focuses and exposes by itself, near things first; the device must be locked.
    fileprivate func lookAround() {
        if isAutoFocusRangeRestrictionSupported { autoFocusRangeRestriction = .near }
        focus(at: CGPoint(x: 0.5, y: 0.5), .continuousAutoFocus, .continuousAutoExposure)
        isSubjectAreaChangeMonitoringEnabled = false
    }

    /// - Parameter point: In the frame as the sensor has it, 0 to 1.
    fileprivate func focus(at point: CGPoint, _ focus: FocusMode, _ exposure: ExposureMode) {
        if isFocusPointOfInterestSupported { focusPointOfInterest = point }
        if isFocusModeSupported(focus) { focusMode = focus }
        if isExposurePointOfInterestSupported { exposurePointOfInterest = point }
        if isExposureModeSupported(exposure) { exposureMode = exposure }
    }
}
