import DigitKit
import Testing

@testable import DigitFlow

/// The picture screen with a stand-in for the network that reads the grey of the box's first pixel.
@MainActor struct PictureModelTests {
    private let reader: FakeReader
    private let shelf: ModelShelf
    private let said = Said()
    private let model: PictureModel

    @MainActor final class Said { var words: [String] = [] }

    init() throws {
        reader = FakeReader(try contract())
        shelf = ModelShelf(source: FakeSource([("Fake", reader)]), preferences: FakePreferences())
        let said = said
        model = PictureModel(shelf: shelf) { said.words.append($0) }
    }

    /// The left half of one grey, the right half of another.
    private func picture(_ left: UInt8, _ right: UInt8) throws -> GreyPicture {
        let row = [UInt8](repeating: left, count: 400) + [UInt8](repeating: right, count: 400)
        return try #require(GreyPicture(width: 200, height: 100, rgba: (0..<100).flatMap { _ in row }))
    }

    @Test func aPictureIsReadInTheMiddleAndSaid() async throws {
        await shelf.open()
        model.open(try picture(7, 7))
        await eventually { model.still.reading == .shown(label: "7", confidence: 0.9) }
        #expect(said.words == ["7"] && model.still.probabilities.count == 11 && model.box?.side == 60)
    }

    @Test func theBoxIsReadWhereItIsMovedAndSaidWhenItIsLetGo() async throws {
        await shelf.open()
        model.open(try picture(3, 5))
        await eventually { said.words == ["3"] }
        model.drag(x: 20, y: 0)
        model.drag(x: 40, y: 0)
        await eventually { model.still.reading == .shown(label: "5", confidence: 0.9) }
        #expect(said.words == ["3"] && model.box?.x == 140)  // 40 from where the finger came down, not 60
        model.lift()
        #expect(said.words == ["3", "5"])
    }

    /// Of three greys side by side: 7, another one, and 7 again, whose squares differ by a corner.
    private func twoSevens(between: UInt8) throws -> GreyPicture {
        let greys: [UInt8] = [7, between, 7]
        let row = greys.flatMap { [UInt8](repeating: $0, count: 400) }
        var rgba = (0..<100).flatMap { _ in row }
        for place in stride(from: 1190, to: 1200, by: 1) { rgba[99 * 1200 + place] = 200 }
        return try #require(GreyPicture(width: 300, height: 100, rgba: rgba))
    }

    @Test(arguments: [UInt8(12), 5]) func whatIsPutRightIsTheSquareThatIsShown(between: UInt8) async throws {
        let history = HistoryModel(store: FakeHistoryStore())
        let model = PictureModel(shelf: shelf, history: history) { [said] in said.words.append($0) }
        await shelf.open()
        model.open(try twoSevens(between: between))
        model.drag(x: -90, y: 0)
        await eventually { model.still.reading == .shown(label: "7", confidence: 0.9) }
        model.lift()
        await eventually { model.still.correctable != nil }
        let others = history.readings.count - 1  // where it is opened, there is nothing or a 5, which may be read first
        let first = try #require(model.still.correctable)
        model.drag(x: 3, y: 0)  // of the same digit: while a hand is on it nothing is put right
        await eventually { model.still.reading == .shown(label: "7", confidence: 0.9) }
        #expect(model.still.correctable == nil)
        model.lift()
        await eventually { model.still.correctable != nil }
        model.drag(x: 90, y: 0)
        let isOver = between == 5 ? Reading.shown(label: "5", confidence: 0.9) : .silent
        await eventually { model.still.reading == isOver }
        model.drag(x: 220, y: 20)
        model.lift()
        await eventually {
            history.readings.count == 2 + others && model.still.correctable == history.readings[0].id
        }
        #expect(said.words.suffix(2) == ["7", "7"] && history.readings.prefix(2).map(\.label) == ["7", "7"])
        #expect(history.readings[0].square != history.readings[1].square && first != history.readings[0].id)
        history.removeAll()
        #expect(model.still.correctable == nil)
    }

    @Test func aThresholdThatIsMovedKeepsAndSaysNothingAgain() async throws {
        let history = HistoryModel(store: FakeHistoryStore())
        let model = PictureModel(shelf: shelf, history: history) { [said] in said.words.append($0) }
        await shelf.open()
        model.open(try picture(7, 7))
        await eventually { history.readings.count == 1 }
        for threshold in [0.5, 0.95, 0.3] {
            shelf.setThreshold(threshold)
            model.still.modelChanged()
            await aMoment()
        }
        #expect(said.words == ["7"] && history.readings.count == 1 && model.still.correctable == history.readings[0].id)
    }

    @Test func aFingerAndTwoMoveAndScaleItTogether() throws {
        model.open(try picture(3, 5))
        model.drag(x: 10, y: 5)
        model.pinch(by: 0.5)
        #expect(model.box?.side == 30 && model.box?.x == 110 && model.box?.y == 55)
        model.lift()
        model.pinch(by: 0.5)
        model.lift()
        #expect(model.box?.side == 15 && model.box?.x == 110)
    }

    @Test func ofManyPlacesTheNewestIsReadNext() async throws {
        await shelf.open()
        await reader.closeGate()
        model.open(try picture(1, 2))
        await eventually { await reader.isWaiting }
        for step in 1...50 { model.drag(x: Double(step), y: 0) }
        await aMoment()
        #expect(await reader.squares.count == 1)
        await reader.openGate()
        await eventually { model.still.reading == .shown(label: "2", confidence: 0.9) }
        #expect(await reader.squares.count == 2)
    }

    @Test func aReadingOfThePictureBeforeIsNotShown() async throws {
        await shelf.open()
        await reader.closeGate()
        model.open(try picture(1, 1))
        await eventually { await reader.isWaiting }
        model.open(try picture(4, 4))
        await reader.letOneThrough()
        await eventually { await reader.squares.count == 2 }
        #expect(model.still.reading == .silent)
        await reader.openGate()
        await eventually { model.still.reading == .shown(label: "4", confidence: 0.9) }
    }

    @Test func aPictureThatCannotBeOpenedSaysSoAndTheOneBeforeStays() async throws {
        await shelf.open()
        model.open(try picture(6, 6))
        await eventually { said.words == ["6"] }
        model.fail(Trouble("This is no picture."))
        #expect(
            model.still.problem == "This is no picture." && model.still.reading == .shown(label: "6", confidence: 0.9))
        model.open(try picture(8, 8))
        await eventually { model.still.reading == .shown(label: "8", confidence: 0.9) }
        #expect(model.still.problem == nil)
    }

    @Test func aModelThatComesLaterReadsWhatIsThere() async throws {
        model.open(try picture(9, 9))
        await aMoment()
        #expect(model.still.reading == .silent)
        await shelf.open()
        model.still.modelChanged()
        await eventually { model.still.reading == .shown(label: "9", confidence: 0.9) }
    }

    @Test func withoutAPictureNothingHappens() async {
        await shelf.open()
        model.drag(x: 3, y: 3)
        model.pinch(by: 2)
        model.lift()
        model.still.modelChanged()
        await aMoment()
        #expect(model.box == nil && model.still.reading == .silent && said.words.isEmpty)
        #expect(await reader.squares.isEmpty)
    }
}
