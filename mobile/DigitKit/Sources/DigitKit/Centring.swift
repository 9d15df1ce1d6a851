/// The way in for networks that know ink only as the competition has it: white on black, centred by its mass.
enum Centring {
    /// Ink is found in a square of so many times the size that the network takes.
    static let scale = 4
    /// Grey levels between paper and ink below which a square counts as empty.
    static let faintestInk = 24

    /// The ink of a grey square; the longer side of its box becomes 20 of 28 pixels, and its mass comes to the middle of
    /// pixel 14, counted from 0, as it does in MNIST.
    ///
    /// Paper is the median grey; ink is what is furthest from it, darker or lighter, faint below a quarter of that
    /// distance and full above three quarters. A square without ink is black. Shadows and lines count as ink.
    ///
    /// - Returns: `size` × `size` values, not yet rounded, 0 to 255.
    static func centred(_ square: GreyImage, size: Int) -> GreyValues {
        var result = GreyValues(size: size, repeating: 0)
        guard let ink = Ink(square) else { return result }
        let step = Double(ink.longest) / (Double(size) * 20 / 28)
        let rows = shares(centre: ink.centreY, step: step, size: size, side: square.size)
        let columns = shares(centre: ink.centreX, step: step, size: size, side: square.size)
        let whole = Double(2 * ink.contrast) * step * step
        for row in 0..<size {
            for column in 0..<size {
                var sum = 0.0
                for down in rows[row] {
                    var line = 0.0
                    for across in columns[column] {
                        line += across.weight * Double(ink.weight[down.pixel * square.size + across.pixel])
                    }
                    sum += down.weight * line
                }
                result.values[row * size + column] = 255 * sum / whole
            }
        }
        return result
    }

    /// For each of `size` results, which are `step` wide and the middle of whose pixel `size / 2` is at `centre`, the pixels
    /// of a row that fall into it.
    private static func shares(
        centre: Double, step: Double, size: Int, side: Int
    ) -> [[(pixel: Int, weight: Double)]] {
        (0..<size).map { result in
            let low = centre + (Double(result) - Double(size) / 2 - 0.5) * step
            let high = low + step
            let first = max(0, Int(low.rounded(.down)))
            let last = min(side, Int(high.rounded(.up)))
            guard first < last else { return [] }
            return (first..<last).map { pixel in
                (pixel, max(min(high, Double(pixel + 1)) - max(low, Double(pixel)), 0))
            }
        }
    }
}

/// What of a grey square is ink.
private struct Ink {
    /// Grey levels between paper and ink.
    let contrast: Int
    /// 0 (paper) to twice the contrast (ink), a pixel each.
    let weight: [Int]
    /// The longer side of the ink's box, in pixels.
    let longest: Int
    /// Of its mass, in pixels from the left.
    let centreX: Double
    /// Of its mass, in pixels from the top.
    let centreY: Double

    /// - Returns: `nil` where there is none.
    init?(_ square: GreyImage) {
        let levels = square.pixels.map(Int.init)
        var histogram = [Int](repeating: 0, count: 256)
        for level in levels { histogram[level] += 1 }
        var (paper, counted) = (0, 2 * histogram[0])
        while counted < levels.count {
            paper += 1
            counted += 2 * histogram[paper]
        }
        guard let darkest = levels.min(), let lightest = levels.max() else { return nil }
        let (below, above) = (paper - darkest, lightest - paper)
        let contrast = max(below, above)
        guard contrast >= Centring.faintestInk else { return nil }
        let distance = levels.map { max(below >= above ? paper - $0 : $0 - paper, 0) }
        let weight = distance.map { min(max(4 * $0 - contrast, 0), 2 * contrast) }

        let side = square.size
        var (top, bottom, left, right) = (side, -1, side, -1)
        var (mass, momentX, momentY) = (0, 0, 0)
        for place in levels.indices {
            let (row, column) = place.quotientAndRemainder(dividingBy: side)
            mass += weight[place]
            momentX += weight[place] * (2 * column + 1)
            momentY += weight[place] * (2 * row + 1)
            if 2 * distance[place] >= contrast {
                (top, bottom) = (min(top, row), max(bottom, row))
                (left, right) = (min(left, column), max(right, column))
            }
        }
        self.contrast = contrast
        self.weight = weight
        longest = max(bottom - top, right - left) + 1
        centreX = Double(momentX) / Double(2 * mass)
        centreY = Double(momentY) / Double(2 * mass)
    }
}
