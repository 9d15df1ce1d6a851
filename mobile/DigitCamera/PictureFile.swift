import CoreTransferable
import DigitKit
import SwiftUI
import UniformTypeIdentifiers

/// A picture's file, from the library, the clipboard or another app.
struct PictureFile: Transferable {
    /// The longer side of what is kept, in pixels: a digit of an eightieth of it is still as large as networks take.
    private static let longest: CGFloat = 2048

    let data: Data

    static var transferRepresentation: some TransferRepresentation {
        DataRepresentation(importedContentType: .image) { PictureFile(data: $0) }
    }

    /// The picture upright, on white where it is transparent, and its luma.
    func decoded() async throws -> (image: UIImage, grey: GreyPicture) {
        guard let whole = UIImage(data: data), whole.size.width >= 1, whole.size.height >= 1 else {
            throw PictureTrouble.unreadable
        }
        let scale = min(1, Self.longest / max(whole.size.width, whole.size.height))
        let width = max(1, Int(whole.size.width * scale)), height = max(1, Int(whole.size.height * scale))
        let area = CGRect(x: 0, y: 0, width: width, height: height)
        let format = UIGraphicsImageRendererFormat()
        format.scale = 1
        format.opaque = true
        let image = UIGraphicsImageRenderer(bounds: area, format: format).image { context in
            UIColor.white.setFill()
            context.fill(area)
            whole.draw(in: area)
        }
        guard let grey = image.cgImage.flatMap({ Self.grey($0, width: width, height: height) }) else {
            throw PictureTrouble.unreadable
        }
        return (image, grey)
    }

    private static func grey(_ image: CGImage, width: Int, height: Int) -> GreyPicture? {
        var rgba = [UInt8](repeating: 255, count: 4 * width * height)
        let isDrawn = rgba.withUnsafeMutableBytes { bytes in
            guard let space = CGColorSpace(name: CGColorSpace.sRGB),
                let context = CGContext(
                    data: bytes.baseAddress, width: width, height: height, bitsPerComponent: 8,
                    bytesPerRow: 4 * width, space: space, bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
            else { return false }
            context.draw(image, in: CGRect(x: 0, y: 0, width: width, height: height))
            return true
        }
        return isDrawn ? GreyPicture(width: width, height: height, rgba: rgba) : nil
    }
}

private enum PictureTrouble: LocalizedError {
    case unreadable

    var errorDescription: String? {
        String(localized: "This is no picture that can be opened. Try another, or a photograph of it.")
    }
}
