// What the app uses of QuartzCore, declared as Apple's documentation has it: enough to type-check the app
// where there is no SDK. Nothing here ever runs. Layers are on no actor: only views are on the main one.

@_exported import AppleFoundation

open class CALayer: NSObject { public override init() {} }
