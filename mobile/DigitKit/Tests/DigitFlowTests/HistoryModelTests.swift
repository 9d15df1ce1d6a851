import DigitKit
import Foundation
import Testing

@testable import DigitFlow

@MainActor struct HistoryModelTests {
    private let store = FakeHistoryStore()
    private let reader: FakeReader
    private let shelf: ModelShelf

    init() throws {
        reader = FakeReader(try contract())
        shelf = ModelShelf(source: FakeSource([("Fake", reader)]), preferences: FakePreferences())
    }

    private func reading(_ label: String, _ source: KeptReading.Source = .camera) throws -> KeptReading {
        let square = try #require(GreyImage(size: 2, pixels: [0, 128, 255, 7]))
        return KeptReading(square, label: label, confidence: 0.9, source: source)
    }

    @Test func whatWasReadIsThereAgainTheNewestFirst() throws {
        let history = HistoryModel(store: store)
        for label in ["1", "2", "3"] { history.keep(try reading(label)) }
        let again = HistoryModel(store: store)
        #expect(again.readings.map(\.label) == ["3", "2", "1"] && again.readings == history.readings)
        again.remove(again.readings[1].id)
        #expect(store.saved.map(\.label) == ["3", "1"])
        again.removeAll()
        #expect(store.saved.isEmpty)
    }

    @Test func onlyTheLastHundredAreKept() throws {
        let history = HistoryModel(store: store)
        for count in 0..<130 { history.keep(try reading(String(count % 10))) }
        #expect(history.readings.count == 100 && history.readings[0].label == "9")
    }

    @Test func whatIsLabelledStaysHoweverMuchIsReadAfterIt() throws {
        let history = HistoryModel(store: store)
        for count in 0..<120 {
            history.keep(try reading(String(count % 10)))
            if count < 105 { history.correct(history.readings[0].id, to: "7") }
        }
        for _ in 0..<130 { history.keep(try reading("3")) }
        #expect(history.labelled.count == 105 && history.readings.filter { $0.truth == nil }.count == 100)
        #expect(history.readings[0].label == "3" && store.saved == history.readings)
        history.removeUnlabelled()
        #expect(history.readings.count == 105 && history.labelled.count == 105 && store.saved == history.readings)
    }

    @Test func aWrongReadingIsPutRightAndExportedWhereTheKitLooks() throws {
        let history = HistoryModel(store: store)
        for source in [KeptReading.Source.camera, .drawing, .picture] { history.keep(try reading("7", source)) }
        #expect(history.labelled.isEmpty)
        history.correct(history.readings[0].id, to: "1")
        history.correct(history.readings[1].id, to: "background")
        history.correct(history.readings[2].id, to: "4")
        history.correct(history.readings[2].id, to: nil)
        let folders = history.labelled.keys.map { $0.split(separator: "/").dropLast().joined(separator: "/") }
        #expect(Set(folders) == ["digits/picture/1", "background/drawing"])
        #expect(Set(history.labelled.values) == [history.readings[0].square?.png])
        #expect(HistoryModel.truths.count == 11 && store.saved[0].truth == "1")
    }

    @Test func whatCannotBeKeptSaysSo() throws {
        let history = HistoryModel(store: store)
        store.trouble = Trouble("No space is left.")
        history.keep(try reading("1"))
        #expect(history.problem == "This is not kept: No space is left." && history.readings.count == 1)
        store.trouble = nil
        history.keep(try reading("2"))
        #expect(history.problem == nil && store.saved.count == 2)
    }

    @Test func whatCannotBeReadNowIsNotWrittenOver() throws {
        let before = HistoryModel(store: store)
        before.keep(try reading("1"))
        store.unreadable = Trouble("The phone is locked.")
        let history = HistoryModel(store: store)
        #expect(history.problem == "The phone is locked." && history.readings.isEmpty)
        history.keep(try reading("2"))
        #expect(history.problem == "This is not kept: The phone is locked." && store.saved.map(\.label) == ["1"])
        store.unreadable = nil
        history.keep(try reading("3"))
        #expect(history.problem == nil && store.saved.map(\.label) == ["3", "2", "1"])
    }

    @Test func whatCouldNotBeReadComesWithTheNextLookAndIsDeletedWithTheRest() throws {
        let before = HistoryModel(store: store)
        for _ in 0..<100 { before.keep(try reading("1")) }
        before.correct(before.readings[99].id, to: "7")
        store.unreadable = Trouble("The phone is locked.")
        let history = HistoryModel(store: store)
        history.keep(try reading("2"))
        history.removeAll()
        #expect(history.readings.map(\.label) == ["2"] && history.problem == "The phone is locked.")
        #expect(store.saved == before.readings)
        store.unreadable = nil
        for _ in 0..<3 { history.retry() }
        #expect(history.problem == nil && history.readings.count == 101 && store.saved == history.readings)
        #expect(history.readings[0].label == "2" && history.labelled.count == 1)
        history.keep(try reading("3"))
        #expect(history.readings.count == 101)
        history.removeAll()
        #expect(history.readings.isEmpty && store.saved.isEmpty)
    }

    @Test func anExportThatFailsSaysSo() throws {
        let history = HistoryModel(store: store)
        history.fail(Trouble("No space is left."))
        #expect(history.problem == "Nothing was exported: No space is left.")
        history.keep(try reading("1"))
        #expect(history.problem == nil)
    }

    @Test func aDigitThatSettlesBeforeTheCameraIsKeptOnce() async throws {
        let camera = FakeCamera()
        let history = HistoryModel(store: store)
        let model = CameraModel(camera: camera, shelf: shelf, history: history) { _ in }
        await shelf.open()
        await model.appear()
        for frame in 0..<12 {
            camera.see(7, at: Double(frame) / 10)
            await eventually { await reader.squares.count == frame + 1 && model.probabilities.count == 11 }
        }
        await eventually { history.readings.count == 1 }
        #expect(history.readings[0].label == "7" && history.readings[0].source == .camera)
        #expect(history.readings[0].square?.pixels == [UInt8](repeating: 7, count: 256))
    }

    @Test func ofADrawingTheLastDigitIsKept() async {
        let history = HistoryModel(store: store)
        let model = DrawingModel(shelf: shelf, history: history) { _ in }
        await shelf.open()
        await reader.answer([0.9] + [Double](repeating: 0.01, count: 10))
        model.draw(to: PadPoint(x: 0.5, y: 0.5))
        model.lift()
        await eventually { history.readings.map(\.label) == ["0"] }
        await reader.answer([0.05, 0.9] + [Double](repeating: 0.05 / 9, count: 9))
        model.draw(to: PadPoint(x: 0.2, y: 0.2))
        model.lift()
        await eventually { history.readings.map(\.label) == ["1"] }
        model.clear()
        model.draw(to: PadPoint(x: 0.5, y: 0.5))
        model.lift()
        await eventually { history.readings.map(\.label) == ["1", "1"] }
        #expect(history.readings.allSatisfy { $0.source == .drawing })
    }

    @Test func aPicturesDigitIsKept() async throws {
        let history = HistoryModel(store: store)
        let model = PictureModel(shelf: shelf, history: history) { _ in }
        await shelf.open()
        model.open(try #require(GreyPicture(width: 9, height: 9, rgba: [UInt8](repeating: 6, count: 324))))
        await eventually { history.readings.map(\.label) == ["6"] }
        #expect(history.readings[0].source == .picture)
    }

    @Test func whatIsShownIsPutRightWhereItIsRead() async throws {
        let history = HistoryModel(store: store)
        let model = DrawingModel(shelf: shelf, history: history) { _ in }
        await shelf.open()
        await reader.answer([0.9] + [Double](repeating: 0.01, count: 10))
        #expect(model.still.correctable == nil)
        model.draw(to: PadPoint(x: 0.5, y: 0.5))
        await eventually { model.still.reading == .shown(label: "0", confidence: 0.9) }
        #expect(model.still.correctable == nil)  // the pen is still on it
        model.lift()
        history.correct(try #require(model.still.correctable), to: "6")
        #expect(history.readings.map(\.truth) == ["6"])
        await reader.answer([0.05, 0.9] + [Double](repeating: 0.05 / 9, count: 9))
        model.draw(to: PadPoint(x: 0.2, y: 0.2))
        await eventually { model.still.reading == .shown(label: "1", confidence: 0.9) }
        #expect(model.still.correctable == nil)  // what was put right is not what is shown now
        model.clear()
        #expect(model.still.correctable == nil)
    }
}
