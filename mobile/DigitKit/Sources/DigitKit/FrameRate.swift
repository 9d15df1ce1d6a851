/// Frames a second over the last second.
public struct FrameRate: Sendable {
    private var times: [Double] = []

    public init() {}

    /// Counts a frame.
    ///
    /// - Parameter time: In seconds of any clock that goes forward.
    public mutating func count(at time: Double) {
        times.removeAll { time - $0 >= 1 || $0 > time }
        times.append(time)
    }

    /// Of the frames counted in the second before the last one; 0 before there are two.
    public var perSecond: Double {
        guard let first = times.first, let last = times.last, last > first else { return 0 }
        return Double(times.count - 1) / (last - first)
    }
}
