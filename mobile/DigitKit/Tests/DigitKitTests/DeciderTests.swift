import Testing

@testable import DigitKit

/// The decision, told as stories; `GoldenTests` holds the same code to Python's numbers.
struct DeciderTests {
    private let labels = (0...9).map(String.init) + ["background"]
    private let background = 10

    private func decider(_ threshold: Double = 0.6) -> Decider {
        Decider(labels: labels, background: "background", threshold: threshold)
    }

    private func seen(_ label: Int, _ share: Double = 0.95) -> [Double] {
        (0...10).map { $0 == label ? share : (1 - share) / 10 }
    }

    /// Shows the same for some seconds at 30 frames a second.
    @discardableResult
    private func watch(
        _ decider: inout Decider, _ label: Int, share: Double = 0.95, from: Double, seconds: Double
    ) -> [Decision] {
        stride(from: from, to: from + seconds, by: 1 / 30).map { decider.update(seen(label, share), at: $0) }
    }

    @Test func aDigitIsShownOnceItHasSettledAndSaidOnce() {
        var decider = decider()
        let decisions = watch(&decider, 7, from: 0, seconds: 1)
        #expect(decisions[0].reading == .candidate(label: "7"))
        #expect(decisions[8].reading == .candidate(label: "7"))
        #expect(decisions.compactMap(\.announcement) == ["7"])
        guard case .shown("7", let confidence) = decisions[29].reading else { return #expect(Bool(false)) }
        #expect(abs(confidence - 0.95) < 1e-9)
    }

    @Test func theTimeToSettleCountsInFull() {
        var (settled, early) = (decider(), decider())
        _ = (settled.update(seen(7), at: 0), early.update(seen(7), at: 0))
        #expect(settled.update(seen(7), at: Decider.settle).announcement == "7")
        #expect(early.update(seen(7), at: Decider.settle - 1e-9).reading == .candidate(label: "7"))
    }

    @Test func backgroundAndDoubtAreSilent() {
        var (empty, doubtful) = (decider(), decider())
        #expect(watch(&empty, background, from: 0, seconds: 2).allSatisfy { $0.reading == .silent })
        #expect(watch(&doubtful, 3, share: 0.55, from: 0, seconds: 2).allSatisfy { $0.reading == .silent })
    }

    @Test func aShownDigitOutlivesAFlicker() {
        var decider = decider()
        watch(&decider, 4, from: 0, seconds: 1)
        let flicker = decider.update(seen(9), at: 1.0)
        guard case .shown("4", _) = flicker.reading else { return #expect(Bool(false)) }
        let after = watch(&decider, 4, from: 1.03, seconds: 0.5)
        #expect(after.allSatisfy { if case .shown("4", _) = $0.reading { true } else { false } })
        #expect(after.compactMap(\.announcement).isEmpty)
    }

    @Test func aShownDigitIsLetGoWhenTheBoxIsEmpty() {
        var decider = decider()
        watch(&decider, 4, from: 0, seconds: 1)
        let after = watch(&decider, background, from: 1, seconds: 0.5)
        #expect(after.last?.reading == .silent)
    }

    @Test func betweenTheTwoThresholdsNothingChanges() {
        var (shown, silent) = (decider(), decider())
        watch(&shown, 4, from: 0, seconds: 1)
        let held = watch(&shown, 4, share: 0.5, from: 1, seconds: 2)  // above 0.45, below 0.6
        guard case .shown("4", _)? = held.last?.reading else { return #expect(Bool(false)) }
        #expect(watch(&silent, 4, share: 0.5, from: 1, seconds: 2).last?.reading == .silent)
        #expect(watch(&shown, 4, share: 0.4, from: 3, seconds: 1).last?.reading == .silent)
    }

    @Test func anotherDigitTakesOverWhenItHasSettled() {
        var decider = decider()
        watch(&decider, 4, from: 0, seconds: 1)
        let after = watch(&decider, 9, from: 1, seconds: 1)
        #expect(after.compactMap(\.announcement) == ["9"])
        guard case .shown("9", _)? = after.last?.reading else { return #expect(Bool(false)) }
    }

    @Test func afterAPauseNothingBeforeCounts() {
        var decider = decider()
        watch(&decider, 4, from: 0, seconds: 1)
        #expect(decider.update(seen(4), at: 2.5).reading == .candidate(label: "4"))
        decider.forget()
        #expect(decider.update(seen(background), at: 0).reading == .silent)  // an older clock is fine after forgetting
    }

    @Test func oldFramesAndNonsenseChangeNothing() {
        var decider = decider()
        watch(&decider, 4, from: 0, seconds: 1)
        let before = decider.update(seen(4), at: 1)
        #expect(decider.update(seen(9), at: 0.5) == before)
        #expect(decider.update([], at: 2) == before)
        #expect(decider.update(seen(9, .nan), at: 1.1) == before)
        #expect(decider.update(seen(9), at: .nan) == before)
    }

    @Test func theFrameRateDoesNotMatter() {
        for rate in [10.0, 30, 60, 240] {
            var decider = decider()
            let shownAt = stride(from: 0, to: 1, by: 1 / rate).first { time in
                if case .shown = decider.update(seen(5), at: time).reading { true } else { false }
            }
            #expect(abs((shownAt ?? 9) - 0.3) <= 1 / rate + 1e-9, "\(rate) frames a second")
        }
    }

    @Test func aLowerThresholdHoldsFromTheNextFrameOn() {
        var decider = decider(0.9)
        #expect(watch(&decider, 4, share: 0.7, from: 0, seconds: 1).last?.reading == .silent)
        decider.threshold = 0.5
        guard case .shown("4", _)? = watch(&decider, 4, share: 0.7, from: 1, seconds: 1).last?.reading
        else { return #expect(Bool(false)) }
    }
}

struct FrameRateTests {
    @Test func itCountsTheLastSecond() {
        var rate = FrameRate()
        #expect(rate.perSecond == 0)
        for frame in 0..<90 { rate.count(at: Double(frame) / 30) }
        #expect(abs(rate.perSecond - 30) < 0.5)
        for frame in 0..<30 { rate.count(at: 3 + Double(frame) / 10) }
        #expect(abs(rate.perSecond - 10) < 0.5)
        rate.count(at: 0)  // a clock that starts anew
        #expect(rate.perSecond == 0)
    }
}
