import Foundation

/// A digit that was read, with the square that it was read from.
public struct KeptReading: Sendable, Equatable, Identifiable, Codable {
    /// What the square was cut out of; also the name of its kind in an export.
    public enum Source: String, Sendable, Codable {
        case camera, drawing, picture
    }

    public let id: UUID
    public let date: Date
    public let source: Source
    /// As a network said.
    public let label: String
    /// Its probability.
    public let confidence: Double
    /// As a person says; `nil` where nobody did.
    public var truth: String?
    private let size: Int
    private let pixels: Data

    public init(
        _ square: GreyImage, label: String, confidence: Double, source: Source, date: Date = Date(), id: UUID = UUID()
    ) {
        self.id = id
        self.date = date
        self.source = source
        self.label = label
        self.confidence = confidence
        size = square.size
        pixels = Data(square.pixels)
    }

    /// `nil` where what was stored is no square.
    public var square: GreyImage? { GreyImage(size: size, pixels: Array(pixels)) }

    /// Where it belongs in a folder that `kit analyze --photos` judges; `nil` where no person has labelled it.
    ///
    /// - Parameter background: The label of a square without a digit.
    public func path(background: String) -> String? {
        guard let truth else { return nil }
        let name = "\(Int(date.timeIntervalSince1970))-\(id.uuidString.prefix(8)).png"
        let folder = truth == background ? "background/\(source.rawValue)" : "digits/\(source.rawValue)/\(truth)"
        return "\(folder)/\(name)"
    }
}
