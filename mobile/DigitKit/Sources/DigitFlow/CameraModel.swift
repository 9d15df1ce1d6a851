import DigitKit
import Foundation
import Observation

/// The camera screen: permission, interruptions, torch, freezing, and the digit in the guide box.
@MainActor @Observable public final class CameraModel {
    public enum Phase: Equatable, Sendable {
        /// The screen is not shown.
        case off
        /// This device has no camera.
        case missing
        /// The system asks the person for permission.
        case asking
        case refused
        case starting
        case running
        /// Taken away for a while; comes back by itself.
        case interrupted(reason: String)
        /// Gone; comes back when the person tries again.
        case failed(reason: String)
    }

    public enum Torch: Sendable {
        case unavailable, off, on
    }

    public private(set) var phase = Phase.off
    /// Whether the screen must not go dark: a person points and touches nothing.
    public var keepsScreenOn: Bool { phase == .running && !isFrozen }
    public private(set) var torch = Torch.unavailable
    /// Whether the picture and the answer stand still.
    public private(set) var isFrozen = false
    public private(set) var reading = Reading.silent
    /// How many digits have settled so far: each is felt once.
    public private(set) var settled = 0
    /// One a label, smoothed; empty before the first frame.
    public private(set) var probabilities: [Double] = []
    /// Of frames read.
    public private(set) var framesPerSecond = 0.0
    /// What went wrong with the last frame; `nil` where nothing did.
    public private(set) var problem: String?
    /// Why the torch did not do as it was told; `nil` where it did.
    public private(set) var torchProblem: String?
    /// The upright frame's, in pixels; `nil` before the first.
    public private(set) var frameExtent: Extent?
    /// What a person calls it: 1 is the picture that cameras usually begin with.
    public var zoom: Double { (zoomFactor ?? 1) / (lens?.usualZoom ?? 1) }

    private let camera: any Camera
    private let shelf: ModelShelf
    private let history: HistoryModel?
    private let announce: @MainActor (String) -> Void
    private var view: Extent?
    private var lens: Lens?
    /// The camera's own; `nil` before there is one.
    private var zoomFactor: Double?
    private var isZoomChosen = false
    private var zoomBeforePinch: Double?
    private var feed: CameraFeed?
    private var starts = 0
    /// Whose probabilities the decider has seen.
    private var model: String?
    private var decider: Decider?
    private var rate = FrameRate()

    /// - Parameters:
    ///   - history: Keeps the digits that settle.
    ///   - announce: Tells a person who does not see the screen which digit has settled, and what becomes of the
    ///     camera.
    public init(
        camera: any Camera, shelf: ModelShelf, history: HistoryModel? = nil,
        announce: @escaping @MainActor (String) -> Void
    ) {
        self.camera = camera
        self.shelf = shelf
        self.history = history
        self.announce = announce
    }

    /// The screen is shown, or tried again: asks for permission where nobody has, and starts the camera.
    public func appear() async {
        switch phase {
        case .off, .missing, .refused, .failed: break
        case .asking, .starting, .running, .interrupted: return
        }
        guard camera.isPresent else {
            phase = .missing
            return
        }
        switch camera.permission {
        case .granted: await start()
        case .refused: phase = .refused
        case .undecided:
            phase = .asking
            let isGranted = await camera.askPermission()
            guard phase == .asking else { return }
            if isGranted { await start() } else { phase = .refused }
        }
    }

    /// The app is in front again: what could not be had may be there now. Behind another screen nothing starts.
    public func comeBack() async {
        if phase != .off { await appear() }
    }

    /// The screen is gone: the camera is given back.
    public func disappear() async {
        phase = .off
        feed?.finish()
        feed = nil
        starts += 1
        forget()
        isFrozen = false
        torch = .unavailable
        torchProblem = nil
        problem = nil
        await camera.stop()
    }

    /// The preview was laid out or turned.
    public func lay(out view: Extent) async {
        guard view != self.view else { return }
        self.view = view
        fitZoom()
        await reframe()
    }

    /// Two fingers zoom.
    ///
    /// - Parameter magnification: Of the picture as it was when they came down.
    public func pinch(by magnification: Double) {
        guard phase == .running, !isFrozen, let lens, let zoomFactor else { return }
        let before = zoomBeforePinch ?? zoomFactor
        zoomBeforePinch = before
        isZoomChosen = true
        zoom(to: lens.offered(before * magnification))
    }

    /// The fingers are lifted.
    public func endPinch() { zoomBeforePinch = nil }

    /// One step closer or further away, for those who do not pinch.
    public func zoomByStep(closer: Bool) {
        endPinch()
        pinch(by: closer ? 1.5 : 1 / 1.5)
        endPinch()
    }

    /// A finger touches the preview: that is what is to be sharp.
    ///
    /// - Parameters:
    ///   - x: From the preview's left, in its own unit.
    ///   - y: From the preview's top, in its own unit.
    public func focus(x: Double, y: Double) async {
        guard phase == .running, !isFrozen, let view, let frameExtent else { return }
        await camera.focus(at: GuideBox.place(x: x, y: y, in: view, frame: frameExtent))
    }

    public func toggleFreeze() {
        guard phase == .running else { return }
        isFrozen.toggle()
        if !isFrozen { forget() }
    }

    public func toggleTorch() async {
        guard phase == .running, torch != .unavailable else { return }
        let on = torch == .off
        do {
            try await camera.setTorch(on)
            guard phase == .running else { return }
            torch = on ? .on : .off
            torchProblem = nil
        } catch {
            torch = .off
            torchProblem = error.localizedDescription
            announce(error.localizedDescription)
        }
    }

    private func start() async {
        phase = .starting
        problem = nil
        starts += 1
        let this = starts
        self.feed?.finish()
        let feed = CameraFeed()
        self.feed = feed
        do {
            let abilities = try await camera.start(framing, feed: feed)
            guard this == starts else { return }
            torch = abilities.hasTorch ? .off : .unavailable
            lens = abilities.lens
            phase = .running
            fitZoom()
        } catch {
            guard this == starts else { return }
            phase = .failed(reason: error.localizedDescription)
            announce(error.localizedDescription)
            return
        }
        Task { await follow(feed.events) }
        Task { await read(feed.frames) }
    }

    private var framing: Framing { Framing(side: shelf.reader?.contract.side ?? 64, view: view) }

    private func reframe() async {
        guard feed != nil else { return }
        await camera.frame(framing)
    }

    /// Zooms so that handwriting is large enough in the guide box where the lens is sharp, unless a person chose a zoom.
    private func fitZoom() {
        guard let lens, phase == .running else { return }
        let usual = Extent(width: 9, height: 16)
        zoom(to: isZoomChosen ? zoomFactor.map(lens.offered) : lens.zoom(frame: frameExtent ?? usual, view: view))
    }

    private func zoom(to factor: Double?) {
        guard let factor else { return }
        zoomFactor = factor
        Task { if let zoomFactor { await camera.zoom(to: zoomFactor) } }  // the newest, whichever comes first
    }

    private func follow(_ events: AsyncStream<CameraEvent>) async {
        for await event in events {
            switch (event, phase) {
            case (.interrupted(let reason), .running):
                phase = .interrupted(reason: reason)
                forget()
                isFrozen = false
                if torch == .on { torch = .off }
                announce(reason)
            case (.resumed, .interrupted):
                phase = .running
                announce(String(localized: "The camera is back."))
            case (.lost, .running), (.lost, .interrupted):
                forget()
                isFrozen = false
                return await start()  // which is followed anew
            case (.failed(let reason), .running), (.failed(let reason), .interrupted):
                phase = .failed(reason: reason)
                forget()
                announce(reason)
            default: break
            }
        }
    }

    /// Reads one frame after the other; those that come meanwhile replace each other in the feed.
    private func read(_ frames: AsyncStream<Frame>) async {
        for await frame in frames {
            if frameExtent != frame.extent {
                frameExtent = frame.extent
                fitZoom()
            }
            guard phase == .running, !isFrozen else { continue }
            guard let reader = shelf.reader, let name = shelf.chosen else {
                forget()
                continue
            }
            guard frame.square.size == reader.contract.side else {
                await reframe()
                continue
            }
            do {
                let probabilities = try await reader.read(frame.square)
                guard phase == .running, !isFrozen, shelf.chosen == name else { continue }
                decide(probabilities, of: frame, by: name, reader.contract)
                if problem != nil { problem = nil }  // who looks at it is not told at every frame
            } catch {
                forget()
                problem = error.localizedDescription
            }
        }
    }

    private func decide(_ probabilities: [Double], of frame: Frame, by name: String, _ contract: Contract) {
        if model != name { forget() }
        model = name
        var decider = self.decider ?? Decider(contract)
        decider.threshold = shelf.threshold
        let decision = decider.update(probabilities, at: frame.time)
        self.decider = decider
        rate.count(at: frame.time)
        framesPerSecond = rate.perSecond
        reading = decision.reading
        self.probabilities = decision.probabilities
        if decision.announcement != nil, case .shown(let label, let confidence) = reading {
            settled += 1
            announce(label)
            history?.keep(KeptReading(frame.square, label: label, confidence: confidence, source: .camera))
        }
    }

    /// As if no frame had been read yet.
    private func forget() {
        decider = nil
        model = nil
        reading = .silent
        probabilities = []
        rate = FrameRate()
        framesPerSecond = 0
    }
}
