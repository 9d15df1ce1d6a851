import DigitFlow
import DigitKit
import SwiftUI
import UniformTypeIdentifiers

/// What was read lately; what was read wrong can be put right and given to the kit.
struct HistoryView: View {
    let history: HistoryModel

    @State private var isExporting = false
    @State private var isClearing = false

    var body: some View {
        let labelled = history.labelled
        NavigationStack {
            List {
                if let problem = history.problem {
                    Label(problem, systemImage: "exclamationmark.triangle")
                }
                ForEach(history.readings) { reading in
                    KeptReadingRow(reading: reading, history: history)
                }
            }
            .overlay {
                if history.readings.isEmpty {
                    ContentUnavailableView {
                        Label("Nothing yet", systemImage: "clock")
                    } description: {
                        Text("What the camera, the pad or a picture shows is kept here, on this device alone.")
                    }
                }
            }
            .navigationTitle("History")
            .onAppear { history.retry() }
            .toolbar {
                ToolbarItemGroup(placement: .primaryAction) {
                    Button("Export \(labelled.count) labelled pictures", systemImage: "square.and.arrow.up") {
                        isExporting = true
                    }
                    .disabled(labelled.isEmpty)
                    Button("Clear", systemImage: "trash") { isClearing = true }
                        .disabled(history.readings.isEmpty)
                }
            }
            .confirmationDialog(
                Text("Delete all that is kept?"), isPresented: $isClearing, titleVisibility: .visible
            ) {
                Button("Delete all", role: .destructive) { history.removeAll() }
                if !labelled.isEmpty {
                    Button("Delete what is not labelled", role: .destructive) { history.removeUnlabelled() }
                }
            }
        }
        .fileExporter(
            isPresented: $isExporting, document: LabelledFolder(files: labelled), contentType: .folder,
            defaultFilename: "labelled"
        ) { result in
            if case .failure(let error) = result { history.fail(error) }
        }
    }
}

private struct KeptReadingRow: View {
    let reading: KeptReading
    let history: HistoryModel

    var body: some View {
        HStack(spacing: 16) {
            if let square = reading.square, let image = UIImage(data: square.png) {
                Image(uiImage: image)
                    .resizable()
                    .frame(width: 56, height: 56)
                    .accessibilityHidden(true)
            }
            VStack(alignment: .leading, spacing: 2) {
                Text(words)
                    .font(.headline)
                Text(reading.date.formatted(date: .abbreviated, time: .shortened))
                    .font(.caption)
                    .foregroundStyle(.secondary)
            }
            Spacer(minLength: 0)
            TruthMenu(id: reading.id, history: history)
        }
        .contextMenu {
            Button("Copy", systemImage: "doc.on.doc") { UIPasteboard.general.string = reading.truth ?? reading.label }
            ShareLink(item: reading.truth ?? reading.label)
            Button("Delete", systemImage: "trash") { history.remove(reading.id) }
        }
    }

    private var words: String {
        let confidence = reading.confidence.formatted(.percent.precision(.fractionLength(0)))
        let read = String(localized: "\(reading.label), \(confidence)")
        guard let truth = reading.truth else { return read }
        if truth == HistoryModel.background { return String(localized: "\(read): no digit") }
        return String(localized: "\(read): it is \(truth)")
    }
}

/// Puts a reading right: a person says which digit it is, or that it is none.
struct TruthMenu: View {
    let id: KeptReading.ID
    let history: HistoryModel

    var body: some View {
        Menu {
            ForEach(HistoryModel.truths, id: \.self) { truth in
                Button(truth == HistoryModel.background ? String(localized: "no digit") : truth) {
                    history.correct(id, to: truth)
                }
            }
            if history.readings.contains(where: { $0.id == id && $0.truth != nil }) {
                Button("Remove the label", role: .destructive) { history.correct(id, to: nil) }
            }
        } label: {
            Label("It is", systemImage: "pencil")
                .labelStyle(.iconOnly)
                .frame(width: ScreenLayout.target, height: ScreenLayout.target)
        }
    }
}

/// The labelled squares as folders and files, laid out as `kit analyze --photos` wants them.
private struct LabelledFolder: FileDocument {
    static let readableContentTypes: [UTType] = [.folder]

    let files: [String: Data]

    init(files: [String: Data]) { self.files = files }

    init(configuration: ReadConfiguration) throws { throw CocoaError(.fileReadUnsupportedScheme) }

    func fileWrapper(configuration: WriteConfiguration) throws -> FileWrapper {
        let root = FileWrapper(directoryWithFileWrappers: [:])
        for (path, content) in files {
            let names = path.split(separator: "/").map(String.init)
            let folder = names.dropLast().reduce(root) { parent, name in
                if let child = parent.fileWrappers?[name] { return child }
                let child = FileWrapper(directoryWithFileWrappers: [:])
                child.preferredFilename = name
                parent.addFileWrapper(child)
                return child
            }
            let file = FileWrapper(regularFileWithContents: content)
            file.preferredFilename = names.last
            folder.addFileWrapper(file)
        }
        return root
    }
}
