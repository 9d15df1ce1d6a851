import DigitKit
import Foundation
import Observation

/// The models that are there, the one in use, and the threshold that holds for it.
@MainActor @Observable public final class ModelShelf {
    public enum State: Equatable, Sendable {
        /// Nothing has been asked for yet.
        case untouched
        /// No model is bundled.
        case missing
        case opening
        case ready
        case failed(reason: String)
    }

    public let names: [String]
    public private(set) var state = State.untouched
    /// The name of the model in use or being opened.
    public private(set) var chosen: String?
    /// The model in use; `nil` where none is ready.
    public private(set) var reader: (any DigitReader)?
    /// Set by a person; `nil` where the model's own holds.
    public private(set) var ownThreshold: Double?

    private let source: any ModelSource
    private let preferences: any Preferences
    /// The newest choice on its way; done where there is none.
    @ObservationIgnored private var opening: Task<Void, Never>?

    public init(source: any ModelSource, preferences: any Preferences) {
        self.source = source
        self.preferences = preferences
        names = source.names
    }

    /// What is wrong, in a sentence with its remedy; `nil` where nothing is.
    public var problem: String? {
        switch state {
        case .missing:
            String(localized: "This app holds no model. Add one with kit export --app and build the app again.")
        case .failed(let reason): String(localized: "\(choice) cannot be used. \(reason)")
        case .untouched, .opening, .ready: nil
        }
    }

    /// What the model in use can say; empty where none is ready.
    public var labels: [String] { reader?.contract.labels ?? [] }

    /// The confidence below which nothing is shown, 0 to 1. Setting it is `setThreshold`.
    public var threshold: Double {
        get { ownThreshold ?? reader?.contract.threshold ?? 1 }
        set { setThreshold(newValue) }
    }

    /// The name of the model in use or being opened, "" where there is none. Setting it is `choose`, which takes a
    /// while.
    public var choice: String {
        get { chosen ?? "" }
        set { if newValue != chosen { Task { await choose(newValue) } } }
    }

    /// Opens the model last chosen, or the first; does nothing where one is open or on its way.
    public func open() async {
        switch state {
        case .ready, .opening: return
        case .untouched, .missing, .failed: break
        }
        guard let name = names.first(where: { $0 == chosen ?? preferences.model }) ?? names.first else {
            state = .missing
            return
        }
        await choose(name)
    }

    /// Opens a model; where another is chosen meanwhile, that one counts.
    public func choose(_ name: String) async {
        chosen = name
        reader = nil
        ownThreshold = nil
        state = .opening
        let opening = Task { await finish(name) }
        self.opening = opening
        await opening.value
    }

    /// The model in use, opened or waited for where it is not there yet.
    ///
    /// - Throws: What is wrong, in a sentence with its remedy.
    func opened() async throws -> any DigitReader {
        await open()
        while state == .opening { await opening?.value }
        guard let reader else { throw NoModel(errorDescription: problem) }
        return reader
    }

    private func finish(_ name: String) async {
        do {
            let opened = try await source.open(name)
            guard chosen == name, state == .opening else { return }
            reader = opened
            ownThreshold = preferences.threshold(of: Self.key(name, opened))
            preferences.model = name
            state = .ready
        } catch {
            guard chosen == name, state == .opening else { return }
            state = .failed(reason: error.localizedDescription)
        }
    }

    /// Sets the threshold of the model in use and keeps it; `nil` goes back to the model's own.
    public func setThreshold(_ threshold: Double?) {
        guard let chosen, let reader else { return }
        ownThreshold = threshold.map { min(max($0, 0), 1) }
        preferences.setThreshold(ownThreshold, of: Self.key(chosen, reader))
    }

    /// What a threshold is kept under: another network that was built in under the same name has its own.
    private static func key(_ name: String, _ reader: any DigitReader) -> String {
        name + " " + reader.contract.weights.prefix(12)
    }
}

private struct NoModel: LocalizedError {
    let errorDescription: String?
}
