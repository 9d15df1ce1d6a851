import DigitFlow
import DigitKit
import SwiftUI

/// The camera's picture with its guide box, and the digit in it.
struct CameraView: View {
    let model: CameraModel
    let shelf: ModelShelf
    let capture: CaptureCamera

    @Environment(\.scenePhase) private var scenePhase
    @Environment(\.verticalSizeClass) private var verticalSizeClass
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
                if phase == .active { Task { await model.appear() } }
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
        GeometryReader { geometry in
            let view = Extent(width: geometry.size.width, height: geometry.size.height)
            ZStack {
                PreviewView(capture: capture, isRunning: model.phase == .running, isFrozen: model.isFrozen)
                    .gesture(pinch)
                    .onTapGesture { place in Task { await model.focus(x: place.x, y: place.y) } }
                    .onChange(of: isPinching) { if !isPinching { model.endPinch() } }
                    .accessibilityElement()
                    .accessibilityLabel("Camera picture")
                    .accessibilityValue(Text(zoom))
                    .accessibilityZoomAction { model.zoomByStep(closer: $0.direction == .zoomIn) }
                GuideBoxView(side: GuideBox.side(in: view, frame: model.frameExtent))
                    .overlay(alignment: .bottom) { ZoomView(words: zoom) }
            }
            .task(id: geometry.size) { await model.lay(out: view) }
        }
        .ignoresSafeArea(edges: [.top, .horizontal])
        .background(.black)
        .overlay(alignment: .top) { notices }
        .overlay(alignment: verticalSizeClass == .compact ? .trailing : .bottom) { panel }
    }

    private var pinch: some Gesture {
        MagnifyGesture()
            .updating($isPinching) { _, isPinching, _ in isPinching = true }
            .onChanged { model.pinch(by: $0.magnification) }
    }

    private var zoom: String { "\(model.zoom.formatted(.number.precision(.fractionLength(1))))×" }

    private var notices: some View {
        VStack(spacing: 8) {
            if case .interrupted(let reason) = model.phase { NoticeView(reason, systemImage: "pause.circle") }
            if let problem = shelf.problem ?? model.problem {
                NoticeView(problem, systemImage: "exclamationmark.triangle")
            }
            if let problem = model.torchProblem { NoticeView(problem, systemImage: "exclamationmark.triangle") }
            if let contract = shelf.reader?.contract, !contract.knowsBackground {
                NoticeView(
                    "This model knows no background: it sees a digit in everything. Choose a camera model in Settings.",
                    systemImage: "info.circle")
            }
        }
        .padding()
    }

    private var panel: some View {
        VStack(spacing: 12) {
            ReadingView(
                reading: model.reading, labels: shelf.reader?.contract.labels ?? [], probabilities: model.probabilities)
            HStack(spacing: 32) {
                torchButton
                Button {
                    model.toggleFreeze()
                } label: {
                    Label(
                        model.isFrozen ? "Go on" : "Freeze", systemImage: model.isFrozen ? "play.fill" : "pause.fill")
                }
                .disabled(model.phase != .running)
                Button {
                    isCardShown = true
                } label: {
                    Label("About this model", systemImage: "info.circle")
                }
            }
            .labelStyle(.iconOnly)
            .font(.title2)
            #if DEBUG
                Text("\(model.framesPerSecond, format: .number.precision(.fractionLength(0))) frames a second")
                    .font(.caption.monospacedDigit())
                    .foregroundStyle(.secondary)
            #endif
        }
        .padding()
        .frame(maxWidth: verticalSizeClass == .compact ? 220 : 480)
        .background(.regularMaterial, in: .rect(cornerRadius: 24))
        .padding()
    }

    private var torchButton: some View {
        Button {
            Task { await model.toggleTorch() }
        } label: {
            Label(
                model.torch == .on ? "Torch off" : "Torch on",
                systemImage: model.torch == .on ? "flashlight.on.fill" : "flashlight.off.fill")
        }
        .disabled(model.torch == .unavailable || model.phase != .running)
    }
}

/// How far the camera is zoomed in.
private struct ZoomView: View {
    let words: String

    var body: some View {
        Text(words)
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

/// A sentence that a person should know.
struct NoticeView: View {
    private let words: String
    private let systemImage: String

    init(_ words: String, systemImage: String) {
        self.words = words
        self.systemImage = systemImage
    }

    var body: some View {
        Label(words, systemImage: systemImage)
            .font(.callout)
            .padding(12)
            .background(.regularMaterial, in: .rect(cornerRadius: 12))
    }
}
