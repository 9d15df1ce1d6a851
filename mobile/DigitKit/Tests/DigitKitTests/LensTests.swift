import Foundation
import Testing

@testable import DigitKit

struct LensTests {
    private let frame = Extent(width: 720, height: 1280)
    private let view = Extent(width: 390, height: 763)

    /// A sheet that is as wide as the frame sees fills it: half a right angle to each side sees twice the distance.
    @Test func theBoxCoversTheShareOfWhatIsSeen() {
        let lens = Lens(nearestFocus: nil, fieldOfView: 90, zooms: 1...10)
        #expect(abs(lens.paperInBox(at: 100, zoom: 1, frame: frame, view: nil) - 200 * 9 / 16 * 0.6) < 1e-9)
        #expect(abs(lens.paperInBox(at: 100, zoom: 2, frame: frame, view: nil) - 100 * 9 / 16 * 0.6) < 1e-9)
        let landscape = Extent(width: 1280, height: 720)
        #expect(abs(lens.paperInBox(at: 100, zoom: 1, frame: landscape, view: nil) - 200 * 9 / 16 * 0.6) < 1e-9)
    }

    /// The phones of the last years are sharp from 15 to 24 cm on, and see 65 to 75 degrees.
    @Test(arguments: [(150.0, 65.0), (200, 70), (240, 75)])
    func handwritingIsLargeEnoughWhereRecentPhonesAreSharp(nearest: Double, field: Double) {
        let lens = Lens(nearestFocus: nearest, fieldOfView: field, zooms: 1...60)
        #expect((55...120).contains(lens.paperInBox(at: nearest, zoom: 1, frame: frame, view: view)))
        let zoom = lens.zoom(frame: frame, view: view)
        #expect((1.5...4.5).contains(zoom))
        let paper = lens.paperInBox(at: nearest, zoom: zoom, frame: frame, view: view)
        #expect(abs(paper - Lens.paper) < 1e-9 && 5 / paper > 1 / 8.0)
    }

    @Test func aLensThatIsSharpFromVeryNearIsNotUsedInThePhonesShade() {
        let macro = Lens(nearestFocus: 20, fieldOfView: 106, usualZoom: 2, zooms: 1...60)
        let zoom = macro.zoom(frame: frame, view: view)
        #expect(abs(macro.paperInBox(at: 120, zoom: zoom, frame: frame, view: view) - Lens.paper) < 1e-9)
        #expect(zoom > 2)
    }

    @Test func withoutADistanceTheUsualOneCounts() {
        let unknown = Lens(nearestFocus: -1, fieldOfView: 70, zooms: 1...60)
        #expect(unknown.nearestFocus == nil)
        let known = Lens(nearestFocus: 150, fieldOfView: 70, zooms: 1...60)
        #expect(unknown.zoom(frame: frame, view: view) == known.zoom(frame: frame, view: view))
    }

    @Test func onlyZoomsOnOfferAreChosen() {
        let weak = Lens(nearestFocus: 240, fieldOfView: 75, zooms: 1...1.5)
        #expect(weak.zoom(frame: frame, view: view) == 1.5 && weak.offered(0.1) == 1)
        let wide = Lens(nearestFocus: 20, fieldOfView: 106, usualZoom: 2, zooms: 1...123)
        #expect(wide.zooms == 2...16)
        #expect(Lens(nearestFocus: nil, fieldOfView: 0, zooms: 1...1).zoom(frame: frame, view: nil) == 1)
    }
}

struct FramePlaceTests {
    private let frame = Extent(width: 720, height: 1280)

    @Test func theMiddleIsTheMiddleAndWhatOverflowsIsNotTouched() {
        let view = Extent(width: 360, height: 400)  // shows the frame's width and 800 of its 1280 rows
        #expect(GuideBox.place(x: 180, y: 200, in: view, frame: frame) == FramePlace(x: 0.5, y: 0.5))
        let corner = GuideBox.place(x: 0, y: 0, in: view, frame: frame)
        #expect(corner.x == 0 && abs(corner.y - 240 / 1280.0) < 1e-12)
        #expect(GuideBox.place(x: -9, y: 9999, in: view, frame: frame) == FramePlace(x: 0, y: 1))
    }

    /// A touch at the guide box's corner is the corner of the region that is cut out of the sensor's frame.
    @Test(arguments: 0...3)
    func aTouchedPlaceIsWhereTheSensorHasIt(turns: Int) {
        let view = Extent(width: 300, height: 500)
        let (width, height) = turns % 2 == 1 ? (1280, 720) : (720, 1280)
        let region = GuideBox.region(width: width, height: height, turns: turns, view: view)
        let half = GuideBox.side(in: view, frame: frame) / 2
        let corners = [(-half, -half), (half, half)].map { x, y in
            GuideBox.place(x: 150 + x, y: 250 + y, in: view, frame: frame).onSensor(turns: turns)
        }
        let columns = corners.map { $0.x * Double(width) }, rows = corners.map { $0.y * Double(height) }
        #expect(abs((columns.min() ?? 0) - Double(region.x)) <= 1 && abs((rows.min() ?? 0) - Double(region.y)) <= 1)
        #expect(abs((columns.max() ?? 0) - Double(region.x + region.side)) <= 1.5)
        #expect(abs((rows.max() ?? 0) - Double(region.y + region.side)) <= 1.5)
    }

    /// Held upright, a phone's sensor lies on its side: its top left is at the upper right.
    @Test func aPhoneHeldUprightHasItsSensorOnItsSide() {
        #expect(FramePlace(x: 1, y: 0).onSensor(turns: 1) == FramePlace(x: 0, y: 0))
        #expect(FramePlace(x: 0, y: 0).onSensor(turns: 1) == FramePlace(x: 0, y: 1))
        #expect(FramePlace(x: 0.2, y: 0.3).onSensor(turns: 4) == FramePlace(x: 0.2, y: 0.3))
    }
}
