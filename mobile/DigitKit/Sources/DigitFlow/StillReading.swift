import DigitKit
import Foundation
import Observation

/// What a network says of something that stands still until a hand changes it: a drawing, a box over a picture.
///
/// One square is read at a time, the newest next. A digit is said and kept when no hand is on it.
@MainActor @Observable public final class StillReading {
    public private(set) var reading = Reading.silent
    /// One a label; empty where there is nothing to read.
    public private(set) var probabilities: [Double] = []
    /// What went wrong; `nil` where nothing did.
    public private(set) var problem: String?

    /// What a person may put right: the reading that is shown, as it is kept; none while a hand is on it.
    public var correctable: KeptReading.ID? {
        guard !isHeld, let kept, kept == shown, let history else { return nil }
        return history.readings.contains { $0.id == kept.id } ? kept.id : nil
    }

    private let shelf: ModelShelf
    private let history: HistoryModel?
    private let source: KeptReading.Source
    private let announce: @MainActor (String) -> Void
    /// Makes the square to read; `nil` where there is nothing to read.
    private var subject: ((Contract) -> GreyImage?)?
    private var isHeld = false
    /// What the reading is of.
    private var square: GreyImage?
    private var announced: String?
    private var kept: Kept?
    /// The model that has said what was read last.
    private var model: String?
    private var clearings = 0
    @ObservationIgnored private lazy var work = NewestWork { [weak self] in await self?.read() }

    /// - Parameters:
    ///   - source: What the squares are cut out of. Of a drawing the last digit is kept, of a picture every one, of a box that is only
    ///     moved over the same the last.
    ///   - announce: Tells a person who does not see the screen which digit it is.
    init(
        _ source: KeptReading.Source, shelf: ModelShelf, history: HistoryModel?,
        announce: @escaping @MainActor (String) -> Void
    ) {
        self.source = source
        self.shelf = shelf
        self.history = history
        self.announce = announce
    }

    /// Another model or threshold is in use. Another model's answer is said though it may be the same.
    public func modelChanged() {
        if shelf.chosen != model { announced = nil }
        work.ask()
    }

    /// There is something new to read.
    ///
    /// - Parameters:
    ///   - held: Whether a hand is still at it.
    ///   - subject: Makes a square as a model wants it.
    func show(held: Bool, _ subject: @escaping (Contract) -> GreyImage?) {
        isHeld = held
        self.subject = subject
        work.ask()
    }

    /// The hand is gone.
    func letGo() {
        isHeld = false
        if !work.isRunning { announceIfNew() }  // or what is being read is of the place where the hand was last
    }

    /// There is nothing to read any more; what comes next is something else.
    func clear() {
        subject = nil
        isHeld = false
        kept = nil
        clearings += 1
        forget()
    }

    /// What should be read is not there; what was read before stays.
    func fail(_ error: any Error) {
        problem = error.localizedDescription
        announce(error.localizedDescription)
    }

    private func read() async {
        guard let reader = shelf.reader, let square = subject?(reader.contract) else { return forget() }
        let clearing = clearings
        do {
            let probabilities = try await reader.read(square)
            guard clearing == clearings else { return }
            self.probabilities = probabilities
            self.square = square
            model = shelf.chosen
            reading = reader.contract.verdict(probabilities, threshold: shelf.threshold)
            problem = nil
            leaveWhatIsNotShown()
            announceIfNew()
        } catch {
            guard clearing == clearings else { return }
            forget()
            problem = error.localizedDescription
        }
    }

    private func announceIfNew() {
        guard !isHeld, !work.isWanted, case .shown(let label, let confidence) = reading else { return }
        if label != announced {
            announced = label
            announce(label)
        }
        guard let square, let history, kept == nil || kept != shown else { return }
        let reading = KeptReading(square, label: label, confidence: confidence, source: source)
        // The same digit in a box that was moved a little is the better reading of it, as a finished drawing is.
        let isSame = source == .drawing || kept?.label == label
        history.keep(reading, replacing: isSame ? kept?.id : nil)
        kept = Kept(id: reading.id, square: square, label: label)
    }

    /// Over nothing, or over another digit, the box has left the one before: what comes next is a new one, though it may
    /// be called the same. Where the square is the same, the threshold alone has moved.
    private func leaveWhatIsNotShown() {
        if case .shown(let label, _) = reading, source == .drawing || kept.map({ $0.label == label }) ?? true { return }
        if case .silent = reading, let kept, kept.square == square { return }
        announced = nil
        if source == .picture { kept = nil }
    }

    /// What is shown as it would be kept, under the name of what is kept; `nil` where nothing is.
    private var shown: Kept? {
        guard let kept, let square, case .shown(let label, _) = reading else { return nil }
        return Kept(id: kept.id, square: square, label: label)
    }

    private func forget() {
        reading = .silent
        probabilities = []
        announced = nil
        problem = nil
    }
}

/// A reading that is in the history, and of what it is.
private struct Kept: Equatable {
    let id: KeptReading.ID
    let square: GreyImage
    let label: String
}
