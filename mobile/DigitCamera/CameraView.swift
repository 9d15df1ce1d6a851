import DigitFlow
import DigitKit
import SwiftUI

/// The camera's picture with its guide box, and the digit in it.
struct CameraView: View {
    let model: CameraModel
    let shelf: ModelShelf
    let capture: CaptureCamera

    @Environment(\.scenePhase) private var scenePhase
    @State private var isCardShown = false
    @GestureState private var isPinching = false

    var body: some View {
        ZStack { screen }  // one view whatever the phase, so that it appears and disappears once
            .task { await model.appear() }
            .onDisappear {
                UIApplication.shared.isIdleTimerDisabled = false
                Task { await model.disappear() }
            }
            .task(id: model.keepsScreenOn) { UIApplication.shared.isIdleTimerDisabled = model.keepsScreenOn }
            .onChange(of: scenePhase) { _, phase in
                if phase == .active { Task { await model.comeBack() } }
            }
            .sheet(isPresented: $isCardShown) { ModelCardSheet(shelf: shelf) }
    }

    @ViewBuilder private var screen: some View {
        switch model.phase {
        case .missing:
            ContentUnavailableView {
                Label("No camera", systemImage: "video.slash")
            } description: {
                Text("This device has no camera. Draw a digit instead.")
            }
        case .refused: RefusedView()
        case .failed(let reason):
            ContentUnavailableView {
                Label("No picture", systemImage: "video.slash")
            } description: {
                Text(reason)
            } actions: {
                Button("Try Again") { Task { await model.appear() } }
            }
        case .off, .asking, .starting, .running, .interrupted: picture
        }
    }

    private var picture: some View {
        PanelScreen(hasButtons: true) { layout in
            ZStack {
                PreviewView(capture: capture, isRunning: model.phase == .running, isFrozen: model.isFrozen)
                    .gesture(pinch)
                    .onTapGesture { place in Task { await model.focus(x: place.x, y: place.y) } }
                    .onChange(of: isPinching) { if !isPinching { model.endPinch() } }
                    .accessibilityElement()
                    .accessibilityLabel("Camera picture")
                    .accessibilityValue(zoom)
                    .accessibilityZoomAction { model.zoomByStep(closer: $0.direction == .zoomIn) }
                GuideBoxView(side: GuideBox.side(in: layout.picture, frame: model.frameExtent))
                    .overlay(alignment: .bottom) { ZoomView(words: zoom) }
            }
            .overlay(alignment: .top) {
                NoticesView(model: model, shelf: shelf, height: layout.margin(frame: model.frameExtent))
            }
            .task(id: layout.picture) { await model.lay(out: layout.picture) }
        } panel: { layout in
            PanelView(model: model, shelf: shelf, layout: layout, isCardShown: $isCardShown)
        }
        .background(.black)
    }

    private var pinch: some Gesture {
        MagnifyGesture()
            .updating($isPinching) { _, isPinching, _ in isPinching = true }
            .onChanged { model.pinch(by: $0.magnification) }
    }

    private var zoom: Text { Text("\(model.zoom, format: .number.precision(.fractionLength(1)))×") }
}

/// What a person should know, above the guide box; what does not fit there is scrolled.
private struct NoticesView: View {
    let model: CameraModel
    let shelf: ModelShelf
    let height: Double

    var body: some View {
        if !problems.isEmpty || isIndiscriminate {
            ScrollView {
                VStack(spacing: 8) {
                    ForEach(problems, id: \.self) { NoticeView($0, systemImage: "exclamationmark.triangle") }
                    if isIndiscriminate {
                        NoticeView(
                            String(
                                localized: """
                                    This model knows no background: it sees a digit in everything. \
                                    Choose a camera model in Settings.
                                    """),
                            systemImage: "info.circle")
                    }
                }
                .padding(8)
            }
            .frame(maxHeight: max(height, ScreenLayout.target))
        }
    }

    private var problems: [String] {
        var interruption: String?
        if case .interrupted(let reason) = model.phase { interruption = reason }
        return [interruption, shelf.problem ?? model.problem, model.torchProblem].compactMap { $0 }
    }

    private var isIndiscriminate: Bool { shelf.reader.map { !$0.contract.knowsBackground } ?? false }
}

/// The answer and the buttons.
private struct PanelView: View {
    let model: CameraModel
    let shelf: ModelShelf
    let layout: ScreenLayout
    @Binding var isCardShown: Bool

    var body: some View {
        VStack(spacing: ScreenLayout.spacing) {
            AnswerView(model: model, shelf: shelf, layout: layout)
            HStack(spacing: 0) {
                torch
                Spacer(minLength: 0)
                button(
                    model.isFrozen ? String(localized: "Go on") : String(localized: "Freeze"),
                    systemImage: model.isFrozen ? "play.fill" : "pause.fill"
                ) { model.toggleFreeze() }
                .disabled(model.phase != .running)
                Spacer(minLength: 0)
                button(String(localized: "About this model"), systemImage: "info.circle") { isCardShown = true }
            }
            .frame(maxWidth: 400)
        }
        .padding(ScreenLayout.padding)
        .frame(maxWidth: .infinity, maxHeight: .infinity)
        .background(.regularMaterial)
        #if DEBUG
            .overlay(alignment: .topTrailing) { FrameRateView(model: model) }
        #endif
    }

    private var torch: some View {
        button(
            model.torch == .on ? String(localized: "Torch off") : String(localized: "Torch on"),
            systemImage: model.torch == .on ? "flashlight.on.fill" : "flashlight.off.fill"
        ) { Task { await model.toggleTorch() } }
        .disabled(model.torch == .unavailable || model.phase != .running)
    }

    private func button(
        _ words: String, systemImage: String, action: @escaping @MainActor () -> Void
    ) -> some View {
        Button(action: action) {
            Label(words, systemImage: systemImage)
                .labelStyle(.iconOnly)
                .font(.system(size: layout.button / 2))
                .frame(width: layout.button, height: layout.button)
                .contentShape(.rect)
        }
    }
}

/// All that is drawn anew at every frame.
private struct AnswerView: View {
    let model: CameraModel
    let shelf: ModelShelf
    let layout: ScreenLayout

    var body: some View {
        ReadingView(
            reading: model.reading, labels: shelf.labels, probabilities: model.probabilities, layout: layout
        )
        .sensoryFeedback(.success, trigger: model.settled)
    }
}

#if DEBUG
    private struct FrameRateView: View {
        let model: CameraModel

        var body: some View {
            Text("\(Int(model.framesPerSecond.rounded())) frames a second")
                .font(.system(size: 10).monospacedDigit())
                .foregroundStyle(.secondary)
                .accessibilityHidden(true)
        }
    }
#endif

/// How far the camera is zoomed in.
private struct ZoomView: View {
    let words: Text

    var body: some View {
        words
            .font(.caption.monospacedDigit())
            .padding(6)
            .background(.regularMaterial, in: .rect(cornerRadius: 8))
            .accessibilityHidden(true)
            .allowsHitTesting(false)
            .padding(8)
    }
}

/// Where the digit belongs.
private struct GuideBoxView: View {
    let side: Double

    var body: some View {
        RoundedRectangle(cornerRadius: 16)
            .strokeBorder(.white.opacity(0.9), lineWidth: 3)
            .shadow(radius: 4)
            .frame(width: side, height: side)
            .accessibilityHidden(true)
            .allowsHitTesting(false)
    }
}

/// Why there is no camera, and the way to change that.
private struct RefusedView: View {
    @Environment(\.openURL) private var openURL

    var body: some View {
        ContentUnavailableView {
            Label("No permission for the camera", systemImage: "camera.metering.none")
        } description: {
            Text(
                """
                Digits are read from the camera's picture, on this device alone. \
                Allow it in Settings, or use the drawing pad.
                """)
        } actions: {
            Button("Open Settings") {
                if let settings = URL(string: UIApplication.openSettingsURLString) { openURL(settings) }
            }
            .buttonStyle(.borderedProminent)
        }
    }
}
