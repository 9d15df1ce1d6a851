import DigitKit
import Foundation
import Observation

/// The drawing screen: a pad that is read while a person draws on it.
@MainActor @Observable public final class DrawingModel {
    public private(set) var drawing = Drawing()
    public let still: StillReading

    private var isPenDown = false

    /// - Parameters:
    ///   - history: Keeps the last digit of every drawing.
    ///   - announce: Tells a person who does not see the screen which digit a finished stroke made.
    public init(
        shelf: ModelShelf, history: HistoryModel? = nil, announce: @escaping @MainActor (String) -> Void
    ) {
        still = StillReading(.drawing, shelf: shelf, history: history, announce: announce)
    }

    /// The pen touches the pad, or moves on it.
    public func draw(to point: PadPoint) {
        if isPenDown {
            drawing.extend(to: point)
        } else {
            isPenDown = true
            drawing.begin(at: point)
        }
        show()
    }

    /// The pen is lifted, or taken away: the pad is gone, the system has another use for the finger.
    public func lift() {
        guard isPenDown else { return }
        isPenDown = false
        still.letGo()
    }

    public func undo() {
        isPenDown = false
        drawing.undo()
        show()
    }

    public func clear() {
        isPenDown = false
        drawing.clear()
        show()
    }

    private func show() {
        guard !drawing.isEmpty else { return still.clear() }
        let drawing = drawing
        still.show(held: isPenDown) { $0.square(of: drawing) }
    }
}
