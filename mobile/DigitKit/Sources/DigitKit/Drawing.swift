/// A place on the pad, from (0, 0) at its top left to (1, 1) at its bottom right.
public struct PadPoint: Sendable, Equatable {
    public let x: Double
    public let y: Double

    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// What a round pen drew, stroke by stroke.
public struct Drawing: Sendable, Equatable {
    /// The pen's width, of the pad's side.
    public static let pen = 0.08
    /// What paper looks like to a camera network.
    public static let paper = 235
    /// What ink looks like to a camera network.
    public static let ink = 30

    public private(set) var strokes: [[PadPoint]]

    public init(strokes: [[PadPoint]] = []) {
        self.strokes = strokes
    }

    public var isEmpty: Bool { strokes.allSatisfy(\.isEmpty) }

    /// Puts the pen down.
    public mutating func begin(at point: PadPoint) {
        strokes.append([point])
    }

    /// Moves the pen on; a pen that is not down is put down.
    public mutating func extend(to point: PadPoint) {
        guard let last = strokes.indices.last else { return begin(at: point) }
        if strokes[last].last != point { strokes[last].append(point) }
    }

    /// Takes the last stroke away.
    public mutating func undo() {
        _ = strokes.popLast()
    }

    public mutating func clear() {
        strokes.removeAll()
    }

    /// The strokes as pixels, smooth at their edges, not yet rounded.
    ///
    /// A pixel is covered by the share `radius + 1/2 - distance`, between 0 and 1, of its centre from the nearest
    /// stroke.
    func rendered(size: Int, paper: Int = Self.paper, ink: Int = Self.ink) -> GreyValues {
        var covered = GreyValues(size: size, repeating: 0)
        let scale = Double(size)
        for stroke in strokes {
            let points = stroke.map { PadPoint(x: $0.x * scale, y: $0.y * scale) }
            if points.count == 1 { cover(&covered, from: points[0], to: points[0]) }
            for (from, to) in zip(points, points.dropFirst()) { cover(&covered, from: from, to: to) }
        }
        let (lightest, span) = (Double(paper), Double(ink - paper))
        covered.values = covered.values.map { lightest + span * $0 }
        return covered
    }

    private func cover(_ covered: inout GreyValues, from a: PadPoint, to b: PadPoint) {
        let size = covered.size
        let radius = Self.pen * Double(size) / 2
        let reach = radius + 1
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let length = dx * dx + dy * dy
        for row in Self.span(min(a.y, b.y) - reach, max(a.y, b.y) + reach, size: size) {
            for column in Self.span(min(a.x, b.x) - reach, max(a.x, b.x) + reach, size: size) {
                let (x, y) = (Double(column) + 0.5, Double(row) + 0.5)
                let along = length > 0 ? min(max(((x - a.x) * dx + (y - a.y) * dy) / length, 0), 1) : 0
                let (offX, offY) = (x - (a.x + along * dx), y - (a.y + along * dy))
                let distance = (offX * offX + offY * offY).squareRoot()
                let share = min(max(radius - distance + 0.5, 0), 1)
                let place = row * size + column
                covered.values[place] = max(covered.values[place], share)
            }
        }
    }

    /// The pixels between two places, none outside of the square.
    private static func span(_ low: Double, _ high: Double, size: Int) -> Range<Int> {
        func pixel(_ place: Double) -> Int { Int(min(max(place, 0), Double(size))) }
        guard low <= high else { return 0..<0 }
        return pixel(low.rounded(.down))..<pixel(high.rounded(.up))
    }
}
