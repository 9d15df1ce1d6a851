/// A square grey picture, row by row from the top left, 0 (black) to 255 (white).
public struct GreyImage: Sendable, Equatable {
    /// Side in pixels.
    public let size: Int
    /// `size` × `size` of them.
    public let pixels: [UInt8]

    /// - Returns: `nil` where the pixels are not those of a square of that size.
    public init?(size: Int, pixels: [UInt8]) {
        guard size > 0, pixels.count == size * size else { return nil }
        self.init(whole: size, pixels)
    }

    init(whole size: Int, _ pixels: [UInt8]) {
        self.size = size
        self.pixels = pixels
    }
}

/// A grey frame as a camera hands it over: rows of pixels, each row possibly followed by padding.
///
/// It borrows the camera's memory, so it must not outlive the call that made it.
public struct LumaPlane {
    let bytes: UnsafeRawBufferPointer
    let bytesPerRow: Int
    /// In pixels, as the sensor has them.
    public let width: Int
    /// In pixels, as the sensor has them.
    public let height: Int

    /// - Returns: `nil` where the memory cannot hold such a frame.
    public init?(_ bytes: UnsafeRawBufferPointer, bytesPerRow: Int, width: Int, height: Int) {
        guard width > 0, height > 0, bytesPerRow >= width, bytes.count >= bytesPerRow * (height - 1) + width
        else { return nil }
        self.bytes = bytes
        self.bytesPerRow = bytesPerRow
        self.width = width
        self.height = height
    }

    /// A region of the frame, upright, reduced by area averaging in exact integers, halves rounded up.
    ///
    /// - Parameters:
    ///   - region: What lies outside of the frame is left out of account.
    ///   - size: Side of the result in pixels, 1 or more.
    ///   - turns: Clockwise quarter turns that bring the frame upright.
    public func reduced(_ region: Region, to size: Int, turns: Int = 0) -> GreyImage {
        let region = region.inside(width: width, height: height)
        let columns = Share.shares(of: region.side, in: size)
        var square = [UInt8](repeating: 0, count: size * size)
        var sums = [Int](repeating: 0, count: size)
        let area = region.side * region.side
        for row in 0..<size {
            for column in 0..<size { sums[column] = 0 }
            for down in columns[row] {
                let start = (region.y + down.pixel) * bytesPerRow + region.x
                for column in 0..<size {
                    var sum = 0
                    for across in columns[column] { sum += across.weight * Int(bytes[start + across.pixel]) }
                    sums[column] += down.weight * sum
                }
            }
            for column in 0..<size {
                let place = Self.turned(row: row, column: column, size: size, turns: turns)
                square[place] = UInt8((2 * sums[column] + area) / (2 * area))
            }
        }
        return GreyImage(whole: size, square)
    }

    /// Where a pixel comes to lie when its square is turned clockwise.
    private static func turned(row: Int, column: Int, size: Int, turns: Int) -> Int {
        switch turns & 3 {
        case 1: column * size + (size - 1 - row)
        case 2: (size - 1 - row) * size + (size - 1 - column)
        case 3: (size - 1 - column) * size + row
        default: row * size + column
        }
    }
}

/// How much of a pixel falls into one of the result's, in units of a `size`-th of a pixel.
private struct Share {
    let pixel: Int
    let weight: Int

    /// For each of `size` results the pixels of a row of `side` that fall into it.
    static func shares(of side: Int, in size: Int) -> [[Share]] {
        (0..<size).map { result in
            let low = result * side
            let high = low + side
            return (low / size...(high - 1) / size).map { pixel in
                Share(pixel: pixel, weight: min(high, (pixel + 1) * size) - max(low, pixel * size))
            }
        }
    }
}

/// A square of numbers that are yet to be rounded to pixels, row by row.
struct GreyValues {
    let size: Int
    var values: [Double]

    init(size: Int, repeating value: Double) {
        self.size = size
        values = [Double](repeating: value, count: size * size)
    }

    /// Halves are rounded up; what is outside of 0 to 255 becomes the nearer of the two.
    func rounded() -> GreyImage {
        GreyImage(whole: size, values.map { UInt8(min(max(($0 + 0.5).rounded(.down), 0), 255)) })
    }
}
