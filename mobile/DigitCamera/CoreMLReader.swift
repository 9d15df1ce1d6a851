@preconcurrency import CoreML
import CoreVideo
import DigitFlow
import DigitKit
import Foundation

/// The models in the app's bundle: whatever Xcode compiled, by name, this app's own first.
struct BundledModels: ModelSource {
    /// The model that comes with the app.
    static let own = "DigitCamera"

    let names: [String]
    private let urls: [String: URL]

    init(bundle: Bundle = .main) {
        let all = try? FileManager.default.contentsOfDirectory(at: bundle.bundleURL, includingPropertiesForKeys: nil)
        let found = (all ?? []).filter { $0.pathExtension == "mlmodelc" }
        let named = found.map { ($0.deletingPathExtension().lastPathComponent, $0) }
        urls = Dictionary(named) { first, _ in first }
        let others = urls.keys.filter { $0 != Self.own }.sorted()
        names = urls[Self.own] == nil ? others : [Self.own] + others
    }

    func open(_ name: String) async throws -> any DigitReader {
        guard let url = urls[name] else { throw ModelTrouble.gone }
        return try await CoreMLReader.load(url)
    }
}

/// A compiled model behind its contract; one reading at a time, never on the main thread.
actor CoreMLReader: DigitReader {
    nonisolated let contract: Contract
    private let model: MLModel

    /// Loads a compiled model on Core ML's own thread: it takes a while, and no other task has to wait for it.
    ///
    /// - Throws: What Core ML or the contract has to say, in words for a person.
    static func load(_ url: URL) async throws -> CoreMLReader {
        try CoreMLReader(try await MLModel.load(contentsOf: url, configuration: configuration))
    }

    private init(_ model: MLModel) throws {
        let metadata = model.modelDescription.metadata[.creatorDefinedKey] as? [String: String]
        contract = try Contract(metadata: metadata ?? [:])
        self.model = model
    }

    private static var configuration: MLModelConfiguration {
        let configuration = MLModelConfiguration()
        // A simulator has neither Neural Engine nor a GPU that Core ML can rely on: there it answers zeros or crashes. A
        // device lends its GPU to no app in the background, where the shortcut reads.
        configuration.computeUnits = isSimulator ? .cpuOnly : .cpuAndNeuralEngine
        return configuration
    }

    #if targetEnvironment(simulator)
        private static let isSimulator = true
    #else
        private static let isSimulator = false
    #endif

    func probabilities(of pixels: GreyImage) throws -> [Double] {
        let (name, value) =
            switch contract.input {
            case .image: ("image", try Self.picture(pixels))
            case .array: ("pixels", try array(pixels))
            }
        let answer = try model.prediction(from: MLDictionaryFeatureProvider(dictionary: [name: value]))
        let shares = answer.featureValue(for: "probabilities")?.dictionaryValue ?? [:]
        return try contract.labels.map { label in
            guard let share = shares[AnyHashable(label)] else { throw ModelTrouble.answer }
            return share.doubleValue
        }
    }

    private static func picture(_ pixels: GreyImage) throws -> MLFeatureValue {
        var made: CVPixelBuffer?
        CVPixelBufferCreate(nil, pixels.size, pixels.size, kCVPixelFormatType_OneComponent8, nil, &made)
        guard let buffer = made else { throw ModelTrouble.memory }
        CVPixelBufferLockBaseAddress(buffer, [])
        defer { CVPixelBufferUnlockBaseAddress(buffer, []) }
        guard let start = CVPixelBufferGetBaseAddress(buffer) else { throw ModelTrouble.memory }
        let bytesPerRow = CVPixelBufferGetBytesPerRow(buffer)
        pixels.pixels.withUnsafeBytes { bytes in
            for row in 0..<pixels.size {
                let line = UnsafeRawBufferPointer(rebasing: bytes[row * pixels.size..<(row + 1) * pixels.size])
                UnsafeMutableRawBufferPointer(start: start + row * bytesPerRow, count: pixels.size)
                    .copyMemory(from: line)
            }
        }
        return MLFeatureValue(pixelBuffer: buffer)
    }

    private func array(_ pixels: GreyImage) throws -> MLFeatureValue {
        let wanted = model.modelDescription.inputDescriptionsByName["pixels"]?.multiArrayConstraint?.shape
        let size = NSNumber(value: pixels.size)
        let array = try MLMultiArray(shape: wanted ?? [1, size, size, 1], dataType: .float32)
        guard array.count == pixels.pixels.count else { throw ModelTrouble.input }
        for (place, pixel) in pixels.pixels.enumerated() { array[place] = NSNumber(value: Float(pixel)) }
        return MLFeatureValue(multiArray: array)
    }
}

private enum ModelTrouble: LocalizedError {
    case gone, input, answer, memory

    var errorDescription: String? {
        switch self {
        case .gone: String(localized: "It is not in the app: build the app again.")
        case .input: String(localized: "It takes pictures of another size than its contract says: export it again.")
        case .answer: String(localized: "It gives no probabilities for its labels: export it again.")
        case .memory: String(localized: "There is not enough memory for a picture.")
        }
    }
}
