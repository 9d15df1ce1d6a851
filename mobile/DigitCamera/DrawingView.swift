import DigitFlow
import DigitKit
import SwiftUI

/// A pad to draw on, read while the pen moves.
struct DrawingView: View {
    let model: DrawingModel
    let shelf: ModelShelf
    let history: HistoryModel

    var body: some View {
        StillScreen(title: "Draw a digit", still: model.still, shelf: shelf, history: history) { _ in
            PadView(model: model).padding(ScreenLayout.padding)
        } buttons: {
            Button("Undo", systemImage: "arrow.uturn.backward") { model.undo() }
                .disabled(model.drawing.isEmpty)
            Button("Clear", systemImage: "trash") { model.clear() }
                .disabled(model.drawing.isEmpty)
        }
    }
}

private struct PadView: View {
    let model: DrawingModel

    @GestureState private var isPenDown = false

    var body: some View {
        GeometryReader { geometry in
            let side = min(geometry.size.width, geometry.size.height)
            Canvas { context, _ in
                for stroke in model.drawing.strokes {
                    context.stroke(
                        path(of: stroke, side: side), with: .style(.primary),
                        style: StrokeStyle(lineWidth: Drawing.pen * side, lineCap: .round, lineJoin: .round))
                }
            }
            .frame(width: side, height: side)
            .background(Color(uiColor: .secondarySystemBackground), in: .rect(cornerRadius: 24))
            .contentShape(.rect)
            .gesture(
                DragGesture(minimumDistance: 0)
                    .updating($isPenDown) { _, isPenDown, _ in isPenDown = true }
                    .onChanged { model.draw(to: PadPoint(x: $0.location.x / side, y: $0.location.y / side)) }
            )
            .onChange(of: isPenDown) { if !isPenDown { model.lift() } }  // a drag that the system cancels has no end
            .onDisappear { model.lift() }
            .accessibilityElement()
            .accessibilityLabel("Drawing pad")
            .accessibilityDirectTouch(options: .silentOnTouch)
            .frame(maxWidth: .infinity, maxHeight: .infinity)
        }
    }

    /// The stroke's line; a dot is a line of no length, which its round ends make visible.
    private func path(of stroke: [PadPoint], side: Double) -> Path {
        var path = Path()
        for (place, point) in stroke.enumerated() {
            let point = CGPoint(x: point.x * side, y: point.y * side)
            if place == 0 { path.move(to: point) }
            path.addLine(to: point)
        }
        return path
    }
}
