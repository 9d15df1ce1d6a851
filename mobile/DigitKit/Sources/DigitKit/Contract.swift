import Foundation

/// What a model says of itself: one JSON object that `kit export` puts under the metadata key `kit.contract`.
public struct Contract: Sendable, Equatable, Decodable {
    /// How the square that the network takes is made of a frame.
    public enum Crop: String, Sendable, Decodable {
        /// The guide box as the camera sees it.
        case box
        /// The ink alone, white on black, centred by its mass.
        case centred
    }

    /// Which ink on which paper the network knows.
    public enum Polarity: String, Sendable, Decodable {
        case any
        case whiteOnBlack = "white on black"
    }

    /// The kind of the model's input feature.
    public enum Input: String, Sendable, Decodable {
        /// The feature `image`, a grey picture.
        case image
        /// The feature `pixels`, a multi-array.
        case array
    }

    /// The key of the model's user-defined metadata.
    public static let metadataKey = "kit.contract"

    /// The only version that this code knows.
    public static let version = 1

    /// The sides of a square, in pixels, that are taken for sensible.
    static let sizes = 8...1024

    /// The kinds of file, and the precisions, that an export has.
    static let formats: Set = ["mlprogram", "neuralnetwork", "tflite", "onnx"]
    static let precisions: Set = ["float16", "float32"]

    /// How far from 1 the probabilities may add up: more than float16 can be off for a thousand labels.
    static let roundingOfSums = 0.02

    /// What the outputs stand for, in order.
    public let labels: [String]
    /// The label of a picture without a digit; `nil` where the network knows none.
    public let background: String?
    /// Side of the square that the network takes, in pixels.
    public let size: Int
    public let polarity: Polarity
    public let crop: Crop
    /// The confidence below which nothing is shown, 0 to 1.
    public let threshold: Double
    public let input: Input
    /// The run that the model was exported from.
    public let run: String
    /// Share of the validation rows read right, 0 to 1.
    public let validationAccuracy: Double
    public let format: String
    public let precision: String
    public let compression: String?
    public let target: String?
    /// SHA-256 of the weights.
    public let weights: String

    private enum CodingKeys: String, CodingKey {
        case version, labels, background, size, pixels, polarity, crop, threshold, input, run, format, precision
        case compression, target, settings, weights, computation
        case validationAccuracy = "validation_accuracy"
    }

    /// Reads the contract of a model.
    ///
    /// - Parameter metadata: The model's user-defined metadata.
    /// - Throws: `ContractError`, which names what is wrong.
    public init(metadata: [String: String]) throws {
        guard let text = metadata[Self.metadataKey] else { throw ContractError.missing }
        try self.init(json: Data(text.utf8))
    }

    init(json: Data) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: json)
        } catch let DecodingError.keyNotFound(key, _) {
            throw ContractError.fault(key.stringValue)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context)
        {
            throw ContractError.fault(context.codingPath.first?.stringValue ?? "JSON")
        }
    }

    /// Decodes and checks every field; `Contract(metadata:)` turns what is wrong into a `ContractError`.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        guard try fields.decode(Int.self, forKey: .version) == Self.version else {
            throw ContractError.fault("version")
        }
        labels = try fields.decode([String].self, forKey: .labels)
        background = try fields.decode(String?.self, forKey: .background)
        size = try fields.decode(Int.self, forKey: .size)
        polarity = try fields.decode(Polarity.self, forKey: .polarity)
        crop = try fields.decode(Crop.self, forKey: .crop)
        threshold = try fields.decode(Double.self, forKey: .threshold)
        input = try fields.decode(Input.self, forKey: .input)
        run = try fields.decode(String.self, forKey: .run)
        validationAccuracy = try fields.decode(Double.self, forKey: .validationAccuracy)
        format = try fields.decode(String.self, forKey: .format)
        precision = try fields.decode(String.self, forKey: .precision)
        compression = try fields.decode(String?.self, forKey: .compression)
        target = try fields.decode(String?.self, forKey: .target)
        let pixels = try fields.decode([Int].self, forKey: .pixels)
        let settings = try fields.decode(String.self, forKey: .settings)
        weights = try fields.decode(String.self, forKey: .weights)
        let computation = try fields.decodeIfPresent(String.self, forKey: .computation)

        let checks: [(String, Bool)] = [
            ("labels", !labels.isEmpty && Set(labels).count == labels.count && labels.allSatisfy(Self.isLine)),
            ("background", background.map(labels.contains) ?? true),
            ("size", Self.sizes.contains(size)),
            ("pixels", pixels == [0, 255]),
            ("threshold", (0...1).contains(threshold)),
            ("run", Self.isLine(run)),
            ("validation_accuracy", (0...1).contains(validationAccuracy)),
            ("format", Self.formats.contains(format)),
            ("precision", Self.precisions.contains(precision)),
            ("compression", compression.map(Self.isLine) ?? true),
            ("target", target.map(Self.isLine) ?? true),
            ("settings", Self.isDigest(settings)),
            ("weights", Self.isDigest(weights)),
            ("computation", computation.map(Self.isDigest) ?? true),
        ]
        if let (field, _) = checks.first(where: { !$0.1 }) { throw ContractError.fault(field) }
    }

    /// Whether a text is one line, and not a long one.
    private static func isLine(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        return (1...300).contains(scalars.count) && scalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
    }

    /// Whether a text is a SHA-256 in hexadecimal digits.
    private static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}

extension Contract {
    /// Whether the network can say that there is no digit at all.
    public var knowsBackground: Bool { background != nil }

    /// Side of the grey square to make of a frame or of a drawing, in pixels: for ink that is yet to be found and
    /// centred, more than the network takes.
    public var side: Int { crop == .centred ? size * Centring.scale : size }

    /// The pixels for the network, `size` × `size`, of a square of `side` × `side`.
    public func pixels(of square: GreyImage) -> GreyImage {
        crop == .centred ? Centring.centred(square, size: size).rounded() : square
    }

    /// Checks what a network said: Core ML is known to answer zeros, or no numbers at all, where a processor fails it.
    ///
    /// - Parameter probabilities: One a label, in order.
    /// - Returns: The same.
    /// - Throws: `AnswerError` where they are not shares of one whole.
    public func checked(_ probabilities: [Double]) throws -> [Double] {
        guard probabilities.count == labels.count, probabilities.allSatisfy(\.isFinite) else {
            throw AnswerError.noNumbers
        }
        let sum = probabilities.reduce(0, +)
        guard abs(sum - 1) <= Self.roundingOfSums, probabilities.allSatisfy({ $0 >= -Self.roundingOfSums }) else {
            throw AnswerError.noShares(sum: sum)
        }
        return probabilities
    }

    /// A drawing as the square of `side` × `side`, in the colours that the network knows.
    public func square(of drawing: Drawing) -> GreyImage {
        switch polarity {
        case .any: drawing.rendered(size: side).rounded()
        case .whiteOnBlack: drawing.rendered(size: side, paper: 0, ink: 255).rounded()
        }
    }

    /// The digit to show for one picture by itself.
    ///
    /// - Parameters:
    ///   - probabilities: One a label, in order.
    ///   - threshold: The confidence to show it with; the contract's own where none is given.
    /// - Returns: `shown`, or `silent` for background, below the threshold and where the probabilities make no sense.
    public func verdict(_ probabilities: [Double], threshold: Double? = nil) -> Reading {
        guard probabilities.count == labels.count, probabilities.allSatisfy(\.isFinite),
            let best = probabilities.indexOfFirstMaximum, labels[best] != background,
            probabilities[best] >= threshold ?? self.threshold
        else { return .silent }
        return .shown(label: labels[best], confidence: probabilities[best])
    }
}

/// Why a model's contract cannot be used.
public enum ContractError: Error, Equatable, LocalizedError {
    /// The model has none: it was not exported by `kit export`.
    case missing
    /// The field that is missing, of the wrong kind or out of range; "JSON" where there is none to name.
    case fault(String)

    public var errorDescription: String? {
        switch self {
        case .missing: String(localized: "The model has no contract: export it with kit export.")
        case .fault(let field):
            String(localized: "The model's contract has a fault (\(field)): export it again with this app's kit.")
        }
    }
}

/// Why a network's answer cannot be used.
public enum AnswerError: Error, Equatable, LocalizedError {
    /// Too few numbers, too many, or some that are not finite.
    case noNumbers
    /// Numbers that are no shares of one whole.
    case noShares(sum: Double)

    public var errorDescription: String? {
        switch self {
        case .noNumbers:
            String(
                localized: """
                    The model gives no numbers for its labels. \
                    Start the app again; if that goes on, export the model again.
                    """)
        case .noShares(let sum):
            String(
                localized: """
                    The model's probabilities add up to \(sum.formatted(.number.precision(.fractionLength(2)))), \
                    not to 1. Start the app again; if that goes on, export the model again.
                    """)
        }
    }
}
