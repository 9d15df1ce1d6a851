import DigitKit
import SwiftUI

/// The digit in large type, its confidence, and a bar for every label, as large as the layout has it.
struct ReadingView: View {
    let reading: Reading
    let labels: [String]
    let probabilities: [Double]
    let layout: ScreenLayout

    @Environment(\.accessibilityReduceMotion) private var reduceMotion

    var body: some View {
        let stack =
            layout.isWide
            ? AnyLayout(VStackLayout(spacing: ScreenLayout.spacing))
            : AnyLayout(HStackLayout(spacing: ScreenLayout.padding))
        stack {
            digit
            BarsView(labels: labels, probabilities: probabilities, height: layout.bars)
                .animation(reduceMotion ? nil : .easeOut(duration: 0.15), value: probabilities)
        }
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(spoken)
        .accessibilityAddTraits(.updatesFrequently)
    }

    /// A line of type is 1.2 times as high as its size: the two of them fill the answer's height.
    private var digit: some View {
        VStack(spacing: 0) {
            Text(label)
                .font(.system(size: 0.64 * layout.answer, weight: .bold, design: .rounded))
                .foregroundStyle(isShown ? .primary : .tertiary)
            Text(isShown ? confidence : " ")
                .font(.system(size: 0.18 * layout.answer).monospacedDigit())
                .foregroundStyle(.secondary)
        }
        .lineLimit(1)
        .minimumScaleFactor(0.5)
        .frame(height: layout.answer)
    }

    private var label: String {
        switch reading {
        case .silent: "–"
        case .candidate(let label), .shown(let label, _): label
        }
    }

    private var isShown: Bool { !confidence.isEmpty }

    private var confidence: String {
        guard case .shown(_, let confidence) = reading else { return "" }
        return confidence.formatted(.percent.precision(.fractionLength(0)))
    }

    private var spoken: String {
        isShown ? String(localized: "\(label), \(confidence)") : String(localized: "No digit")
    }
}

private struct BarsView: View {
    let labels: [String]
    let probabilities: [Double]
    let height: Double

    var body: some View {
        HStack(alignment: .bottom, spacing: 4) {
            ForEach(Array(labels.enumerated()), id: \.offset) { place, label in
                VStack(spacing: 2) {
                    RoundedRectangle(cornerRadius: 2)
                        .fill(.tint)
                        .frame(height: max(2, 0.7 * height * share(place)))
                    Text(label.count == 1 ? label : "–")
                        .font(.system(size: 0.18 * height).monospacedDigit())
                        .foregroundStyle(.secondary)
                }
            }
        }
        .frame(height: height, alignment: .bottom)
    }

    private func share(_ place: Int) -> Double {
        place < probabilities.count ? probabilities[place] : 0
    }
}
