/// How a screen is shared by what is read, the camera's picture or the drawing pad, and the panel with the answer.
///
/// They lie beside each other, so that the panel covers nothing, and what is in the panel has the height that it is given
/// here: large type makes the panel larger, up to a share of the screen, and no larger.
public struct ScreenLayout: Sendable, Equatable {
    /// The smallest side of what is touched, in points.
    public static let target = 44.0
    /// Around the panel's content, in points.
    public static let padding = 16.0
    /// Between the panel's parts, in points.
    public static let spacing = 12.0
    /// The panel's largest share of a screen that is higher than wide.
    static let largestShare = 0.45
    /// The answer's height with type of the usual size, in points.
    static let usualAnswer = 110.0
    /// The answer's least height, in points.
    static let leastAnswer = 72.0
    /// The bars' height with type of the usual size, in points.
    static let usualBars = 60.0

    /// Whether the panel is at the side; else it is below.
    public let isWide: Bool
    /// What is read, in points.
    public let picture: Extent
    public let panel: Extent
    /// Height of the digit and its confidence, in points.
    public let answer: Double
    /// Height of the bars and their labels, in points.
    public let bars: Double
    /// Side of a button, in points; 0 where the panel has none.
    public let button: Double

    /// - Parameters:
    ///   - screen: What is not taken by bars and corners, in points.
    ///   - typeScale: A person's size of type, of the usual one.
    ///   - hasButtons: Whether there is a row of buttons in the panel.
    public init(screen: Extent, typeScale: Double, hasButtons: Bool) {
        let scale = min(max(typeScale, 1), 2)
        isWide = screen.width > screen.height
        button = hasButtons ? min(Self.target * scale, 60) : 0
        let buttons = hasButtons ? button + Self.spacing : 0
        if isWide {
            let width = min(min(220 * scale, 320), max(220, 0.4 * screen.width))
            bars = min(Self.usualBars * scale, 80)
            let free = screen.height - 2 * Self.padding - Self.spacing - bars - buttons
            answer = max(Self.leastAnswer, min(Self.usualAnswer * scale, free))
            panel = Extent(width: width, height: screen.height)
            picture = Extent(width: max(screen.width - width, 0), height: screen.height)
        } else {
            let free = Self.largestShare * screen.height - 2 * Self.padding - buttons
            answer = max(Self.leastAnswer, min(Self.usualAnswer * scale, free))
            bars = min(Self.usualBars * scale, answer)
            let height = 2 * Self.padding + answer + buttons
            panel = Extent(width: screen.width, height: height)
            picture = Extent(width: screen.width, height: max(screen.height - height, 0))
        }
    }

    /// What is free above the guide box, for notices, in points.
    ///
    /// - Parameter frame: The upright frame that fills the picture; `nil` where it is not known yet.
    public func margin(frame: Extent?) -> Double {
        (picture.height - GuideBox.side(in: picture, frame: frame)) / 2
    }
}
