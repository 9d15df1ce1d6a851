import DigitKit
import Foundation
import Testing

@testable import DigitFlow

/// A picture read as a shortcut asks for it, with a stand-in for the network that reads the grey of the first pixel.
@MainActor struct PictureReaderTests {
    private let reader: FakeReader
    private let preferences = FakePreferences()
    private let history = HistoryModel(store: FakeHistoryStore())

    init() throws { reader = FakeReader(try contract()) }

    private func shelf(_ source: FakeSource? = nil) -> ModelShelf {
        ModelShelf(source: source ?? FakeSource([("Fake", reader)]), preferences: preferences)
    }

    /// White, and the middle, as large as the box, of one grey.
    private func picture(_ grey: UInt8) throws -> GreyPicture {
        let pixels = (0..<100).flatMap { y in (0..<200).map { x in (70..<130) ~= x && (20..<80) ~= y ? grey : 255 } }
        return try #require(GreyPicture(width: 200, height: 100, rgba: pixels.flatMap { [$0, $0, $0, 255] }))
    }

    private func failure(of model: PictureReader) async -> String? {
        do {
            _ = try await model.digit(in: try picture(7))
            return nil
        } catch {
            return error.localizedDescription
        }
    }

    @Test func aShortcutReadsAPictureWithoutAScreenAndItIsKept() async throws {
        let model = PictureReader(shelf: shelf(), history: history)
        #expect(try await model.digit(in: try picture(7)) == "7")
        #expect(history.readings.map(\.label) == ["7"] && history.readings[0].source == .picture)
    }

    @Test func aShortcutReadsWhatTheScreenReads() async throws {
        let shelf = shelf()
        let screen = PictureModel(shelf: shelf) { _ in }
        await shelf.open()
        screen.open(try picture(3))
        await eventually { screen.still.reading == .shown(label: "3", confidence: 0.9) }
        #expect(try await PictureReader(shelf: shelf).digit(in: try picture(3)) == "3")
        let squares = await reader.squares
        #expect(squares.count == 2 && squares[0] == squares[1])
    }

    @Test func whereThereIsNoDigitAShortcutGetsNothing() async throws {
        let shelf = shelf()
        let model = PictureReader(shelf: shelf, history: history)
        #expect(try await model.digit(in: try picture(10)) == nil)  // background
        shelf.setThreshold(0.95)
        #expect(try await model.digit(in: try picture(7)) == nil && history.readings.isEmpty)
    }

    @Test func aShortcutWaitsForAModelThatIsOnItsWay() async throws {
        let gate = Gate()
        let shelf = shelf(FakeSource([("Fake", reader)], gate: gate))
        let opening = Task { await shelf.open() }
        await eventually { await gate.holds("Fake") }
        let picture = try picture(4)
        let reading = Task { try await PictureReader(shelf: shelf).digit(in: picture) }
        await aMoment()
        #expect(await reader.squares.isEmpty)
        await gate.letThrough("Fake")
        await opening.value
        #expect(try await reading.value == "4")
    }

    @Test func aShortcutSaysWhatIsWrongWithTheModel() async {
        #expect(await failure(of: PictureReader(shelf: shelf(FakeSource([]))))?.contains("kit export --app") == true)
        let broken = PictureReader(shelf: shelf(FakeSource([("Broken", nil)])))
        #expect(await failure(of: broken) == "Broken cannot be used. It is damaged.")
        await reader.answer([Double](repeating: 0, count: 11))
        #expect(await failure(of: PictureReader(shelf: shelf()))?.contains("add up to 0.00") == true)
    }
}
