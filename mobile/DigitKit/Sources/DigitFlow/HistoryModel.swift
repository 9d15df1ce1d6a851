import DigitKit
import Foundation
import Observation

/// Where what was read is kept: on the phone, a file of the app.
@MainActor public protocol HistoryStore: AnyObject {
    /// - Returns: What was saved; nothing where there is nothing.
    /// - Throws: Why it cannot be read, in words for a person.
    func load() throws -> [KeptReading]
    func save(_ readings: [KeptReading]) throws
}

/// What was read lately, and what a person says of it.
@MainActor @Observable public final class HistoryModel {
    /// How many are kept, beside those that a person has labelled.
    static let most = 100
    /// What a person says of a square without a digit.
    public static let background = "background"
    /// What a person may say of a square.
    public static let truths = (0...9).map(String.init) + [background]

    /// The newest first.
    public private(set) var readings: [KeptReading]
    /// Why the last change is not kept, or not exported; `nil` where it is.
    public private(set) var problem: String?

    private let store: any HistoryStore
    /// Whether what was saved before is in `readings`; until it is, nothing is written over it.
    private var isLoaded = false

    public init(store: any HistoryStore) {
        self.store = store
        readings = []
        do { try load() } catch { problem = error.localizedDescription }
    }

    private func load() throws {
        readings += try store.load()
        isLoaded = true
        trim()
    }

    /// Reads what could not be read when the app began, where that is so.
    public func retry() {
        guard !isLoaded else { return }
        let isUnsaved = !readings.isEmpty
        do {
            try load()
            problem = nil
            if isUnsaved { save() }
        } catch {
            problem = error.localizedDescription
        }
    }

    /// Of what nobody has labelled, the newest stay.
    private func trim() {
        let unlabelled = readings.indices.filter { readings[$0].truth == nil }
        for place in unlabelled.dropFirst(Self.most).reversed() { readings.remove(at: place) }
    }

    /// - Parameter replaced: One that this one is the better reading of, as of a drawing that was unfinished.
    func keep(_ reading: KeptReading, replacing replaced: KeptReading.ID? = nil) {
        readings.removeAll { $0.id == replaced && $0.truth == nil }
        readings.insert(reading, at: 0)
        trim()
        save()
    }

    /// A person says what it is; `nil` takes that back.
    public func correct(_ id: KeptReading.ID, to truth: String?) {
        guard let place = readings.firstIndex(where: { $0.id == id }) else { return }
        readings[place].truth = truth
        save()
    }

    public func remove(_ id: KeptReading.ID) {
        readings.removeAll { $0.id == id }
        save()
    }

    public func removeUnlabelled() {
        removeAll { $0.truth == nil }
    }

    public func removeAll() {
        removeAll { _ in true }
    }

    /// Of what is kept; nothing as long as not all of that has been read.
    private func removeAll(where isUnwanted: (KeptReading) -> Bool) {
        retry()
        guard isLoaded else { return }
        readings.removeAll(where: isUnwanted)
        save()
    }

    /// What a person has labelled, as the files of a folder that `kit analyze --photos` judges, by their paths in it.
    public var labelled: [String: Data] {
        let files = readings.compactMap { reading in
            reading.path(background: Self.background).flatMap { path in reading.square.map { (path, $0.png) } }
        }
        return Dictionary(files) { first, _ in first }
    }

    /// The export could not be written.
    public func fail(_ error: any Error) {
        problem = String(localized: "Nothing was exported: \(error.localizedDescription)")
    }

    private func save() {
        do {
            if !isLoaded { try load() }
            try store.save(readings)
            problem = nil
        } catch {
            problem = String(localized: "This is not kept: \(error.localizedDescription)")
        }
    }
}
