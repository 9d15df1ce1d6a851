import Testing

@testable import DigitKit

/// Crop and reduction against pictures that a person can check.
struct GreyImageTests {
    @Test func aSquareMustBeOne() {
        #expect(GreyImage(size: 2, pixels: [1, 2, 3]) == nil)
        #expect(GreyImage(size: 0, pixels: []) == nil)
        #expect(GreyImage(size: 1, pixels: [7])?.pixels == [7])
    }

    @Test func aPlaneMustHoldItsRows() {
        let bytes = [UInt8](repeating: 0, count: 23)
        bytes.withUnsafeBytes { bytes in
            #expect(LumaPlane(bytes, bytesPerRow: 8, width: 7, height: 3) != nil)  // the last row needs no padding
            #expect(LumaPlane(bytes, bytesPerRow: 8, width: 8, height: 3) == nil)
            #expect(LumaPlane(bytes, bytesPerRow: 6, width: 7, height: 3) == nil)
            #expect(LumaPlane(bytes, bytesPerRow: 8, width: 0, height: 3) == nil)
        }
    }

    @Test func areasAreAveragedAndHalvesRoundedUp() {
        reduced([0, 1, 10, 20, 2, 4, 30, 40], width: 4, Region(x: 0, y: 0, side: 2), to: 1) { #expect($0 == [2]) }
        reduced([0, 1, 10, 20, 2, 4, 30, 40], width: 4, Region(x: 2, y: 0, side: 2), to: 1) { #expect($0 == [25]) }
        reduced([0, 1], width: 2, Region(x: 0, y: 0, side: 1), to: 2) { #expect($0 == [0, 0, 0, 0]) }
        // 3 × 3 to 2 × 2: each result is its corner, half of two edges and a quarter of the middle, of 2.25 pixels.
        reduced([90, 0, 0, 0, 0, 0, 0, 0, 9], width: 3, Region(x: 0, y: 0, side: 3), to: 2) {
            #expect($0 == [40, 0, 0, 4])
        }
    }

    @Test(arguments: [
        (0, [1, 2, 3, 4]), (1, [3, 1, 4, 2]), (2, [4, 3, 2, 1]), (3, [2, 4, 1, 3]), (4, [1, 2, 3, 4]),
    ])
    func turnsAreClockwise(turns: Int, expected: [UInt8]) {
        reduced([1, 2, 3, 4], width: 2, Region(x: 0, y: 0, side: 2), to: 2, turns: turns) { #expect($0 == expected) }
    }

    @Test func aRegionOutsideIsBroughtInside() {
        reduced([1, 2, 3, 4], width: 2, Region(x: 5, y: -3, side: 1), to: 1) { #expect($0 == [2]) }
        reduced([1, 2, 3, 4], width: 2, Region(x: 0, y: 0, side: 9), to: 2) { #expect($0 == [1, 2, 3, 4]) }
    }

    private func reduced(
        _ pixels: [UInt8], width: Int, _ region: Region, to size: Int, turns: Int = 0, check: ([UInt8]) -> Void
    ) {
        pixels.withUnsafeBytes { bytes in
            let plane = LumaPlane(bytes, bytesPerRow: width, width: width, height: pixels.count / width)
            check(plane?.reduced(region, to: size, turns: turns).pixels ?? [])
        }
    }
}

struct GuideBoxTests {
    @Test func itIsInTheMiddleOfTheFrame() {
        #expect(GuideBox.region(width: 100, height: 200) == Region(x: 20, y: 70, side: 60))
        #expect(GuideBox.region(width: 1, height: 1) == Region(x: 0, y: 0, side: 1))
    }

    @Test func aNarrowPreviewMakesItSmaller() {
        // Of 1080 × 1920 a preview of 1 : 3.2 shows 600 × 1920.
        let narrow = Extent(width: 320, height: 1024)
        #expect(GuideBox.region(width: 1080, height: 1920, view: narrow) == Region(x: 360, y: 780, side: 360))
        #expect(abs(GuideBox.side(in: narrow, frame: Extent(width: 1080, height: 1920)) - 192) < 1e-9)
    }

    @Test func theBoxOnTheScreenIsTheRegionInTheFrame() {
        let frame = Extent(width: 1080, height: 1920)
        for view in [(390.0, 844.0), (844, 390), (400, 400), (1024, 1366)] {
            let view = Extent(width: view.0, height: view.1)
            let scale = max(view.width / frame.width, view.height / frame.height)
            let region = GuideBox.region(width: 1080, height: 1920, view: view)
            #expect(abs(GuideBox.side(in: view, frame: frame) - Double(region.side) * scale) <= scale)
            #expect(GuideBox.side(in: view, frame: frame) <= min(view.width, view.height) * 0.6 + 1e-9)
        }
        #expect(GuideBox.side(in: Extent(width: 300, height: 500), frame: nil) == 180)
    }

    @Test func aViewWithoutSizeIsNoView() {
        let whole = GuideBox.region(width: 100, height: 200)
        #expect(GuideBox.region(width: 100, height: 200, view: Extent(width: 0, height: 10)) == whole)
    }
}
