import DigitKit
import Foundation
import Observation

/// The picture screen: a picture from the library, the clipboard or another app, and a box over it that is read.
@MainActor @Observable public final class PictureModel {
    public private(set) var picture: GreyPicture?
    /// Where it is read; `nil` where there is no picture.
    public private(set) var box: PictureBox?
    public private(set) var reading = Reading.silent
    /// One a label; empty where there is no picture.
    public private(set) var probabilities: [Double] = []
    /// What went wrong with the picture or its reading; `nil` where nothing did.
    public private(set) var problem: String?

    private let shelf: ModelShelf
    private let announce: @MainActor (String) -> Void
    private var fingers: Fingers?
    private var announced: String?
    @ObservationIgnored private lazy var work = NewestWork { [weak self] in await self?.read() }

    /// - Parameter announce: Tells a person who does not see the screen which digit is in the box.
    public init(shelf: ModelShelf, announce: @escaping @MainActor (String) -> Void) {
        self.shelf = shelf
        self.announce = announce
    }

    public func open(_ picture: GreyPicture) {
        self.picture = picture
        box = PictureBox(in: picture.extent)
        fingers = nil
        announced = nil
        forget()
        work.ask()
    }

    /// The picture could not be opened; the one before stays.
    public func fail(_ error: any Error) {
        problem = error.localizedDescription
        announce(error.localizedDescription)
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
        announceIfNew()
    }

    private func change(_ move: (inout Fingers) -> Void) {
        guard let box else { return }
        var fingers = self.fingers ?? Fingers(box: box)
        move(&fingers)
        self.fingers = fingers
        self.box = fingers.box.scaled(by: fingers.factor).moved(x: fingers.x, y: fingers.y)
        work.ask()
    }

    /// Another model or threshold is in use.
    public func modelChanged() {
        announced = nil
        work.ask()
    }

    private func read() async {
        guard let picture, let box, let reader = shelf.reader else { return forget() }
        do {
            guard let square = picture.reduced(box.region, to: reader.contract.side) else { return forget() }
            let probabilities = try await reader.read(square)
            guard picture == self.picture else { return }
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
        guard fingers == nil, !work.isWanted, case .shown(let label, _) = reading, label != announced else { return }
        announced = label
        announce(label)
    }

    private func forget() {
        reading = .silent
        probabilities = []
        problem = nil
    }
}

/// What fingers have done to a box since they came down on it.
private struct Fingers {
    let box: PictureBox
    var x = 0.0
    var y = 0.0
    var factor = 1.0
}
