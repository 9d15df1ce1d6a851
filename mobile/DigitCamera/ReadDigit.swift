import AppIntents
import DigitFlow
import Foundation
import Observation

/// Reads the digit in a picture, for Shortcuts: with the box, the model and the threshold that the screen begins with.
struct ReadDigit: AppIntent {
    static let title: LocalizedStringResource = "Read a digit"
    static let description: IntentDescription? = IntentDescription(
        "Reads the digit in the middle of a picture, on this device alone. Gives nothing where there is no digit.")

    @Parameter(
        title: "Picture", supportedTypeIdentifiers: ["public.image"], requestValueDialog: "Which picture?",
        inputConnectionBehavior: .connectToPreviousIntentResult)
    var picture: IntentFile

    static var parameterSummary: some ParameterSummary { Summary("Read the digit in \(\.$picture)") }

    @Dependency private var reader: PictureReader

    @MainActor func perform() async throws -> some IntentResult & ReturnsValue<String?> & ProvidesDialog {
        let digit: String?
        do {
            digit = try await reader.digit(in: PictureFile(data: picture.data).decoded().grey)
        } catch {
            throw ShownError(error)
        }
        return .result(value: digit, dialog: IntentDialog(stringLiteral: Self.words(for: digit)))
    }

    private static func words(for digit: String?) -> String {
        guard let digit else { return String(localized: "No digit") }
        return String(localized: "The digit is \(digit).")
    }
}

/// Opens the app before its camera, for Siri, Spotlight and the Action button.
struct ReadDigitWithCamera: AppIntent {
    static let title: LocalizedStringResource = "Read a digit with the camera"
    static let description: IntentDescription? = IntentDescription(
        "Opens the camera, which reads the digit that it is held before.")
    static let openAppWhenRun = true

    @Dependency private var navigator: Navigator

    @MainActor func perform() async throws -> some IntentResult {
        navigator.tab = .camera
        return .result()
    }
}

/// What a person can ask for without having made a shortcut.
struct DigitShortcuts: AppShortcutsProvider {
    static var appShortcuts: [AppShortcut] {
        AppShortcut(
            intent: ReadDigitWithCamera(),
            phrases: ["Read a digit with \(.applicationName)", "Open the camera of \(.applicationName)"],
            shortTitle: "Read a digit", systemImageName: "camera.viewfinder")
        AppShortcut(
            intent: ReadDigit(),
            phrases: ["Read a picture with \(.applicationName)"],
            shortTitle: "Read a picture", systemImageName: "photo")
    }
}

/// Which screen is shown: a person chooses it, or a shortcut.
@MainActor @Observable final class Navigator {
    enum Tab: Hashable {
        case camera, drawing, picture, history, settings
    }

    var tab = Tab.camera
}

/// What Shortcuts shows of an error: of others than these it knows no words.
private struct ShownError: Error, CustomLocalizedStringResourceConvertible {
    let localizedStringResource: LocalizedStringResource

    init(_ error: any Error) {
        localizedStringResource = LocalizedStringResource(stringLiteral: error.localizedDescription)
    }
}
