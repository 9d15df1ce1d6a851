import Foundation
import Testing

@testable import DigitKit

/// A contract as an export writes it, with other values where the test wants them.
func contract(_ changes: [String: Any] = [:]) throws -> Contract {
    let fields: [String: Any] = [
        "version": 1, "labels": (0...9).map(String.init) + ["background"], "background": "background", "size": 64,
        "pixels": [0, 255], "polarity": "any", "crop": "box", "threshold": 0.62, "run": "12-camera", "input": "image",
        "validation_accuracy": 0.993, "format": "mlprogram", "precision": "float16", "compression": NSNull(),
        "target": "iOS17", "settings": String(repeating: "ab", count: 32),
        "weights": String(repeating: "cd", count: 32),
    ]
    return try Contract(json: JSONSerialization.data(withJSONObject: fields.merging(changes) { $1 }))
}

func competition() throws -> Contract {
    try contract([
        "labels": (0...9).map(String.init), "background": NSNull(), "size": 28, "polarity": "white on black",
        "crop": "centred", "threshold": 0.5,
    ])
}

struct ContractTests {
    @Test func everyFieldIsRead() throws {
        let contract = try contract()
        #expect(contract.labels.count == 11 && contract.background == "background" && contract.knowsBackground)
        #expect(contract.size == 64 && contract.side == 64 && contract.crop == .box && contract.polarity == .any)
        #expect(contract.threshold == 0.62 && contract.run == "12-camera" && contract.validationAccuracy == 0.993)
        #expect(contract.input == .image && contract.compression == nil)
    }

    @Test func aModelWithoutContractSaysWhatToDo() {
        let error = #expect(throws: ContractError.self) { try Contract(metadata: ["author": "kit"]) }
        #expect(error == .missing)
        #expect(error?.localizedDescription.contains("kit export") == true)
        #expect(ContractError.fault("size").localizedDescription.contains("(size)"))
    }

    @Test func aCameraNetworkGetsTheSquareAsItIs() throws {
        let square = try #require(GreyImage(size: 64, pixels: (0..<4096).map { UInt8($0 % 251) }))
        #expect(try contract().pixels(of: square) == square)
    }

    @Test func aCompetitionNetworkGetsWhiteInkOnBlackInTheMiddle() throws {
        let competition = try competition()
        #expect(competition.side == 112 && !competition.knowsBackground)
        let drawing = Drawing(strokes: [[PadPoint(x: 0.1, y: 0.1), PadPoint(x: 0.1, y: 0.3)]])
        let pixels = competition.pixels(of: competition.square(of: drawing))
        #expect(pixels.size == 28)
        let inked = pixels.pixels.indices.filter { pixels.pixels[$0] > 200 }
        let rows = inked.map { $0 / 28 }, columns = inked.map { $0 % 28 }
        #expect(rows.min() == 5 && rows.max() == 23)
        #expect(columns.allSatisfy { (11...17).contains($0) })
    }

    @Test func aDrawingForACameraNetworkIsDarkOnLight() throws {
        let square = try contract().square(
            of: Drawing(strokes: [[PadPoint(x: 0.5, y: 0.2), PadPoint(x: 0.5, y: 0.8)]]))
        #expect(square.size == 64 && square.pixels[0] == 235 && square.pixels[32 * 64 + 32] == 30)
    }

    @Test func theVerdictIsSilentOnBackgroundAndBelowTheThreshold() throws {
        let contract = try contract()
        func probabilities(_ label: Int, _ share: Double) -> [Double] {
            (0...10).map { $0 == label ? share : (1 - share) / 10 }
        }
        #expect(contract.verdict(probabilities(3, 0.7)) == .shown(label: "3", confidence: 0.7))
        #expect(contract.verdict(probabilities(3, 0.62)) == .shown(label: "3", confidence: 0.62))
        #expect(contract.verdict(probabilities(3, 0.61)) == .silent)
        #expect(contract.verdict(probabilities(3, 0.61), threshold: 0.5) == .shown(label: "3", confidence: 0.61))
        #expect(contract.verdict(probabilities(10, 0.99)) == .silent)
        #expect(contract.verdict([1]) == .silent && contract.verdict([]) == .silent)
        #expect(contract.verdict(probabilities(3, .nan)) == .silent)
    }

    @Test func anAnswerOfSharesOfOneWholeIsTaken() throws {
        let contract = try contract()
        let half = [Double](repeating: 0.09088, count: 11)  // as a network of float16 rounds them
        #expect(try contract.checked(half) == half)
    }

    @Test(arguments: [
        [Double](repeating: 0, count: 11), [Double](repeating: 1, count: 11),
        [2, -1] + [Double](repeating: 0, count: 9),
    ])
    func anAnswerOfNoSharesIsAnError(answer: [Double]) throws {
        let error = #expect(throws: AnswerError.self) { try contract().checked(answer) }
        #expect(error == .noShares(sum: answer.reduce(0, +)))
    }

    @Test(arguments: [
        [Double](repeating: .nan, count: 11), [.infinity] + [Double](repeating: 0, count: 10), [1], [],
    ])
    func anAnswerWithoutNumbersIsAnError(answer: [Double]) throws {
        #expect(throws: AnswerError.noNumbers) { try contract().checked(answer) }
    }

    @Test func anErrorInTheAnswerSaysWhatToDo() {
        #expect(
            AnswerError.noShares(sum: 0).localizedDescription
                == "The model's probabilities add up to 0.00, not to 1. "
                + "Start the app again; if that goes on, export the model again.")
        #expect(AnswerError.noNumbers.localizedDescription.contains("export the model again"))
    }
}
