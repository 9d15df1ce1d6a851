import DigitFlow
import DigitKit
import PhotosUI
import SwiftUI

/// A picture from the library, the clipboard or another app, and a box over it that is read.
struct PictureView: View {
    let model: PictureModel
    let shelf: ModelShelf
    let history: HistoryModel

    @State private var image: UIImage?
    @State private var chosen: PhotosPickerItem?
    /// The picture on its way; one that is opened after it takes its place.
    @State private var opening: Task<Void, Never>?

    var body: some View {
        StillScreen(title: "Read a picture", still: model.still, shelf: shelf, history: history) { extent in
            picture(in: extent)
        } buttons: {
            PasteButton(payloadType: PictureFile.self) { files in open { files.first } }
                .labelStyle(.iconOnly)
            PhotosPicker(selection: $chosen, matching: .images) {
                Label("Choose a picture", systemImage: "photo.on.rectangle")
            }
        }
        .dropDestination(for: PictureFile.self) { files, _ in
            open { files.first }
            return !files.isEmpty
        }
        .onChange(of: chosen) { _, item in
            guard let item else { return }
            chosen = nil  // so that the same one can be chosen again
            open { try await item.loadTransferable(type: PictureFile.self) }
        }
    }

    @ViewBuilder private func picture(in view: Extent) -> some View {
        if let image, let picture = model.picture, let box = model.box {
            let scale = box.scale(in: view)
            Image(uiImage: image)
                .resizable()
                .frame(width: scale * Double(picture.width), height: scale * Double(picture.height))
                .overlay(alignment: .topLeading) {
                    RoundedRectangle(cornerRadius: 4)
                        .strokeBorder(.tint, lineWidth: 3)
                        .frame(width: scale * box.side, height: scale * box.side)
                        .offset(x: scale * (box.x - box.side / 2), y: scale * (box.y - box.side / 2))
                }
                .modifier(BoxGestures(model: model, scale: scale))
                .accessibilityElement()
                .accessibilityLabel("Picture with the box that is read")
                .accessibilityZoomAction {
                    model.pinch(by: $0.direction == .zoomIn ? 1 / 1.25 : 1.25)
                    model.lift()
                }
                .accessibilityAction(named: Text("Move the box left")) { move(x: -1, y: 0) }
                .accessibilityAction(named: Text("Move the box right")) { move(x: 1, y: 0) }
                .accessibilityAction(named: Text("Move the box up")) { move(x: 0, y: -1) }
                .accessibilityAction(named: Text("Move the box down")) { move(x: 0, y: 1) }
        } else {
            ContentUnavailableView {
                Label("No picture yet", systemImage: "photo")
            } description: {
                Text("Choose one, paste one, or drop one here. No permission is needed, and nothing leaves the device.")
            }
        }
    }

    private func open(_ load: @escaping @MainActor () async throws -> PictureFile?) {
        opening?.cancel()
        opening = Task {
            do {
                guard let file = try await load() else { return }
                let decoded = try await file.decoded()
                guard !Task.isCancelled else { return }
                image = decoded.image
                model.open(decoded.grey)
            } catch {
                if !Task.isCancelled { model.fail(error) }
            }
        }
    }

    /// Moves the box by quarters of its side.
    private func move(x: Double, y: Double) {
        guard let box = model.box else { return }
        model.drag(x: x * box.side / 4, y: y * box.side / 4)
        model.lift()
    }
}

/// One finger moves the box, two scale it.
private struct BoxGestures: ViewModifier {
    let model: PictureModel
    let scale: Double

    @GestureState private var isChanging = false

    func body(content: Content) -> some View {
        content
            .gesture(
                DragGesture()
                    .updating($isChanging) { _, isChanging, _ in isChanging = true }
                    .onChanged { model.drag(x: $0.translation.width / scale, y: $0.translation.height / scale) }
            )
            .simultaneousGesture(
                MagnifyGesture()
                    .updating($isChanging) { _, isChanging, _ in isChanging = true }
                    .onChanged { model.pinch(by: $0.magnification) }
            )
            .onChange(of: isChanging) { if !isChanging { model.lift() } }
    }
}
