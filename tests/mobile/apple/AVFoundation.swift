// What the app uses of AVFoundation, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs. What no `@available` stands at is older than iOS 13.

@_exported import AppleFoundation
@_exported import CoreVideo
@_exported import QuartzCore

/// Of Dispatch, where it is a `DispatchQueue`. Linux' Dispatch does not have it, nor lets anybody inherit from a queue.
public final class DispatchSerialQueue: SerialExecutor {
    public init(label: String, qos: DispatchQoS = .unspecified) {}
    public func async(execute work: @escaping @Sendable @convention(block) () -> Void) {}
    @available(iOS 17, *) public func enqueue(_ job: consuming ExecutorJob) {}
    @available(iOS 17, *) public func asUnownedSerialExecutor() -> UnownedSerialExecutor { .init(ordinary: self) }
}

public final class CMSampleBuffer {}
public struct CMTime: Sendable { public var seconds: Double { 0 } }
public func CMSampleBufferGetImageBuffer(_ sbuf: CMSampleBuffer) -> CVImageBuffer? { nil }
public func CMSampleBufferGetPresentationTimeStamp(_ sbuf: CMSampleBuffer) -> CMTime { .init() }

public struct AVMediaType: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let video = Self(rawValue: "vide")
}
public enum AVAuthorizationStatus: Int, Sendable { case notDetermined, restricted, denied, authorized }
public struct AVError: Error {
    public enum Code: Int, Sendable { case mediaServicesWereReset = -11819, sessionNotRunning = -11803 }
    public let code: Code
}

open class AVCaptureDevice: NSObject {
    override init() {}
    public struct DeviceType: RawRepresentable, Hashable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let builtInWideAngleCamera = Self(rawValue: "wide")
        @available(iOS 13, *) public static let builtInDualWideCamera = Self(rawValue: "dual wide")
        @available(iOS 13, *) public static let builtInTripleCamera = Self(rawValue: "triple")
    }
    public enum Position: Int, Sendable { case unspecified, back, front }
    public enum TorchMode: Int, Sendable { case off, on, auto }
    public enum FocusMode: Int, Sendable { case locked, autoFocus, continuousAutoFocus }
    public enum ExposureMode: Int, Sendable { case locked, autoExpose, continuousAutoExposure, custom }
    public enum AutoFocusRangeRestriction: Int, Sendable { case none, near, far }
    public final class Format: NSObject {
        override init() {}
        public var videoFieldOfView: Float { 0 }
        @available(iOS 18, *) public var systemRecommendedVideoZoomRange: ClosedRange<CGFloat>? { nil }
    }
    @available(iOS 17, *) public final class RotationCoordinator: NSObject {
        public init(device: AVCaptureDevice, previewLayer: CALayer?) {}
        public var videoRotationAngleForHorizonLevelPreview: CGFloat { 0 }
    }
    public class func authorizationStatus(for mediaType: AVMediaType) -> AVAuthorizationStatus { .denied }
    public class func requestAccess(for mediaType: AVMediaType) async -> Bool { false }
    public class func `default`(for mediaType: AVMediaType) -> AVCaptureDevice? { nil }
    public class func `default`(
        _ deviceType: DeviceType, for mediaType: AVMediaType?, position: Position
    ) -> AVCaptureDevice? { nil }
    public class var subjectAreaDidChangeNotification: NSNotification.Name { .init("subject area") }
    public func lockForConfiguration() throws {}
    public func unlockForConfiguration() {}
    public var activeFormat = Format()
    public var hasTorch: Bool { false }
    public var isTorchAvailable: Bool { false }
    public var torchMode: TorchMode = .off
    public var isSubjectAreaChangeMonitoringEnabled = false
    @available(iOS 15, *) public var minimumFocusDistance: Int { -1 }
    @available(iOS 13, *) public var virtualDeviceSwitchOverVideoZoomFactors: [NSNumber] { [] }
    public var minAvailableVideoZoomFactor: CGFloat { 1 }
    public var maxAvailableVideoZoomFactor: CGFloat { 1 }
    public var videoZoomFactor: CGFloat = 1
    public var isAutoFocusRangeRestrictionSupported: Bool { false }
    public var autoFocusRangeRestriction: AutoFocusRangeRestriction = .none
    public var isFocusPointOfInterestSupported: Bool { false }
    public var focusPointOfInterest: CGPoint = .zero
    public func isFocusModeSupported(_ focusMode: FocusMode) -> Bool { false }
    public var focusMode: FocusMode = .locked
    public var isExposurePointOfInterestSupported: Bool { false }
    public var exposurePointOfInterest: CGPoint = .zero
    public func isExposureModeSupported(_ exposureMode: ExposureMode) -> Bool { false }
    public var exposureMode: ExposureMode = .locked
}

open class AVCaptureInput: NSObject { override init() {} }
public final class AVCaptureDeviceInput: AVCaptureInput {
    public init(device: AVCaptureDevice) throws { self.device = device }
    public let device: AVCaptureDevice
}
open class AVCaptureOutput: NSObject {
    override init() {}
    public func connection(with mediaType: AVMediaType) -> AVCaptureConnection? { nil }
}
public final class AVCaptureConnection: NSObject {
    override init() {}
    @available(iOS 17, *) public func isVideoRotationAngleSupported(_ angle: CGFloat) -> Bool { true }
    @available(iOS 17, *) public var videoRotationAngle: CGFloat = 0
    public var isEnabled = true
}
public protocol AVCaptureVideoDataOutputSampleBufferDelegate: NSObjectProtocol {
    func captureOutput(
        _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection)
}
public final class AVCaptureVideoDataOutput: AVCaptureOutput {
    public override init() {}
    public var videoSettings: [String: Any]! = [:]
    public var alwaysDiscardsLateVideoFrames = true
    public func setSampleBufferDelegate(
        _ delegate: (any AVCaptureVideoDataOutputSampleBufferDelegate)?, queue: DispatchSerialQueue?
    ) {}
}

open class AVCaptureSession: NSObject {
    public override init() {}
    public struct Preset: RawRepresentable, Hashable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let hd1280x720 = Self(rawValue: "720")
    }
    public enum InterruptionReason: Int, Sendable {
        case videoDeviceNotAvailableInBackground = 1
        case audioDeviceInUseByAnotherClient, videoDeviceInUseByAnotherClient,
            videoDeviceNotAvailableWithMultipleForegroundApps
        case videoDeviceNotAvailableDueToSystemPressure
    }
    public class var wasInterruptedNotification: NSNotification.Name { .init("interrupted") }
    public class var interruptionEndedNotification: NSNotification.Name { .init("ended") }
    public class var runtimeErrorNotification: NSNotification.Name { .init("error") }
    public var isRunning: Bool { false }
    public func startRunning() {}
    public func stopRunning() {}
    public var inputs: [AVCaptureInput] { [] }
    public func beginConfiguration() {}
    public func commitConfiguration() {}
    public func canSetSessionPreset(_ preset: Preset) -> Bool { true }
    public var sessionPreset = Preset.hd1280x720
    public func canAddInput(_ input: AVCaptureInput) -> Bool { true }
    public func canAddOutput(_ output: AVCaptureOutput) -> Bool { true }
    public func addInput(_ input: AVCaptureInput) {}
    public func addOutput(_ output: AVCaptureOutput) {}
    @available(iOS 16, *) public var isMultitaskingCameraAccessSupported: Bool { false }
    @available(iOS 16, *) public var isMultitaskingCameraAccessEnabled = false
    @available(iOS 18, *) public var supportsControls: Bool { false }
}
public let AVCaptureSessionInterruptionReasonKey = "reason"
public let AVCaptureSessionErrorKey = "error"

public struct AVLayerVideoGravity: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let resizeAspectFill = Self(rawValue: "fill")
}
open class AVCaptureVideoPreviewLayer: CALayer {
    public init(session: AVCaptureSession) { super.init() }
    public override init() {}
    public var session: AVCaptureSession?
    public var videoGravity = AVLayerVideoGravity.resizeAspectFill
    public var connection: AVCaptureConnection? { nil }
}
