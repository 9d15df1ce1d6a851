// What the app uses of CoreVideo, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs.

@_exported import AppleFoundation

public final class CVBuffer {}
public typealias CVPixelBuffer = CVBuffer
public typealias CVImageBuffer = CVBuffer
public typealias OSType = UInt32
public struct CVPixelBufferLockFlags: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let readOnly = Self(rawValue: 1)
}
@discardableResult public func CVPixelBufferLockBaseAddress(_ b: CVPixelBuffer, _ f: CVPixelBufferLockFlags) -> Int32 { 0 }
@discardableResult public func CVPixelBufferUnlockBaseAddress(_ b: CVPixelBuffer, _ f: CVPixelBufferLockFlags) -> Int32 { 0 }
public func CVPixelBufferGetBytesPerRowOfPlane(_ b: CVPixelBuffer, _ p: Int) -> Int { 0 }
public func CVPixelBufferGetWidthOfPlane(_ b: CVPixelBuffer, _ p: Int) -> Int { 0 }
public func CVPixelBufferGetHeightOfPlane(_ b: CVPixelBuffer, _ p: Int) -> Int { 0 }
public func CVPixelBufferGetBaseAddressOfPlane(_ b: CVPixelBuffer, _ p: Int) -> UnsafeMutableRawPointer? { nil }
public func CVPixelBufferGetBaseAddress(_ b: CVPixelBuffer) -> UnsafeMutableRawPointer? { nil }
public func CVPixelBufferGetBytesPerRow(_ b: CVPixelBuffer) -> Int { 0 }
public typealias CFDictionary = NSDictionary
public typealias CFAllocator = NSObject
@discardableResult public func CVPixelBufferCreate(
    _ a: CFAllocator?, _ w: Int, _ h: Int, _ f: OSType, _ d: CFDictionary?, _ o: UnsafeMutablePointer<CVPixelBuffer?>
) -> Int32 { 0 }
public let kCVPixelBufferPixelFormatTypeKey: NSString = "k"
public let kCVPixelFormatType_420YpCbCr8BiPlanarFullRange: OSType = 1
public let kCVPixelFormatType_OneComponent8: OSType = 2
