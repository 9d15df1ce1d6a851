/// Width and height, in pixels or points.
public struct Extent: Sendable, Equatable {
    public let width: Double
    public let height: Double

    public init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }
}

/// A square of whole pixels in a frame.
public struct Region: Sendable, Equatable {
    public let x: Int
    public let y: Int
    public let side: Int

    public init(x: Int, y: Int, side: Int) {
        self.x = x
        self.y = y
        self.side = side
    }

    /// The nearest region that lies wholly in a frame of that size.
    func inside(width: Int, height: Int) -> Region {
        let side = min(max(side, 1), width, height)
        return Region(x: min(max(x, 0), width - side), y: min(max(y, 0), height - side), side: side)
    }
}

/// A place in a frame, from (0, 0) at its top left to (1, 1) at its bottom right.
public struct FramePlace: Sendable, Equatable {
    public let x: Double
    public let y: Double

    /// What lies outside is brought to the edge.
    public init(x: Double, y: Double) {
        self.x = min(max(x, 0), 1)
        self.y = min(max(y, 0), 1)
    }

    /// The same place in the frame as the sensor has it.
    ///
    /// - Parameter turns: Clockwise quarter turns that bring the sensor's frame upright.
    public func onSensor(turns: Int) -> FramePlace {
        switch turns & 3 {
        case 1: FramePlace(x: y, y: 1 - x)
        case 2: FramePlace(x: 1 - x, y: 1 - y)
        case 3: FramePlace(x: 1 - y, y: x)
        default: self
        }
    }
}

/// The square in the middle of the preview in which a digit is read.
public enum GuideBox {
    /// Its side, of the shorter side of what the preview shows.
    public static let share = 0.6

    /// Where the guide box lies in a frame as the sensor has it.
    ///
    /// - Parameters:
    ///   - width: The frame's, in pixels, 1 or more.
    ///   - height: The frame's, in pixels, 1 or more.
    ///   - turns: Clockwise quarter turns that bring the frame upright.
    ///   - view: The preview that the upright frame fills and overflows evenly (aspect fill); `nil` where the whole
    ///     frame is seen.
    public static func region(width: Int, height: Int, turns: Int = 0, view: Extent? = nil) -> Region {
        let (across, down) = turns & 1 == 1 ? (height, width) : (width, height)
        let upright = Extent(width: Double(across), height: Double(down))
        let side = max(1, Int(Self.side(of: upright, seenIn: view).rounded(.down)))
        let (x, y) = ((across - side) / 2, (down - side) / 2)
        return switch turns & 3 {
        case 1: Region(x: y, y: height - x - side, side: side)
        case 2: Region(x: width - x - side, y: height - y - side, side: side)
        case 3: Region(x: width - y - side, y: x, side: side)
        default: Region(x: x, y: y, side: side)
        }
    }

    /// The guide box's side in the preview, in the preview's own unit.
    ///
    /// - Parameters:
    ///   - view: The preview.
    ///   - frame: The upright frame that fills it; `nil` where it is not known yet.
    public static func side(in view: Extent, frame: Extent?) -> Double {
        guard let frame, frame.width > 0, frame.height > 0 else { return share * min(view.width, view.height) }
        return side(of: frame, seenIn: view) * max(view.width / frame.width, view.height / frame.height)
    }

    /// The guide box's side in an upright frame, in the frame's own unit.
    static func side(of frame: Extent, seenIn view: Extent?) -> Double {
        let seen = visible(frame, in: view)
        return share * min(seen.width, seen.height)
    }

    /// What of an upright frame a person touches in the preview.
    ///
    /// - Parameters:
    ///   - x: From the preview's left, in its own unit.
    ///   - y: From the preview's top, in its own unit.
    ///   - view: The preview.
    ///   - frame: The upright frame that fills it and overflows it evenly.
    public static func place(x: Double, y: Double, in view: Extent, frame: Extent) -> FramePlace {
        let scale = max(view.width / frame.width, view.height / frame.height)
        return FramePlace(
            x: 0.5 + (x - view.width / 2) / (frame.width * scale),
            y: 0.5 + (y - view.height / 2) / (frame.height * scale))
    }

    /// How much of an upright frame a preview shows that it fills and overflows.
    private static func visible(_ frame: Extent, in view: Extent?) -> Extent {
        guard let view, view.width > 0, view.height > 0 else { return frame }
        let scale = max(view.width / frame.width, view.height / frame.height)
        return Extent(width: min(frame.width, view.width / scale), height: min(frame.height, view.height / scale))
    }
}
