import Testing

@testable import DigitKit

struct DrawingTests {
    @Test func aPenDrawsUndoesAndClears() {
        var drawing = Drawing()
        #expect(drawing.isEmpty)
        drawing.extend(to: PadPoint(x: 0.1, y: 0.1))  // a pen that was never put down
        drawing.extend(to: PadPoint(x: 0.1, y: 0.1))
        drawing.extend(to: PadPoint(x: 0.2, y: 0.1))
        drawing.begin(at: PadPoint(x: 0.5, y: 0.5))
        #expect(drawing.strokes.map(\.count) == [2, 1] && !drawing.isEmpty)
        drawing.undo()
        #expect(drawing.strokes.map(\.count) == [2])
        drawing.undo()
        drawing.undo()
        #expect(drawing.isEmpty)
        drawing.begin(at: PadPoint(x: 0.5, y: 0.5))
        drawing.clear()
        #expect(drawing.strokes.isEmpty)
    }

    @Test func anEmptyPadIsPaper() {
        #expect(Drawing().rendered(size: 8).rounded().pixels == [UInt8](repeating: 235, count: 64))
    }

    /// A straight stroke through the middle: as wide as the pen, of full ink inside, half covered at its edge.
    @Test func aStrokeIsAsWideAsThePen() {
        let size = 100  // the pen is 8 pixels wide
        let drawing = Drawing(strokes: [[PadPoint(x: 0.2, y: 0.5), PadPoint(x: 0.8, y: 0.5)]])
        let values = drawing.rendered(size: size, paper: 0, ink: 1).values
        let column = (0..<size).map { values[$0 * size + 50] }
        #expect(abs(column.reduce(0, +) - 8) < 1e-9)
        #expect(column[46..<54].allSatisfy { $0 == 1 } && column[45] == 0 && column[54] == 0)
        let row = (0..<size).map { values[50 * size + $0] }
        #expect(abs(row.reduce(0, +) - 68) < 0.2)  // its length and two round ends
    }

    @Test func placesFarOutsideHarmNothing() {
        let wild = Drawing(strokes: [
            [PadPoint(x: 1e300, y: -1e300), PadPoint(x: 5, y: 5)],
            [PadPoint(x: .nan, y: 0.5), PadPoint(x: 0.5, y: 0.5)],
            [PadPoint(x: .infinity, y: 0), PadPoint(x: 0, y: 0)],
        ])
        #expect(wild.rendered(size: 16).rounded().pixels.count == 256)
    }
}
