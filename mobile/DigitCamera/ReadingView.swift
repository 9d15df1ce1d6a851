import DigitKit
import SwiftUI

/// The digit in large type, its confidence, and a bar for every label.
struct ReadingView: View {
    let reading: Reading
    let labels: [String]
    let probabilities: [Double]

    @ScaledMetric(relativeTo: .largeTitle) private var digitSize: CGFloat = 72
    @Environment(\.accessibilityReduceMotion) private var reduceMotion
    @Environment(\.verticalSizeClass) private var verticalSizeClass

    var body: some View {
        let layout =
            verticalSizeClass == .compact ? AnyLayout(VStackLayout(spacing: 8)) : AnyLayout(HStackLayout(spacing: 16))
        layout {
            digit
            BarsView(labels: labels, probabilities: probabilities)
                .animation(reduceMotion ? nil : .easeOut(duration: 0.15), value: probabilities)
        }
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(spoken)
        .accessibilityAddTraits(.updatesFrequently)
    }

    private var digit: some View {
        VStack(spacing: 0) {
            Text(label)
                .font(.system(size: min(digitSize, 140), weight: .bold, design: .rounded))
                .foregroundStyle(isShown ? .primary : .tertiary)
            Text(isShown ? confidence : " ")
                .font(.title3.monospacedDigit())
                .foregroundStyle(.secondary)
        }
        .lineLimit(1)
        .minimumScaleFactor(0.5)
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

    private var spoken: String { isShown ? "\(label), \(confidence)" : "No digit" }
}

private struct BarsView: View {
    let labels: [String]
    let probabilities: [Double]

    @ScaledMetric private var height: CGFloat = 40

    var body: some View {
        HStack(alignment: .bottom, spacing: 6) {
            ForEach(Array(labels.enumerated()), id: \.offset) { place, label in
                VStack(spacing: 2) {
                    RoundedRectangle(cornerRadius: 2)
                        .fill(.tint)
                        .frame(height: max(2, height * share(place)))
                    Text(label.count == 1 ? label : "–")
                        .font(.caption2.monospacedDigit())
                        .foregroundStyle(.secondary)
                }
            }
        }
        .frame(height: height + 20, alignment: .bottom)
        .dynamicTypeSize(...DynamicTypeSize.accessibility1)
    }

    private func share(_ place: Int) -> CGFloat {
        place < probabilities.count ? CGFloat(probabilities[place]) : 0
    }
}
