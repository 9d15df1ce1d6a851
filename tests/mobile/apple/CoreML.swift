// What the app uses of CoreML, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

import CoreVideo
@_exported import Foundation

public enum MLComputeUnits: Int { case cpuOnly, cpuAndGPU, all, cpuAndNeuralEngine }
public final class MLModelConfiguration: NSObject {
    public override init() {}
    public var computeUnits: MLComputeUnits = .all
}
public struct MLModelMetadataKey: Hashable, Sendable {
    let s: String
    public static let creatorDefinedKey = Self(s: "c")
}
public final class MLMultiArrayConstraint { public var shape: [NSNumber] { [] } }
public final class MLFeatureDescription { public var multiArrayConstraint: MLMultiArrayConstraint? { nil } }
public final class MLModelDescription {
    public var metadata: [MLModelMetadataKey: Any] { [:] }
    public var inputDescriptionsByName: [String: MLFeatureDescription] { [:] }
}
public final class MLFeatureValue {
    public init(pixelBuffer: CVPixelBuffer) {}
    public init(multiArray: MLMultiArray) {}
    public var dictionaryValue: [AnyHashable: NSNumber] { [:] }
}
public protocol MLFeatureProvider { func featureValue(for name: String) -> MLFeatureValue? }
public final class MLDictionaryFeatureProvider: MLFeatureProvider {
    public init(dictionary: [String: Any]) throws {}
    public func featureValue(for name: String) -> MLFeatureValue? { nil }
}
public enum MLMultiArrayDataType: Int { case float32 }
public final class MLMultiArray {
    public init(shape: [NSNumber], dataType: MLMultiArrayDataType) throws {}
    public var count: Int { 0 }
    public subscript(i: Int) -> NSNumber {
        get { 0 }
        set {}
    }
}
public class MLModel {
    public init(contentsOf: URL, configuration: MLModelConfiguration) throws {}
    public var modelDescription: MLModelDescription { .init() }
    public func prediction(from: any MLFeatureProvider) throws -> any MLFeatureProvider { from }
    public func prediction(from: any MLFeatureProvider) async throws -> any MLFeatureProvider { from }
}
