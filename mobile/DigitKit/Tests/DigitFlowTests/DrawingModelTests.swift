import DigitKit
import Testing

@testable import DigitFlow

/// The drawing screen with a stand-in for the network that counts strokes.
@MainActor struct DrawingModelTests {
    private let reader: SketchReader
    private let shelf: ModelShelf
    private let said = Said()
    private let model: DrawingModel

    @MainActor final class Said { var labels: [String] = [] }

    init() throws {
        reader = SketchReader(try contract())
        shelf = ModelShelf(source: SketchSource(reader: reader), preferences: FakePreferences())
        let said = said
        model = DrawingModel(shelf: shelf) { said.labels.append($0) }
    }

    private func stroke(_ x: Double) {
        model.draw(to: PadPoint(x: x, y: 0.2))
        model.draw(to: PadPoint(x: x, y: 0.8))
        model.lift()
    }

    @Test func anEmptyPadSaysNothing() async {
        await shelf.open()
        model.still.modelChanged()
        await aMoment()
        #expect(model.still.reading == .silent && model.still.probabilities.isEmpty)
        #expect(await reader.readings == 0)
    }

    @Test func itIsReadWhileDrawingAndSaidWhenThePenIsLifted() async {
        await shelf.open()
        model.draw(to: PadPoint(x: 0.3, y: 0.2))
        model.draw(to: PadPoint(x: 0.3, y: 0.8))
        await eventually { model.still.reading == .shown(label: "1", confidence: 0.9) }
        #expect(said.labels.isEmpty)
        model.lift()
        #expect(said.labels == ["1"])
        stroke(0.7)
        await eventually { model.still.reading == .shown(label: "2", confidence: 0.9) }
        await eventually { said.labels == ["1", "2"] }
    }

    @Test func aPenThatIsTakenAwayIsLiftedAndTheNextStrokeStandsAlone() async {
        await shelf.open()
        model.draw(to: PadPoint(x: 0.3, y: 0.2))
        model.draw(to: PadPoint(x: 0.3, y: 0.8))
        model.lift()
        model.lift()  // the drag is cancelled and the pad goes, too
        stroke(0.7)
        #expect(model.drawing.strokes.map { $0.map(\.x) } == [[0.3, 0.3], [0.7, 0.7]])
        await eventually { model.still.reading == .shown(label: "2", confidence: 0.9) }
        await eventually { said.labels.last == "2" }
    }

    @Test func ofADrawingThatGrowsUnderOneLabelTheWholeIsKept() async throws {
        let history = HistoryModel(store: FakeHistoryStore())
        let model = DrawingModel(shelf: shelf, history: history) { [said] in said.labels.append($0) }
        await shelf.open()
        await reader.answer([0.9] + [Double](repeating: 0.01, count: 10))
        for x in [0.3, 0.7] {
            model.draw(to: PadPoint(x: x, y: 0.2))
            model.draw(to: PadPoint(x: x, y: 0.8))
            model.lift()
            await eventually { model.still.correctable != nil }
            await aMoment()
        }
        #expect(history.readings.count == 1 && said.labels == ["0"])
        let whole = try shelf.reader?.contract.square(of: model.drawing)
        #expect(history.readings[0].square == whole && model.still.correctable == history.readings[0].id)
    }

    @Test func undoAndClearReadAgain() async {
        await shelf.open()
        stroke(0.3)
        stroke(0.7)
        await eventually { model.still.reading == .shown(label: "2", confidence: 0.9) }
        model.undo()
        await eventually { model.still.reading == .shown(label: "1", confidence: 0.9) }
        model.clear()
        #expect(model.still.reading == .silent && model.drawing.isEmpty && model.still.probabilities.isEmpty)
        model.undo()
        await aMoment()
        #expect(model.still.reading == .silent)
    }

    @Test func aReadingOfWhatWasClearedIsNotShown() async {
        await shelf.open()
        await reader.closeGate()
        stroke(0.3)
        await eventually { await reader.isWaiting }
        model.clear()
        model.draw(to: PadPoint(x: 0.5, y: 0.5))
        await reader.letOneThrough()
        await eventually { await reader.readings == 2 }
        #expect(model.still.reading == .silent)
        await reader.openGate()
        await eventually { model.still.reading == .shown(label: "1", confidence: 0.9) }
    }

    @Test func aFastPenIsReadOneDrawingAtATimeTheNewestNext() async {
        await shelf.open()
        await reader.closeGate()
        model.draw(to: PadPoint(x: 0.1, y: 0.1))
        await eventually { await reader.isWaiting }
        for step in 2...50 { model.draw(to: PadPoint(x: Double(step) / 60, y: 0.1)) }
        await aMoment()
        #expect(await reader.readings == 1)
        await reader.openGate()
        await eventually { model.still.reading == .shown(label: "1", confidence: 0.9) }
        await aMoment()
        #expect(await reader.readings == 2)
        #expect(await reader.mostAtOnce == 1)
    }

    @Test func aModelThatComesLaterReadsWhatIsThere() async {
        stroke(0.3)
        await aMoment()
        #expect(model.still.reading == .silent)
        await shelf.open()
        model.still.modelChanged()
        await eventually { model.still.reading == .shown(label: "1", confidence: 0.9) }
    }

    @Test func theThresholdHoldsHereToo() async {
        await shelf.open()
        stroke(0.3)
        await eventually { model.still.reading == .shown(label: "1", confidence: 0.9) }
        shelf.setThreshold(0.95)
        model.still.modelChanged()
        await eventually { model.still.reading == .silent }
        #expect(model.still.probabilities.count == 11)
    }

    @Test func aModelThatFailsSaysSo() async {
        await shelf.open()
        await reader.fail(with: Trouble("The model does not answer."))
        stroke(0.3)
        await eventually { model.still.problem == "The model does not answer." }
        model.clear()
        #expect(model.still.problem == nil)
    }

    @Test func anAnswerThatMakesNoSenseIsShown() async {
        await shelf.open()
        await reader.answer([Double](repeating: .nan, count: 11))
        stroke(0.3)
        await eventually { model.still.problem?.contains("no numbers") == true }
        #expect(model.still.reading == .silent && model.still.probabilities.isEmpty)
    }
}

/// Reads how many separate strokes cross the middle of a drawing.
private actor SketchReader: DigitReader {
    nonisolated let contract: Contract
    private let reader: FakeReader

    init(_ contract: Contract) {
        self.contract = contract
        reader = FakeReader(contract)
    }

    func probabilities(of pixels: GreyImage) async throws -> [Double] {
        let middle = pixels.pixels[(pixels.size * (pixels.size / 2))..<(pixels.size * (pixels.size / 2 + 1))]
        let inked = middle.map { $0 < 128 }
        let strokes = zip([false] + inked, inked).count { !$0 && $1 }
        let label = UInt8(max(strokes, 1))
        guard let square = GreyImage(size: 1, pixels: [label]) else { return [] }
        return try await reader.probabilities(of: square)
    }

    var readings: Int { get async { await reader.squares.count } }
    var mostAtOnce: Int { get async { await reader.mostAtOnce } }
    var isWaiting: Bool { get async { await reader.isWaiting } }
    func closeGate() async { await reader.closeGate() }
    func letOneThrough() async { await reader.letOneThrough() }
    func openGate() async { await reader.openGate() }
    func fail(with trouble: Trouble?) async { await reader.fail(with: trouble) }
    func answer(_ answer: [Double]?) async { await reader.answer(answer) }
}

private struct SketchSource: ModelSource {
    let names = ["Sketch"]
    let reader: SketchReader

    func open(_ name: String) async throws -> any DigitReader { reader }
}
