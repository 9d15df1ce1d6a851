/// A grey picture of any size, upright, row by row from the top left, 0 (black) to 255 (white).
public struct GreyPicture: Sendable, Equatable {
    /// In pixels.
    public let width: Int
    /// In pixels.
    public let height: Int
    let pixels: [UInt8]

    /// A picture's luma, as ITU-R BT.601 weighs red, green and blue: what a camera's plane holds, and what Pillow makes.
    ///
    /// - Parameters:
    ///   - width: In pixels, 1 or more.
    ///   - height: In pixels, 1 or more.
    ///   - rgba: Red, green, blue and a fourth byte that is not looked at, for each pixel.
    /// - Returns: `nil` where these are not the bytes of such a picture.
    public init?(width: Int, height: Int, rgba: [UInt8]) {
        guard width > 0, height > 0, rgba.count == 4 * width * height else { return nil }
        self.width = width
        self.height = height
        pixels = stride(from: 0, to: rgba.count, by: 4).map { place in
            let (red, green, blue) = (Int(rgba[place]), Int(rgba[place + 1]), Int(rgba[place + 2]))
            return UInt8((19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16)
        }
    }

    public var extent: Extent { Extent(width: Double(width), height: Double(height)) }

    /// A region of the picture, reduced as a camera's frame is.
    func reduced(_ region: Region, to size: Int) -> GreyImage? {
        pixels.withUnsafeBytes { bytes in
            LumaPlane(bytes, bytesPerRow: width, width: width, height: height)?.reduced(region, to: size)
        }
    }

    /// The box as the square that a model with that contract is shown.
    public func square(in box: PictureBox, for contract: Contract) -> GreyImage? {
        reduced(box.region, to: contract.side)
    }
}

/// The guide box over a picture that stands still, in the picture's pixels: a person moves and scales it.
public struct PictureBox: Sendable, Equatable {
    /// The smallest side: below that there is nothing to read.
    static let smallest = 8.0

    /// Of its middle, from the picture's left.
    public private(set) var x: Double
    /// Of its middle, from the picture's top.
    public private(set) var y: Double
    public private(set) var side: Double
    private let picture: Extent

    /// In the middle, with the share that it has of a camera's frame.
    public init(in picture: Extent) {
        self.picture = picture
        x = picture.width / 2
        y = picture.height / 2
        side = GuideBox.share * min(picture.width, picture.height)
    }

    /// The box elsewhere, wholly inside of the picture.
    public func moved(x: Double, y: Double) -> PictureBox {
        var box = self
        box.x += x
        box.y += y
        box.bringInside()
        return box
    }

    /// The box with another side about its middle, wholly inside of the picture.
    public func scaled(by factor: Double) -> PictureBox {
        var box = self
        let largest = min(picture.width, picture.height)
        box.side = min(max(side * max(factor, 0), min(Self.smallest, largest)), largest)
        box.bringInside()
        return box
    }

    private mutating func bringInside() {
        x = min(max(x, side / 2), picture.width - side / 2)
        y = min(max(y, side / 2), picture.height - side / 2)
    }

    var region: Region {
        let whole = max(1, Int(side.rounded(.down)))
        return Region(
            x: Int((x - Double(whole) / 2).rounded(.down)), y: Int((y - Double(whole) / 2).rounded(.down)), side: whole)
    }

    /// Points a pixel, of a view that shows the whole picture as large as it can.
    public func scale(in view: Extent) -> Double {
        min(view.width / picture.width, view.height / picture.height)
    }
}
