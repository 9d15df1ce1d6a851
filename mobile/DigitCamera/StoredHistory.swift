import DigitFlow
import DigitKit
import Foundation

/// What was read, in a file of the app.
final class StoredHistory: HistoryStore {
    /// A file that holds something else is put aside under a name of its own, so that the next save does not write over
    /// what a person labelled. One that cannot be read now, as before the phone is unlocked, stays where it is.
    func load() throws -> [KeptReading] {
        let file = try Self.file("history")
        let content: Data
        do {
            content = try Data(contentsOf: file)
        } catch CocoaError.fileReadNoSuchFile {
            return []
        }
        do {
            return try JSONDecoder().decode([KeptReading].self, from: content)
        } catch {
            let aside = try Self.file("history-\(Int(Date().timeIntervalSince1970))")
            try FileManager.default.moveItem(at: file, to: aside)
            throw error
        }
    }

    /// Backups leave the file out: what was read is kept on this device alone.
    func save(_ readings: [KeptReading]) throws {
        var file = try Self.file("history")
        try JSONEncoder().encode(readings).write(to: file, options: .atomic)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try file.setResourceValues(values)
    }

    private static func file(_ name: String) throws -> URL {
        try FileManager.default
            .url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            .appendingPathComponent("\(name).json")
    }
}
