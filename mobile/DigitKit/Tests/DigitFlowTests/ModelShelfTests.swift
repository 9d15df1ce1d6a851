import DigitKit
import Testing

@testable import DigitFlow

@MainActor struct ModelShelfTests {
    private let preferences = FakePreferences()
    private let first: FakeReader
    private let second: FakeReader

    init() throws {
        first = FakeReader(try contract(threshold: 0.6))
        second = FakeReader(try contract(threshold: 0.8))
    }

    private func shelf(_ source: FakeSource? = nil) -> ModelShelf {
        ModelShelf(
            source: source ?? FakeSource([("A", first), ("B", second), ("Broken", nil)]), preferences: preferences)
    }

    @Test func withoutModelsItSaysHowToAddOne() async {
        let shelf = shelf(FakeSource([]))
        #expect(shelf.problem == nil)
        await shelf.open()
        #expect(shelf.state == .missing && shelf.reader == nil)
        #expect(shelf.problem?.contains("kit export --app") == true)
        shelf.setThreshold(0.4)
        #expect(preferences.thresholds.isEmpty)
    }

    @Test func theFirstIsOpenedUnlessAnotherWasChosenBefore() async {
        var shelf = shelf()
        await shelf.open()
        #expect(shelf.chosen == "A" && shelf.state == .ready && shelf.threshold == 0.6)
        await shelf.choose("B")
        #expect(shelf.threshold == 0.8 && preferences.model == "B")
        shelf = self.shelf()
        await shelf.open()
        #expect(shelf.chosen == "B")
        preferences.model = "gone"
        shelf = self.shelf()
        await shelf.open()
        #expect(shelf.chosen == "A")
    }

    @Test func openingTwiceOpensOnce() async {
        let gate = Gate()
        let shelf = shelf(FakeSource([("A", first)], gate: gate))
        let opening = Task { await shelf.open() }
        await eventually { await gate.holds("A") }
        await shelf.open()
        #expect(shelf.state == .opening && shelf.reader == nil)
        await gate.letThrough("A")
        await opening.value
        await shelf.open()
        #expect(shelf.state == .ready)
    }

    @Test func aBrokenModelSaysWhatIsWrongAndAnotherMayBeChosen() async {
        let shelf = shelf()
        await shelf.choose("Broken")
        #expect(shelf.state == .failed(reason: "It is damaged.") && shelf.reader == nil)
        #expect(shelf.problem == "Broken cannot be used. It is damaged.")
        #expect(preferences.model == nil)  // the next start does not meet it again
        await shelf.choose("B")
        #expect(shelf.state == .ready && shelf.problem == nil)
    }

    @Test func ofTwoChoicesTheLastCounts() async {
        let gate = Gate()
        let shelf = shelf(FakeSource([("A", first), ("B", second)], gate: gate))
        let a = Task { await shelf.choose("A") }
        await eventually { await gate.holds("A") }
        let b = Task { await shelf.choose("B") }
        await eventually { await gate.holds("B") }
        await gate.letThrough("B")
        await b.value
        await gate.letThrough("A")
        await a.value
        #expect(shelf.chosen == "B" && shelf.reader?.contract.threshold == 0.8 && preferences.model == "B")
    }

    @Test func aThresholdOfOnesOwnIsKeptForItsModelAlone() async {
        let shelf = shelf()
        await shelf.open()
        shelf.setThreshold(0.4)
        #expect(shelf.threshold == 0.4 && shelf.ownThreshold == 0.4)
        await shelf.choose("B")
        #expect(shelf.threshold == 0.8 && shelf.ownThreshold == nil)
        await shelf.choose("A")
        #expect(shelf.threshold == 0.4)
        shelf.setThreshold(nil)
        #expect(shelf.threshold == 0.6 && preferences.thresholds.isEmpty)
        shelf.threshold = 7
        #expect(shelf.threshold == 1 && preferences.thresholds == ["A cdcdcdcdcdcd": 1])
    }

    @Test func aThresholdOfANetworkIsNoneOfAnotherThatWasBuiltInUnderItsName() async throws {
        let old = ModelShelf(source: FakeSource([("A", first)]), preferences: preferences)
        await old.open()
        old.setThreshold(0.4)
        let other = FakeReader(try contract(threshold: 0.3, weights: "ef"))
        let new = ModelShelf(source: FakeSource([("A", other)]), preferences: preferences)
        await new.open()
        #expect(new.threshold == 0.3 && new.ownThreshold == nil)
    }

    @Test func aPickerChoosesByName() async {
        let shelf = shelf()
        #expect(shelf.choice == "")
        await shelf.open()
        shelf.choice = "A"
        #expect(shelf.state == .ready)  // the same one is not opened again
        shelf.choice = "B"
        await eventually { shelf.state == .ready && shelf.choice == "B" }
    }
}

struct FramingTests {
    /// A bright square in the middle of a dark, sideways, padded frame fills the square upright.
    @Test func theGuideBoxIsCutOutUpright() throws {
        let (width, height, bytesPerRow) = (200, 100, 256)
        var bytes = [UInt8](repeating: 0, count: bytesPerRow * height)
        for y in 20..<80 { for x in 70..<130 { bytes[y * bytesPerRow + x] = x < 100 ? 200 : 100 } }
        let square = try bytes.withUnsafeBytes { bytes in
            Framing(side: 8, view: nil).square(
                of: try #require(LumaPlane(bytes, bytesPerRow: bytesPerRow, width: width, height: height)), turns: 1)
        }
        #expect(square.pixels == [UInt8](repeating: 200, count: 32) + [UInt8](repeating: 100, count: 32))
    }
}
