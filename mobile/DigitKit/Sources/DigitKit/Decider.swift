import Foundation

/// What there is to show.
public enum Reading: Sendable, Equatable {
    /// No digit.
    case silent
    /// A digit leads, and not for long enough yet.
    case candidate(label: String)
    /// A digit, and its probability.
    case shown(label: String, confidence: Double)
}

/// What to show after a frame.
public struct Decision: Sendable, Equatable {
    public let reading: Reading
    /// The digit that has just been shown and was not before: what a screen reader says.
    public let announcement: String?
    /// One a label, smoothed; empty before the first frame.
    public let probabilities: [Double]
}

/// Probabilities of frame after frame become one calm answer.
///
/// Probabilities fade exponentially by the time between frames, so the answer does not depend on the frame rate. A digit
/// that leads with at least the threshold for `settle` seconds is shown; it stays until it falls below `release` of the
/// threshold, background leads, or another digit has settled in its place. After `gap` seconds without a frame all is
/// forgotten.
public struct Decider: Sendable {
    /// Seconds after which a frame weighs half.
    public static let halfLife = 0.15
    /// Seconds for which a digit must lead before it is shown.
    public static let settle = 0.3
    /// Of the threshold: below that a shown digit is let go.
    public static let release = 0.75
    /// Seconds without a frame after which nothing before counts.
    public static let gap = 1.0

    private let labels: [String]
    private let background: Int?
    /// The confidence with which a digit may be shown, 0 to 1; may change between frames.
    public var threshold: Double

    private var smoothed: [Double] = []
    private var time = -Double.infinity
    private var shown: Int?
    private var leader: (label: Int, since: Double)?

    public init(labels: [String], background: String?, threshold: Double) {
        self.labels = labels
        self.background = background.flatMap(labels.firstIndex)
        self.threshold = threshold
    }

    public init(_ contract: Contract, threshold: Double? = nil) {
        self.init(
            labels: contract.labels, background: contract.background, threshold: threshold ?? contract.threshold)
    }

    /// Takes one frame.
    ///
    /// A frame that is older than the one before, or whose probabilities are not finite numbers, one a label, changes
    /// nothing.
    ///
    /// - Parameters:
    ///   - probabilities: One a label, in order.
    ///   - time: The frame's, in seconds of any clock.
    public mutating func update(_ probabilities: [Double], at time: Double) -> Decision {
        guard probabilities.count == labels.count, probabilities.allSatisfy(\.isFinite), time.isFinite,
            time >= self.time
        else { return decision(announcing: nil) }
        if time - self.time > Self.gap { forget() }
        smooth(probabilities, time)
        guard let best = smoothed.indexOfFirstMaximum else { return decision(announcing: nil) }
        follow(best)
        if let leader, time - leader.since >= Self.settle {
            shown = leader.label
            self.leader = nil
            return decision(announcing: labels[leader.label])
        }
        if let shown, best == background || smoothed[shown] < Self.release * threshold { self.shown = nil }
        return decision(announcing: nil)
    }

    /// Starts anew, as after a pause.
    public mutating func forget() {
        smoothed = []
        time = -.infinity
        shown = nil
        leader = nil
    }

    private mutating func smooth(_ probabilities: [Double], _ time: Double) {
        if smoothed.isEmpty {
            smoothed = probabilities
        } else {
            let kept = exp2((self.time - time) / Self.halfLife)
            smoothed = zip(smoothed, probabilities).map { old, new in new + kept * (old - new) }
        }
        self.time = time
    }

    /// Keeps account of which digit leads, and since when.
    private mutating func follow(_ best: Int) {
        if best == background || smoothed[best] < threshold || best == shown {
            leader = nil
        } else if best != leader?.label {
            leader = (best, time)
        }
    }

    private func decision(announcing announcement: String?) -> Decision {
        let reading: Reading =
            if let shown {
                .shown(label: labels[shown], confidence: smoothed[shown])
            } else if let leader {
                .candidate(label: labels[leader.label])
            } else {
                .silent
            }
        return Decision(reading: reading, announcement: announcement, probabilities: smoothed)
    }
}

extension [Double] {
    /// The first place of the highest value.
    var indexOfFirstMaximum: Int? {
        indices.max { self[$0] < self[$1] || (self[$0] == self[$1] && $0 > $1) }
    }
}
