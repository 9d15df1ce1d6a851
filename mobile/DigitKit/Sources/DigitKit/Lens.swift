import Foundation

/// What a camera sees, and from where on it sees it sharply.
public struct Lens: Sendable, Equatable {
    /// How wide a piece of paper the guide box should cover, in millimetres: handwriting of 5 to 7 mm then fills a sixth
    /// of it or more, and networks read digits down to an eighth.
    public static let paper = 30.0
    /// From nearer by, a phone shades what it looks at, in millimetres.
    static let nearestHand = 120.0
    /// Where cameras that do not tell usually begin to be sharp, in millimetres.
    static let usualFocus = 150.0
    /// The strongest zoom on offer, of what a person calls 1×: further in, the box holds fewer pixels than networks take.
    static let strongest = 8.0

    /// The nearest sharp distance in millimetres; `nil` where the camera does not know it.
    public let nearestFocus: Double?
    /// Of the longer side of a frame at a zoom of 1, in degrees.
    public let fieldOfView: Double
    /// The camera's zoom at what a person calls 1×: above 1 where a wider lens helps out close by.
    public let usualZoom: Double
    /// The camera's zooms on offer.
    public let zooms: ClosedRange<Double>

    /// - Parameters:
    ///   - nearestFocus: In millimetres; `nil`, or what is not above 0, where it is not known.
    ///   - fieldOfView: Of the longer side of a frame at a zoom of 1, in degrees.
    ///   - usualZoom: The camera's zoom at what a person calls 1×.
    ///   - zooms: All that the camera can.
    public init(nearestFocus: Double?, fieldOfView: Double, usualZoom: Double = 1, zooms: ClosedRange<Double>) {
        self.nearestFocus = nearestFocus.flatMap { $0 > 0 ? $0 : nil }
        self.fieldOfView = min(max(fieldOfView, 1), 179)
        self.usualZoom = min(max(usualZoom, zooms.lowerBound), zooms.upperBound)
        self.zooms = self.usualZoom...max(self.usualZoom, min(zooms.upperBound, self.usualZoom * Self.strongest))
    }

    /// How wide a piece of paper the guide box covers, in millimetres.
    ///
    /// - Parameters:
    ///   - distance: The paper's from the camera, in millimetres.
    ///   - zoom: The camera's.
    ///   - frame: The upright frame; only the ratio of its sides counts.
    ///   - view: The preview that it fills; `nil` where the whole frame is seen.
    public func paperInBox(at distance: Double, zoom: Double, frame: Extent, view: Extent?) -> Double {
        let longerSide = 2 * distance * tan(fieldOfView * .pi / 360) / zoom
        return longerSide * GuideBox.side(of: frame, seenIn: view) / max(frame.width, frame.height)
    }

    /// The zoom with which the guide box covers `Lens.paper` from the nearest place that is sharp and not in the phone's
    /// shade.
    public func zoom(frame: Extent, view: Extent?) -> Double {
        let distance = max(nearestFocus ?? Self.usualFocus, Self.nearestHand)
        return offered(paperInBox(at: distance, zoom: 1, frame: frame, view: view) / Self.paper)
    }

    /// The nearest zoom on offer.
    public func offered(_ zoom: Double) -> Double {
        min(max(zoom, zooms.lowerBound), zooms.upperBound)
    }
}
