// What the app uses of AVFoundation, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

@_exported import CoreVideo
@_exported import Foundation
@_exported import QuartzCore

/// Of Dispatch, where it is a `DispatchQueue`. Linux' Dispatch does not have it, nor lets anybody inherit from a queue.
public final class DispatchSerialQueue: SerialExecutor {
    public init(label: String, qos: DispatchQoS = .unspecified) {}
    public func async(execute work: @escaping @Sendable @convention(block) () -> Void) {}
    @available(iOS 17, *) public func enqueue(_ job: consuming ExecutorJob) {}
    @available(iOS 17, *) public func asUnownedSerialExecutor() -> UnownedSerialExecutor { .init(ordinary: self) }
}
public final class CMSampleBuffer {}
public struct CMTime { public var seconds: Double }
public func CMSampleBufferGetImageBuffer(_ b: CMSampleBuffer) -> CVImageBuffer? { nil }
public func CMSampleBufferGetPresentationTimeStamp(_ b: CMSampleBuffer) -> CMTime { .init(seconds: 0) }
public enum AVMediaType { case video }
public enum AVAuthorizationStatus { case notDetermined, restricted, denied, authorized }
public class AVCaptureDevice: NSObject {
    public enum TorchMode: Int { case off, on, auto }
    public class func authorizationStatus(for: AVMediaType) -> AVAuthorizationStatus { .denied }
    public class func requestAccess(for: AVMediaType) async -> Bool { false }
    public class func `default`(for: AVMediaType) -> AVCaptureDevice? { nil }
    public var hasTorch: Bool { false }
    public var isTorchAvailable: Bool { false }
    public var torchMode: TorchMode = .off
    public func lockForConfiguration() throws {}
    public func unlockForConfiguration() {}
    public struct DeviceType: RawRepresentable, Hashable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let builtInWideAngleCamera = Self(rawValue: "w"), builtInDualWideCamera = Self(rawValue: "d"),
            builtInTripleCamera = Self(rawValue: "t")
    }
    public enum Position: Int { case unspecified, back, front }
    public enum FocusMode: Int { case locked, autoFocus, continuousAutoFocus }
    public enum ExposureMode: Int { case locked, autoExpose, continuousAutoExposure, custom }
    public enum AutoFocusRangeRestriction: Int { case none, near, far }
    public class Format: NSObject { public var videoFieldOfView: Float { 0 } }
    public class func `default`(_ t: DeviceType, for: AVMediaType?, position: Position) -> AVCaptureDevice? { nil }
    public class var subjectAreaDidChangeNotification: NSNotification.Name { .init("s") }
    public var isSubjectAreaChangeMonitoringEnabled = false
    public var activeFormat = Format()
    @available(iOS 15, *) public var minimumFocusDistance: Int { -1 }
    @available(iOS 13, *) public var virtualDeviceSwitchOverVideoZoomFactors: [NSNumber] { [] }
    public var minAvailableVideoZoomFactor: CGFloat { 1 }
    public var maxAvailableVideoZoomFactor: CGFloat { 1 }
    public var videoZoomFactor: CGFloat = 1
    public var isAutoFocusRangeRestrictionSupported: Bool { false }
    public var autoFocusRangeRestriction: AutoFocusRangeRestriction = .none
    public var isFocusPointOfInterestSupported: Bool { false }
    public var focusPointOfInterest: CGPoint = .zero
    public func isFocusModeSupported(_ m: FocusMode) -> Bool { false }
    public var focusMode: FocusMode = .locked
    public var isExposurePointOfInterestSupported: Bool { false }
    public var exposurePointOfInterest: CGPoint = .zero
    public func isExposureModeSupported(_ m: ExposureMode) -> Bool { false }
    public var exposureMode: ExposureMode = .locked
    public class RotationCoordinator: NSObject {
        public init(device: AVCaptureDevice, previewLayer: CALayer?) {}
        public var videoRotationAngleForHorizonLevelPreview: CGFloat { 0 }
        public func observe<V>(
            _ k: KeyPath<RotationCoordinator, V>, options: NSKeyValueObservingOptions, changeHandler: @escaping @Sendable (RotationCoordinator, Int) -> Void
        ) -> NSKeyValueObservation { .init() }
    }
}
public struct NSKeyValueObservingOptions: OptionSet {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let initial = Self(rawValue: 1), new = Self(rawValue: 2)
}
public final class NSKeyValueObservation {}
open class AVCaptureInput: NSObject {}
public final class AVCaptureDeviceInput: AVCaptureInput {
    public init(device: AVCaptureDevice) throws { self.device = device }
    public let device: AVCaptureDevice
}
open class AVCaptureOutput: NSObject { public func connection(with: AVMediaType) -> AVCaptureConnection? { nil } }
public final class AVCaptureConnection: NSObject {
    public func isVideoRotationAngleSupported(_ a: CGFloat) -> Bool { true }
    public var videoRotationAngle: CGFloat = 0
    public var isEnabled = true
}
public protocol AVCaptureVideoDataOutputSampleBufferDelegate: NSObjectProtocol {
    func captureOutput(_ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection)
}
public final class AVCaptureVideoDataOutput: AVCaptureOutput {
    public var videoSettings: [String: Any]! = [:]
    public var alwaysDiscardsLateVideoFrames = true
    public func setSampleBufferDelegate(_ d: (any AVCaptureVideoDataOutputSampleBufferDelegate)?, queue: DispatchSerialQueue?) {}
}
public final class AVCaptureSession: NSObject {
    public struct Preset { public static let hd1280x720 = Self() }
    public enum InterruptionReason: Int {
        case videoDeviceNotAvailableInBackground = 1
        case audioDeviceInUseByAnotherClient, videoDeviceInUseByAnotherClient, videoDeviceNotAvailableWithMultipleForegroundApps,
            videoDeviceNotAvailableDueToSystemPressure
    }
    public static let wasInterruptedNotification = Notification.Name("a"), interruptionEndedNotification = Notification.Name("b"),
        runtimeErrorNotification = Notification.Name("c")
    public var isRunning: Bool { false }
    @available(iOS 16, *) public var isMultitaskingCameraAccessSupported: Bool { false }
    @available(iOS 16, *) public var isMultitaskingCameraAccessEnabled = false
    public func startRunning() {}
    public func stopRunning() {}
    public var inputs: [AVCaptureInput] { [] }
    public func beginConfiguration() {}
    public func commitConfiguration() {}
    public func canSetSessionPreset(_ p: Preset) -> Bool { true }
    public var sessionPreset = Preset()
    public func canAddInput(_ i: AVCaptureInput) -> Bool { true }
    public func canAddOutput(_ i: AVCaptureOutput) -> Bool { true }
    public func addInput(_ i: AVCaptureInput) {}
    public func addOutput(_ i: AVCaptureOutput) {}
}
public let AVCaptureSessionInterruptionReasonKey = "r"
public let AVCaptureSessionErrorKey = "e"
public struct AVError: Error {
    public struct Code: RawRepresentable, Equatable, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let mediaServicesWereReset = Self(rawValue: -11819)
    }
    public let code: Code
}
public struct AVLayerVideoGravity { public static let resizeAspectFill = Self() }
public final class AVCaptureVideoPreviewLayer: CALayer {
    public init(session: AVCaptureSession) { super.init() }
    public override init() { super.init() }
    public var session: AVCaptureSession?
    public var videoGravity = AVLayerVideoGravity()
    public var connection: AVCaptureConnection? { nil }
}
