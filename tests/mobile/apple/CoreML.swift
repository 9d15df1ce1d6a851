// What the app uses of CoreML, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs. None of these classes may be shared between tasks.

import CoreVideo
@_exported import AppleFoundation

public enum MLComputeUnits: Int, Sendable {
    case cpuOnly, cpuAndGPU, all
    @available(iOS 16, *) case cpuAndNeuralEngine
}
open class MLModelConfiguration: NSObject {
    public override init() {}
    public var computeUnits: MLComputeUnits = .all
}
public struct MLModelMetadataKey: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let creatorDefinedKey = Self(rawValue: "creator")
}
public final class MLMultiArrayConstraint: NSObject {
    override init() {}
    public var shape: [NSNumber] { [] }
}
open class MLFeatureDescription: NSObject {
    override init() {}
    public var multiArrayConstraint: MLMultiArrayConstraint? { nil }
}
public final class MLModelDescription: NSObject {
    override init() {}
    public var metadata: [MLModelMetadataKey: Any] { [:] }
    public var inputDescriptionsByName: [String: MLFeatureDescription] { [:] }
}
open class MLFeatureValue: NSObject {
    override init() {}
    public init(pixelBuffer: CVPixelBuffer) {}
    public init(multiArray: MLMultiArray) {}
    public var dictionaryValue: [AnyHashable: NSNumber] { [:] }
}
public protocol MLFeatureProvider: AnyObject { func featureValue(for featureName: String) -> MLFeatureValue? }
open class MLDictionaryFeatureProvider: NSObject, MLFeatureProvider {
    public init(dictionary: [String: Any]) throws {}
    public func featureValue(for featureName: String) -> MLFeatureValue? { nil }
}
public enum MLMultiArrayDataType: Int, Sendable {
    case double = 65600
    case float32 = 65568
    case int32 = 131104
    @available(iOS 16, *) case float16 = 65552
}
open class MLMultiArray: NSObject {
    public init(shape: [NSNumber], dataType: MLMultiArrayDataType) throws {}
    public var count: Int { 0 }
    public subscript(idx: Int) -> NSNumber {
        get { 0 }
        set {}
    }
}
open class MLModel: NSObject {
    public init(contentsOf url: URL, configuration: MLModelConfiguration) throws {}
    @available(iOS 15, *) public class func load(
        contentsOf url: URL, configuration: MLModelConfiguration = MLModelConfiguration()
    ) async throws -> MLModel { try .init(contentsOf: url, configuration: configuration) }
    public var modelDescription: MLModelDescription { .init() }
    public func prediction(from input: any MLFeatureProvider) throws -> any MLFeatureProvider { input }
    @available(iOS 17, *) public func prediction(
        from input: any MLFeatureProvider
    ) async throws -> any MLFeatureProvider { input }
}
