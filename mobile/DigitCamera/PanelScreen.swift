import DigitFlow
import DigitKit
import SwiftUI

/// What is read and the panel with the answer, above or beside each other.
struct PanelScreen<Picture: View, Panel: View>: View {
    let hasButtons: Bool
    @ViewBuilder let picture: (ScreenLayout) -> Picture
    @ViewBuilder let panel: (ScreenLayout) -> Panel

    @ScaledMetric(relativeTo: .body) private var typeScale: CGFloat = 1

    var body: some View {
        GeometryReader { geometry in
            let layout = ScreenLayout(
                screen: Extent(width: geometry.size.width, height: geometry.size.height), typeScale: typeScale,
                hasButtons: hasButtons)
            let stack = layout.isWide ? AnyLayout(HStackLayout(spacing: 0)) : AnyLayout(VStackLayout(spacing: 0))
            stack {
                picture(layout).frame(width: layout.picture.width, height: layout.picture.height)
                panel(layout).frame(width: layout.panel.width, height: layout.panel.height)
            }
        }
    }
}

/// A screen with something that stands still and is read: what that is, the answer, and what is wrong.
struct StillScreen<Content: View, Buttons: View>: View {
    let title: LocalizedStringKey
    let still: StillReading
    let shelf: ModelShelf
    let history: HistoryModel
    @ViewBuilder let content: (Extent) -> Content
    @ViewBuilder let buttons: () -> Buttons

    @State private var isCardShown = false

    var body: some View {
        NavigationStack {
            PanelScreen(hasButtons: false) { layout in
                content(layout.picture)
            } panel: { layout in
                ReadingView(
                    reading: still.reading, labels: shelf.labels, probabilities: still.probabilities, layout: layout
                )
                .padding(ScreenLayout.padding)
            }
            .safeAreaInset(edge: .top) {
                if let problem = shelf.problem ?? still.problem {
                    NoticeView(problem, systemImage: "exclamationmark.triangle")
                }
            }
            .navigationTitle(title)
            .navigationBarTitleDisplayMode(.inline)
            .toolbar {
                ToolbarItemGroup(placement: .primaryAction) {
                    buttons()
                    if let kept = still.correctable { TruthMenu(id: kept, history: history) }
                    Button("About this model", systemImage: "info.circle") { isCardShown = true }
                }
            }
        }
        .onChange(of: shelf.state) { still.modelChanged() }
        .onChange(of: shelf.threshold) { still.modelChanged() }
        .sheet(isPresented: $isCardShown) { ModelCardSheet(shelf: shelf) }
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
