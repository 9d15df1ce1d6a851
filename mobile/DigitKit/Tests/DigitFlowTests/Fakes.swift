import DigitFlow
import DigitKit
import Foundation
import Testing

/// Waits, at most five seconds, until something holds that other tasks bring about.
@MainActor func eventually(
    _ condition: () async -> Bool, _ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation
) async {
    for _ in 0..<1000 {
        if await condition() { return }
        try? await Task.sleep(for: .milliseconds(5))
    }
    Issue.record(comment ?? "did not come about", sourceLocation: location)
}

/// Gives tasks that should do nothing the time to do it.
func aMoment() async {
    try? await Task.sleep(for: .milliseconds(50))
}

struct Trouble: LocalizedError {
    let errorDescription: String?

    init(_ words: String) { errorDescription = words }
}

let eleven = (0...9).map(String.init) + ["background"]

func contract(
    side: Int = 16, threshold: Double = 0.6, centred: Bool = false, weights: String = "cd"
) throws -> Contract {
    let fields: [String: Any] = [
        "version": 1, "labels": centred ? Array(eleven.dropLast()) : eleven,
        "background": centred ? NSNull() : "background", "size": side, "pixels": [0, 255],
        "polarity": centred ? "white on black" : "any", "crop": centred ? "centred" : "box", "threshold": threshold,
        "run": "1-fake", "input": "image", "validation_accuracy": 1, "format": "mlprogram", "precision": "float16",
        "compression": NSNull(), "target": "iOS17", "settings": String(repeating: "ab", count: 32),
        "weights": String(repeating: weights, count: 32),
    ]
    let text = String(decoding: try JSONSerialization.data(withJSONObject: fields), as: UTF8.self)
    return try Contract(metadata: [Contract.metadataKey: text])
}

/// Reads a digit from the grey of the first pixel: 0 to 9, and background from 10 on. May wait at a gate.
actor FakeReader: DigitReader {
    nonisolated let contract: Contract
    private(set) var squares: [GreyImage] = []
    private(set) var mostAtOnce = 0
    private var atOnce = 0
    private var isOpen = true
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var trouble: Trouble?
    private var answer: [Double]?

    init(_ contract: Contract) { self.contract = contract }

    func probabilities(of pixels: GreyImage) async throws -> [Double] {
        squares.append(pixels)
        atOnce += 1
        mostAtOnce = max(mostAtOnce, atOnce)
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
        atOnce -= 1
        if let trouble { throw trouble }
        if let answer { return answer }
        let label = min(Int(pixels.pixels[0]), contract.labels.count - 1)
        return contract.labels.indices.map { $0 == label ? 0.9 : 0.1 / Double(contract.labels.count - 1) }
    }

    /// Readings wait from now on until the gate opens.
    func closeGate() { isOpen = false }

    /// Lets one waiting reading through.
    func letOneThrough() { if !waiting.isEmpty { waiting.removeFirst().resume() } }

    func openGate() {
        isOpen = true
        waiting.forEach { $0.resume() }
        waiting = []
    }

    func fail(with trouble: Trouble?) { self.trouble = trouble }

    /// Answers so from now on, whatever it is shown; `nil` goes back to reading.
    func answer(_ answer: [Double]?) { self.answer = answer }

    var isWaiting: Bool { !waiting.isEmpty }
}

/// Models by name; a name without a model cannot be opened.
struct FakeSource: ModelSource {
    let names: [String]
    let readers: [String: FakeReader]
    var gate: Gate?

    init(_ readers: [(String, FakeReader?)], gate: Gate? = nil) {
        names = readers.map(\.0)
        self.readers = Dictionary(
            uniqueKeysWithValues: readers.compactMap { name, reader in reader.map { (name, $0) } })
        self.gate = gate
    }

    func open(_ name: String) async throws -> any DigitReader {
        await gate?.pass(name)
        guard let reader = readers[name] else { throw Trouble("It is damaged.") }
        return reader
    }
}

/// Holds whoever comes by until let through by name.
actor Gate {
    private var waiting: [String: CheckedContinuation<Void, Never>] = [:]

    func pass(_ name: String) async { await withCheckedContinuation { waiting[name] = $0 } }

    func letThrough(_ name: String) { waiting.removeValue(forKey: name)?.resume() }

    func holds(_ name: String) -> Bool { waiting[name] != nil }
}

@MainActor final class FakePreferences: Preferences {
    var model: String?
    var thresholds: [String: Double] = [:]

    func threshold(of model: String) -> Double? { thresholds[model] }

    func setThreshold(_ threshold: Double?, of model: String) { thresholds[model] = threshold }
}

@MainActor final class FakeHistoryStore: HistoryStore {
    var saved: [KeptReading] = []
    var trouble: Trouble?
    var unreadable: Trouble?

    func load() throws -> [KeptReading] {
        if let unreadable { throw unreadable }
        return saved
    }

    func save(_ readings: [KeptReading]) throws {
        if let trouble { throw trouble }
        saved = readings
    }
}

/// A camera that a test drives. Its lock makes it usable from every thread, as a real one is.
final class FakeCamera: Camera, @unchecked Sendable {
    struct State {
        var isPresent = true
        var permission = Permission.granted
        var answer = true
        var hasTorch = true
        var startTrouble: Trouble?
        var torchTrouble: Trouble?
        var startGate: Gate?
        var askGate: Gate?
        var log: [String] = []
        var framing: Framing?
        var feed: CameraFeed?
        var lens = Lens(nearestFocus: 200, fieldOfView: 70, zooms: 1...16)
        var zoom: Double?
        var focus: FramePlace?
    }

    private let lock = NSLock()
    private var locked = State()

    func with<Result>(_ change: (inout State) -> Result) -> Result { lock.withLock { change(&locked) } }

    var isPresent: Bool { with { $0.isPresent } }

    var permission: Permission { with { $0.permission } }

    func askPermission() async -> Bool {
        await with { $0.askGate }?.pass("ask")
        return with {
            $0.log.append("asked")
            $0.permission = $0.answer ? .granted : .refused
            return $0.answer
        }
    }

    func start(_ framing: Framing, feed: CameraFeed) async throws -> CameraAbilities {
        await with { $0.startGate }?.pass("start")
        with {
            $0.log.append("started")
            $0.framing = framing
            $0.feed = feed
        }
        if let trouble = with({ $0.startTrouble }) { throw trouble }
        return with { CameraAbilities(hasTorch: $0.hasTorch, lens: $0.lens) }
    }

    func frame(_ framing: Framing) async { with { $0.framing = framing } }

    func zoom(to factor: Double) async { with { $0.zoom = factor } }

    func focus(at place: FramePlace) async { with { $0.focus = place } }

    func stop() async { with { $0.log.append("stopped") } }

    func setTorch(_ on: Bool) async throws {
        if let trouble = with({ $0.torchTrouble }) { throw trouble }
        with { $0.log.append(on ? "torch on" : "torch off") }
    }

    var log: [String] { with { $0.log } }

    /// A frame full of one grey, squared as the framing says.
    func see(_ grey: UInt8, at time: Double, side: Int? = nil) {
        let (framing, feed) = with { ($0.framing, $0.feed) }
        guard let framing, let feed else { return }
        let side = side ?? framing.side
        guard let square = GreyImage(size: side, pixels: .init(repeating: grey, count: side * side)) else { return }
        feed.send(Frame(square: square, time: time, extent: Extent(width: 1080, height: 1920)))
    }

    func tell(_ event: CameraEvent) { with { $0.feed }?.send(event) }
}
