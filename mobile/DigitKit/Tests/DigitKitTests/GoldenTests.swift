import Foundation
import Testing

@testable import DigitKit

/// The app against `mobile/golden`, which Python writes: the same frames, drawings and probabilities give the same.
///
/// Each test prints how many cases it compared and the largest difference it met.
struct GoldenTests {
    static func golden<Content: Decodable>(_ name: String) throws -> Content {
        let folder = URL(filePath: #filePath).appending(path: "../../../../golden").standardized
        let decoder = JSONDecoder()
        return try decoder.decode(Content.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
    }

    /// Rounding errors of sums in another order are smaller, and no mistake is.
    static let tolerance = 1e-9

    @Test func constants() throws {
        let python: [String: Double] = try Self.golden("constants")
        let swift = [
            "GUIDE_SHARE": GuideBox.share, "PEN": Drawing.pen, "PAPER": Double(Drawing.paper),
            "INK": Double(Drawing.ink), "CENTRED_SCALE": Double(Centring.scale),
            "FAINTEST_INK": Double(Centring.faintestInk), "HALF_LIFE": Decider.halfLife, "SETTLE": Decider.settle,
            "RELEASE": Decider.release, "GAP": Decider.gap,
        ]
        #expect(swift == python)
    }

    struct Crop: Decodable {
        let width, height, padding: Int
        let pattern: [Int]
        let turns: Int
        let view: [Double]?
        let size: Int
        let region: [Int]
        let pixels: Data
    }

    @Test func crops() throws {
        let cases: [Crop] = try Self.golden("crops")
        #expect(cases.count >= 40)
        for (number, golden) in cases.enumerated() {
            let bytesPerRow = golden.width + golden.padding
            var frame = [UInt8](repeating: 255, count: bytesPerRow * golden.height)
            let (a, b, c) = (golden.pattern[0], golden.pattern[1], golden.pattern[2])
            for y in 0..<golden.height {
                for x in 0..<golden.width { frame[y * bytesPerRow + x] = UInt8((a * x + b * y + c * x * y) % 256) }
            }
            let view = golden.view.map { Extent(width: $0[0], height: $0[1]) }
            let region = GuideBox.region(width: golden.width, height: golden.height, turns: golden.turns, view: view)
            #expect([region.x, region.y, region.side] == golden.region, "case \(number)")
            let reduced = try frame.withUnsafeBytes { bytes in
                try #require(
                    LumaPlane(bytes, bytesPerRow: bytesPerRow, width: golden.width, height: golden.height)
                ).reduced(region, to: golden.size, turns: golden.turns)
            }
            #expect(Data(reduced.pixels) == golden.pixels, "case \(number)")
        }
        print("parity: \(cases.count) crops, every region and every pixel equal")
    }

    struct Sketch: Decodable {
        let strokes: [[[Double]]]
        let size, paper, ink: Int
        let noise: Int?
        let pixels: Data
        let samples: [[Double]]

        var drawing: Drawing { Drawing(strokes: strokes.map { $0.map { PadPoint(x: $0[0], y: $0[1]) } }) }

        func largestDifference(_ values: GreyValues) -> Double {
            samples.map { abs(values.values[Int($0[0])] - $0[1]) }.max() ?? 0
        }
    }

    @Test func drawings() throws {
        let cases: [Sketch] = try Self.golden("drawings")
        #expect(cases.count >= 40)
        var (largest, compared) = (0.0, 0)
        for (number, golden) in cases.enumerated() {
            let values = golden.drawing.rendered(size: golden.size, paper: golden.paper, ink: golden.ink)
            #expect(Data(values.rounded().pixels) == golden.pixels, "case \(number)")
            largest = max(largest, golden.largestDifference(values))
            compared += golden.samples.count
        }
        #expect(largest <= Self.tolerance)
        print(
            "parity: \(cases.count) drawings, every pixel equal; \(compared) values before rounding within \(largest)")
    }

    @Test func centred() throws {
        let cases: [Sketch] = try Self.golden("centred")
        #expect(cases.count >= 40)
        var (largest, compared) = (0.0, 0)
        for (number, golden) in cases.enumerated() {
            let clean = golden.drawing.rendered(size: golden.size, paper: golden.paper, ink: golden.ink).rounded()
            let noise = try #require(golden.noise)
            let pixels = clean.pixels.enumerated().map { place, pixel in
                let (y, x) = place.quotientAndRemainder(dividingBy: golden.size)
                return pixel + UInt8((7 * x + 13 * y) % noise)
            }
            let square = try #require(GreyImage(size: golden.size, pixels: pixels))
            let values = Centring.centred(square, size: 28)
            #expect(Data(values.rounded().pixels) == golden.pixels, "case \(number)")
            largest = max(largest, golden.largestDifference(values))
            compared += golden.samples.count
        }
        #expect(largest <= Self.tolerance)
        print("parity: \(cases.count) centred, every pixel equal; \(compared) values before rounding within \(largest)")
    }

    struct Sequence: Decodable {
        let labels: [String]
        let background: String?
        let threshold: Double
        let frames: [[Double]]
        let expected: [Expected]
    }

    struct Expected: Decodable {
        let state: String
        let label: String?
        let confidence: Double
        let announce: Bool
        let best: Double

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            state = try fields.decode(String.self)
            label = try fields.decode(String?.self)
            confidence = try fields.decode(Double.self)
            announce = try fields.decode(Bool.self)
            best = try fields.decode(Double.self)
        }
    }

    @Test func decisions() throws {
        let cases: [Sequence] = try Self.golden("decisions")
        #expect(cases.count >= 40)
        var (largest, compared) = (0.0, 0)
        for (number, golden) in cases.enumerated() {
            var decider = Decider(
                labels: golden.labels, background: golden.background, threshold: golden.threshold)
            for (frame, expected) in zip(golden.frames, golden.expected) {
                let rest = (1 - frame[2] - frame[4]) / Double(golden.labels.count - 2)
                let probabilities = golden.labels.indices.map {
                    $0 == Int(frame[1]) ? frame[2] : $0 == Int(frame[3]) ? frame[4] : rest
                }
                let decision = decider.update(probabilities, at: frame[0])
                #expect(decision.reading.matches(expected), "case \(number) at \(frame[0])")
                #expect(decision.announcement == (expected.announce ? expected.label : nil), "case \(number)")
                if case .shown(_, let confidence) = decision.reading {
                    largest = max(largest, abs(confidence - expected.confidence))
                }
                largest = max(largest, abs((decision.probabilities.max() ?? 0) - expected.best))
                compared += 1
            }
        }
        #expect(largest <= Self.tolerance)
        print("parity: \(cases.count) sequences, \(compared) decisions equal; probabilities within \(largest)")
    }

    struct Text: Decodable {
        let text: String
        let fault: String?
    }

    @Test func contracts() throws {
        let cases: [Text] = try Self.golden("contracts")
        #expect(cases.count >= 20)
        for golden in cases {
            let read = Result { try Contract(metadata: [Contract.metadataKey: golden.text]) }
            switch (read, golden.fault) {
            case (.success(let contract), nil): #expect(contract.labels.count >= 10)
            case (.failure(let error), let fault?): #expect(error as? ContractError == .fault(fault), "\(golden.text)")
            default: Issue.record("\(golden.fault ?? "no fault") expected: \(read)")
            }
        }
        print("parity: \(cases.count) contracts, those with a fault refused by its name")
    }
}

extension Reading {
    fileprivate func matches(_ expected: GoldenTests.Expected) -> Bool {
        switch self {
        case .silent: expected.state == "silent" && expected.label == nil
        case .candidate(let label): expected.state == "candidate" && expected.label == label
        case .shown(let label, _): expected.state == "shown" && expected.label == label
        }
    }
}
