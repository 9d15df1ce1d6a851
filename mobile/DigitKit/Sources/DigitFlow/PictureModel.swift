import DigitKit
import Foundation
import Observation

/// The picture screen: a picture from the library, the clipboard or another app, and a box over it that is read.
@MainActor @Observable public final class PictureModel {
    public private(set) var picture: GreyPicture?
    /// Where it is read; `nil` where there is no picture.
    public private(set) var box: PictureBox?
    public let still: StillReading

    private var fingers: Fingers?

    /// - Parameters:
    ///   - history: Keeps the digits that are found.
    ///   - announce: Tells a person who does not see the screen which digit is in the box.
    public init(
        shelf: ModelShelf, history: HistoryModel? = nil, announce: @escaping @MainActor (String) -> Void
    ) {
        still = StillReading(.picture, shelf: shelf, history: history, announce: announce)
    }

    public func open(_ picture: GreyPicture) {
        self.picture = picture
        box = PictureBox(in: picture.extent)
        fingers = nil
        still.clear()
        show()
    }

    /// The picture could not be opened; the one before stays.
    public func fail(_ error: any Error) {
        still.fail(error)
    }

    /// A finger moves the box.
    ///
    /// - Parameters:
    ///   - x: To the right since it came down, in the picture's pixels.
    ///   - y: Down since it came down, in the picture's pixels.
    public func drag(x: Double, y: Double) {
        change { ($0.x, $0.y) = (x, y) }
    }

    /// Two fingers scale the box.
    ///
    /// - Parameter factor: Of the side that it had when they came down.
    public func pinch(by factor: Double) {
        change { $0.factor = factor }
    }

    /// The fingers are lifted, or taken away.
    public func lift() {
        fingers = nil
        still.letGo()
    }

    private func change(_ move: (inout Fingers) -> Void) {
        guard let box else { return }
        var fingers = self.fingers ?? Fingers(box: box)
        move(&fingers)
        self.fingers = fingers
        self.box = fingers.box.scaled(by: fingers.factor).moved(x: fingers.x, y: fingers.y)
        show()
    }

    private func show() {
        guard let picture, let box else { return }
        still.show(held: fingers != nil) { picture.square(in: box, for: $0) }
    }
}

/// What fingers have done to a box since they came down on it.
private struct Fingers {
    let box: PictureBox
    var x = 0.0
    var y = 0.0
    var factor = 1.0
}
