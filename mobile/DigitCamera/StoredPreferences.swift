import DigitFlow
import Foundation

/// What a person chose, in the user defaults.
final class StoredPreferences: Preferences {
    private let defaults = UserDefaults.standard

    var model: String? {
        get { defaults.string(forKey: "model") }
        set { defaults.set(newValue, forKey: "model") }
    }

    func threshold(of model: String) -> Double? {
        defaults.object(forKey: "threshold of \(model)") as? Double
    }

    func setThreshold(_ threshold: Double?, of model: String) {
        defaults.set(threshold, forKey: "threshold of \(model)")
    }
}
