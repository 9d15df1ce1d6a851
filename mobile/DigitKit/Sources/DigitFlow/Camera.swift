import DigitKit

/// Whether the app may use the camera.
public enum Permission: Sendable {
    case undecided, granted
    /// By the person or by the device's rules.
    case refused
}

/// How to make a square of a frame.
public struct Framing: Sendable, Equatable {
    /// The square's side in pixels.
    public let side: Int
    /// The preview that the frame fills; `nil` before it is laid out.
    public let view: Extent?

    public init(side: Int, view: Extent?) {
        self.side = side
        self.view = view
    }

    /// What a frame becomes: the guide box, upright, `side` × `side`.
    public func square(of plane: LumaPlane, turns: Int = 0) -> GreyImage {
        let region = GuideBox.region(width: plane.width, height: plane.height, turns: turns, view: view)
        return plane.reduced(region, to: side, turns: turns)
    }
}

/// What of a camera's frame goes on to the network.
public struct Frame: Sendable {
    /// The guide box.
    public let square: GreyImage
    /// When it was taken, in seconds of the camera's clock.
    public let time: Double
    /// The whole frame's, upright, in pixels.
    public let extent: Extent

    public init(square: GreyImage, time: Double, extent: Extent) {
        self.square = square
        self.time = time
        self.extent = extent
    }
}

/// What a camera can do.
public struct CameraAbilities: Sendable, Equatable {
    public let hasTorch: Bool
    public let lens: Lens

    public init(hasTorch: Bool, lens: Lens) {
        self.hasTorch = hasTorch
        self.lens = lens
    }
}

/// What happens to a camera that was started.
public enum CameraEvent: Sendable, Equatable {
    /// Taken away for a while: by a call, by another app.
    case interrupted(reason: String)
    case resumed
    /// The system's media services were lost and are there again: the camera is to be started anew.
    case lost
    /// It stopped by itself and does not come back by itself.
    case failed(reason: String)
}

/// The way of frames and events from a camera, on any thread, to the camera's model.
///
/// At most one frame waits. One that comes while another waits takes its place, so what is read next is always the
/// newest, and a reader slower than the camera drops frames instead of falling behind.
public struct CameraFeed: Sendable {
    let frames: AsyncStream<Frame>
    let events: AsyncStream<CameraEvent>
    private let sendFrame: AsyncStream<Frame>.Continuation
    private let sendEvent: AsyncStream<CameraEvent>.Continuation

    init() {
        (frames, sendFrame) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (events, sendEvent) = AsyncStream.makeStream()
    }

    public func send(_ frame: Frame) { sendFrame.yield(frame) }

    public func send(_ event: CameraEvent) { sendEvent.yield(event) }

    func finish() {
        sendFrame.finish()
        sendEvent.finish()
    }
}

/// A camera; on the phone, AVFoundation's.
///
/// It does what it is told in the order in which it is told.
public protocol Camera: Sendable {
    /// Whether the device has one: a simulator has none, and nobody need be asked.
    var isPresent: Bool { get }

    var permission: Permission { get }

    /// Asks the person, who answers once and for all.
    func askPermission() async -> Bool

    /// Starts, and sends what it sees into the feed until it is stopped.
    ///
    /// - Throws: An error whose description a person can understand.
    func start(_ framing: Framing, feed: CameraFeed) async throws -> CameraAbilities

    /// Changes how squares are made from the next frame on.
    func frame(_ framing: Framing) async

    /// Stops, also where it is interrupted or does not run: it must not come back by itself.
    func stop() async

    /// - Parameter factor: One that its lens offers.
    func zoom(to factor: Double) async

    /// Focuses there and measures the light there, until the scene changes.
    ///
    /// - Parameter place: In the upright frame.
    func focus(at place: FramePlace) async

    /// - Throws: Where the torch cannot be used now: too hot, or in use.
    func setTorch(_ on: Bool) async throws
}
