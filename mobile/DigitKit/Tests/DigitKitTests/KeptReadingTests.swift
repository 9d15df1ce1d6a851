import Foundation
import Testing

@testable import DigitKit

struct KeptReadingTests {
    private let square = GreyImage(whole: 2, [0, 128, 255, 7])

    /// The file is what Python's zlib makes of the same rows at level 0, which Pillow reads.
    @Test func aSquareBecomesAPNG() {
        let file =
            "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAAEUlEQVR4AQEGAPn/"
            + "AACAAP8HBAsBhzNxtKwAAAAASUVORK5CYII="
        #expect(square.png == Data(base64Encoded: file))
    }

    /// A square of 300 is longer than one block of a stream that is not compressed.
    @Test func aLargeSquareIsStoredInBlocks() {
        let png = GreyImage(whole: 300, [UInt8](repeating: 9, count: 90_000)).png
        #expect(png.count == 8 + 25 + 12 + (2 + 2 * 5 + 300 * 301 + 4) + 12)
        #expect(Array(png.suffix(20).prefix(4)) == [239, 151, 92, 197])  // the stream's checksum, as zlib has it
    }

    @Test func itOutlivesTheApp() throws {
        var reading = KeptReading(square, label: "7", confidence: 0.5, source: .drawing)
        reading.truth = "1"
        let again = try JSONDecoder().decode(KeptReading.self, from: JSONEncoder().encode(reading))
        #expect(again == reading && again.square == square)
    }

    @Test func onlyWhatAPersonLabelledHasAPlaceInAnExport() throws {
        let id = try #require(UUID(uuidString: "12345678-0000-0000-0000-000000000000"))
        var reading = KeptReading(
            square, label: "7", confidence: 0.5, source: .camera, date: Date(timeIntervalSince1970: 99.5), id: id)
        #expect(reading.path(background: "background") == nil)
        reading.truth = "1"
        #expect(reading.path(background: "background") == "digits/camera/1/99-12345678.png")
        reading.truth = "background"
        #expect(reading.path(background: "background") == "background/camera/99-12345678.png")
    }
}
