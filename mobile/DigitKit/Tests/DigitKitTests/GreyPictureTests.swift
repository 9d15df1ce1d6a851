import Testing

@testable import DigitKit

struct GreyPictureTests {
    @Test func aPictureMustHoldItsPixels() {
        #expect(GreyPicture(width: 2, height: 1, rgba: [1, 2, 3, 4]) == nil)
        #expect(GreyPicture(width: 0, height: 1, rgba: []) == nil)
        #expect(GreyPicture(width: 1, height: 1, rgba: [9, 9, 9, 0])?.pixels == [9])
    }

    /// The numbers are Pillow's: `Image.new("RGB", (1, 1), colour).convert("L")`.
    static let colours: [([UInt8], UInt8)] = [
        ([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([255, 255, 255], 255), ([12, 200, 99], 132),
    ]

    @Test(arguments: GreyPictureTests.colours)
    func coloursAreWeighedAsPillowDoes(colour: [UInt8], grey: UInt8) {
        #expect(GreyPicture(width: 1, height: 1, rgba: colour + [255])?.pixels == [grey])
    }

    @Test func aRegionIsReducedAsAFrameIs() throws {
        let rgba = [0, 1, 10, 20, 2, 4, 30, 40].flatMap { [UInt8](repeating: $0, count: 4) }
        let picture = try #require(GreyPicture(width: 4, height: 2, rgba: rgba))
        #expect(picture.reduced(Region(x: 2, y: 0, side: 2), to: 1)?.pixels == [25])
    }
}

struct PictureBoxTests {
    private let box = PictureBox(in: Extent(width: 200, height: 100))

    @Test func itBeginsInTheMiddle() {
        #expect(box.region == Region(x: 70, y: 20, side: 60))
    }

    @Test func itIsMovedAndScaledWithinThePicture() {
        #expect(box.moved(x: 10, y: -5).region == Region(x: 80, y: 15, side: 60))
        #expect(box.moved(x: 1000, y: -1000).region == Region(x: 140, y: 0, side: 60))
        #expect(box.scaled(by: 0.5).region == Region(x: 85, y: 35, side: 30))
        #expect(box.moved(x: -1000, y: 0).scaled(by: 100).region == Region(x: 0, y: 0, side: 100))
        #expect(box.scaled(by: 0).side == 8 && box.scaled(by: -1).side == 8)
        #expect(PictureBox(in: Extent(width: 3, height: 5)).scaled(by: 0).side == 3)
    }

    @Test func theWholePictureIsShownAsLargeAsItCanBe() {
        #expect(box.scale(in: Extent(width: 100, height: 400)) == 0.5)
        #expect(box.scale(in: Extent(width: 1000, height: 200)) == 2)
    }
}
