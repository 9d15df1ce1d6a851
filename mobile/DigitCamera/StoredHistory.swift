import DigitFlow
import DigitKit
import Foundation

/// What was read, in a file of the app.
final class StoredHistory: HistoryStore {
    /// What cannot be read is put aside, so that the next save does not write over what a person labelled.
    func load() -> [KeptReading] {
        guard let file = try? Self.file("history"), let content = try? Data(contentsOf: file) else { return [] }
        if let readings = try? JSONDecoder().decode([KeptReading].self, from: content) { return readings }
        if let aside = try? Self.file("history-unreadable") {
            try? FileManager.default.removeItem(at: aside)
            try? FileManager.default.moveItem(at: file, to: aside)
        }
        return []
    }

    func save(_ readings: [KeptReading]) throws {
        try JSONEncoder().encode(readings).write(to: Self.file("history"), options: .atomic)
    }

    private static func file(_ name: String) throws -> URL {
        try FileManager.default
            .url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            .appendingPathComponent("\(name).json")
    }
}
