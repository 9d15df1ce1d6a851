import DigitKit
import Foundation
import Observation

/// The drawing screen: a pad that is read while a person draws on it.
@MainActor @Observable public final class DrawingModel {
    public private(set) var drawing = Drawing()
    public private(set) var reading = Reading.silent
    /// One a label; empty where nothing is drawn.
    public private(set) var probabilities: [Double] = []
    /// What went wrong with the last reading; `nil` where nothing did.
    public private(set) var problem: String?

    private let shelf: ModelShelf
    private let announce: @MainActor (String) -> Void
    private var isPenDown = false
    private var announced: String?
    private var pads = 0
    @ObservationIgnored private lazy var work = NewestWork { [weak self] in await self?.read() }

    /// - Parameter announce: Tells a person who does not see the screen which digit a finished stroke made.
    public init(shelf: ModelShelf, announce: @escaping @MainActor (String) -> Void) {
        self.shelf = shelf
        self.announce = announce
    }

    /// The pen touches the pad, or moves on it.
    public func draw(to point: PadPoint) {
        if isPenDown {
            drawing.extend(to: point)
        } else {
            isPenDown = true
            drawing.begin(at: point)
        }
        readAgain()
    }

    /// The pen is lifted, or taken away: the pad is gone, the system has another use for the finger.
    public func lift() {
        guard isPenDown else { return }
        isPenDown = false
        announceIfNew()
    }

    public func undo() {
        isPenDown = false
        drawing.undo()
        readAgain()
    }

    public func clear() {
        isPenDown = false
        drawing.clear()
        pads += 1
        readAgain()
    }

    /// Another model or threshold is in use.
    public func modelChanged() {
        announced = nil
        readAgain()
    }

    /// Reads the drawing as it is now; one reading at a time, and the next one is of the newest drawing.
    private func readAgain() {
        if drawing.isEmpty { forget() }
        work.ask()
    }

    private func read() async {
        guard !drawing.isEmpty, let reader = shelf.reader else { return forget() }
        let pad = pads
        do {
            let probabilities = try await reader.read(drawing)
            guard pad == pads, !drawing.isEmpty else { return }
            self.probabilities = probabilities
            reading = reader.contract.verdict(probabilities, threshold: shelf.threshold)
            problem = nil
            announceIfNew()
        } catch {
            forget()
            problem = error.localizedDescription
        }
    }

    private func announceIfNew() {
        guard !isPenDown, !work.isWanted, case .shown(let label, _) = reading, label != announced else { return }
        announced = label
        announce(label)
    }

    private func forget() {
        reading = .silent
        probabilities = []
        announced = nil
        problem = nil
    }
}
