import DigitFlow
import DigitKit
import SwiftUI

/// Which model reads, and how sure it must be.
struct SettingsView: View {
    @Bindable var shelf: ModelShelf

    var body: some View {
        NavigationStack {
            Form {
                if let problem = shelf.problem {
                    Label(problem, systemImage: "exclamationmark.triangle")
                }
                if shelf.names.count > 1 {
                    Picker("Model", selection: $shelf.choice) {
                        ForEach(shelf.names, id: \.self) { Text($0).tag($0) }
                    }
                }
                if let contract = shelf.reader?.contract {
                    Section {
                        Slider(value: $shelf.threshold, in: 0...1) { Text("Threshold") }
                        Button("Use the model's own, \(contract.threshold.formatted(.percent))") {
                            shelf.setThreshold(nil)
                        }
                        .disabled(shelf.ownThreshold == nil)
                    } header: {
                        Text("Threshold \(shelf.threshold.formatted(.percent.precision(.fractionLength(0))))")
                    } footer: {
                        Text("A digit is shown when the model is at least so sure of it.")
                    }
                    ModelCardSections(name: shelf.choice, contract: contract)
                }
            }
            .navigationTitle("Settings")
        }
    }
}

/// What the model's contract says, on a sheet of its own.
struct ModelCardSheet: View {
    let shelf: ModelShelf

    @Environment(\.dismiss) private var dismiss

    var body: some View {
        NavigationStack {
            Form {
                if let contract = shelf.reader?.contract {
                    ModelCardSections(name: shelf.choice, contract: contract)
                } else {
                    Text(shelf.problem ?? String(localized: "The model is being opened."))
                }
            }
            .navigationTitle("About this model")
            .navigationBarTitleDisplayMode(.inline)
            .toolbar { Button("Done") { dismiss() } }
        }
    }
}

private struct ModelCardSections: View {
    let name: String
    let contract: Contract

    var body: some View {
        Section("Model") {
            LabeledContent("Name", value: name)
            LabeledContent("Run", value: contract.run)
            LabeledContent("Labels", value: contract.labels.joined(separator: " "))
            LabeledContent(
                "Validation accuracy",
                value: contract.validationAccuracy.formatted(.percent.precision(.fractionLength(1))))
            LabeledContent("Threshold", value: contract.threshold.formatted(.percent.precision(.fractionLength(0))))
        }
        Section("What it takes") {
            LabeledContent("Picture", value: String(localized: "\(contract.size) × \(contract.size), grey"))
            LabeledContent("Crop", value: crop)
            LabeledContent("Ink", value: ink)
            LabeledContent("Format", value: format)
        }
    }

    private var crop: String {
        contract.crop == .box ? String(localized: "the guide box") : String(localized: "the ink, centred")
    }

    private var ink: String {
        contract.polarity == .any ? String(localized: "dark or light") : String(localized: "white on black")
    }

    private var format: String {
        [contract.format, contract.precision, contract.compression].compactMap { $0 }.joined(separator: ", ")
    }
}
