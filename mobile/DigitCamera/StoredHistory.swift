import DigitFlow
import DigitKit
import Foundation

/// What was read, in a file of the app.
final class StoredHistory: HistoryStore {
    func load() -> [KeptReading] {
        guard let file = try? Self.file(), let content = try? Data(contentsOf: file) else { return [] }
        return (try? JSONDecoder().decode([KeptReading].self, from: content)) ?? []
    }

    func save(_ readings: [KeptReading]) throws {
        try JSONEncoder().encode(readings).write(to: Self.file(), options: .atomic)
    }

    private static func file() throws -> URL {
        try FileManager.default
            .url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            .appendingPathComponent("history.json")
    }
}
