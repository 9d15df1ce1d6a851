import DigitKit

/// Reads one picture without a screen, as a shortcut asks for it: in the box in the middle, with the model and the
/// threshold in use.
@MainActor public final class PictureReader {
    private let shelf: ModelShelf
    private let history: HistoryModel?

    /// - Parameter history: Keeps the digits that are found.
    public init(shelf: ModelShelf, history: HistoryModel? = nil) {
        self.shelf = shelf
        self.history = history
    }

    /// Opens the model where it is not open yet; an app that a shortcut starts has no screen that did.
    ///
    /// - Returns: The digit's label; `nil` where there is none.
    /// - Throws: An error whose description a person can understand: no model, or one that fails.
    public func digit(in picture: GreyPicture) async throws -> String? {
        let reader = try await shelf.opened()
        let threshold = shelf.threshold
        guard let square = picture.square(in: PictureBox(in: picture.extent), for: reader.contract) else { return nil }
        let probabilities = try await reader.read(square)
        guard case .shown(let label, let confidence) = reader.contract.verdict(probabilities, threshold: threshold)
        else { return nil }
        history?.keep(KeptReading(square, label: label, confidence: confidence, source: .picture))
        return label
    }
}
