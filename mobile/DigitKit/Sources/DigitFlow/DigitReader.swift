import DigitKit

/// A model that is loaded and ready to read.
public protocol DigitReader: Sendable {
    var contract: Contract { get }

    /// What the network says of the pixels it takes, `contract.size` squared.
    ///
    /// - Returns: Probabilities, one a label, in the contract's order.
    func probabilities(of pixels: GreyImage) async throws -> [Double]
}

extension DigitReader {
    /// What the network says of a square of `contract.side` squared.
    ///
    /// - Throws: What the network fails with, and `AnswerError` where its answer makes no sense.
    func read(_ square: GreyImage) async throws -> [Double] {
        try contract.checked(await probabilities(of: contract.pixels(of: square)))
    }
}

/// Where models come from: on the phone, the app's bundle.
public protocol ModelSource: Sendable {
    /// The names of the models that are there, in the order to show them.
    var names: [String] { get }

    func open(_ name: String) async throws -> any DigitReader
}

/// What outlives the app: on the phone, the user defaults.
@MainActor public protocol Preferences: AnyObject {
    /// The name of the model last chosen.
    var model: String? { get set }

    /// The threshold that a person set for a model, by its name and weights; `nil` where the model's own holds.
    func threshold(of model: String) -> Double?
    func setThreshold(_ threshold: Double?, of model: String)
}
