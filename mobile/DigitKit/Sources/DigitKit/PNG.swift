import Foundation

extension GreyImage {
    /// The picture as a PNG file, its pixels not compressed: a square of a digit is small.
    public var png: Data {
        var rows: [UInt8] = []
        for row in 0..<size { rows += [0] + pixels[row * size..<(row + 1) * size] }  // each row unfiltered
        let header = UInt32(size).bytes + UInt32(size).bytes + [8, 0, 0, 0, 0]  // 8 bits of grey
        return Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
            + Self.chunk("IHDR", header) + Self.chunk("IDAT", Self.stored(rows)) + Self.chunk("IEND", [])
    }

    private static func chunk(_ name: String, _ content: [UInt8]) -> Data {
        let checked = Array(name.utf8) + content
        return Data(UInt32(content.count).bytes + checked + crc32(checked).bytes)
    }

    /// A zlib stream of blocks that are not compressed, each of 65,535 bytes at most.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: bytes.count, by: 65_535) {
            let block = bytes[start..<min(start + 65_535, bytes.count)]
            let (low, high) = (UInt8(block.count & 255), UInt8(block.count >> 8))
            stream += [block.endIndex == bytes.count ? 1 : 0, low, high, ~low, ~high] + block
        }
        return stream + adler32(bytes).bytes
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return b << 16 | a
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var rest = UInt32.max
        for byte in bytes {
            rest ^= UInt32(byte)
            for _ in 0..<8 { rest = rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
        }
        return ~rest
    }
}

extension UInt32 {
    /// The most significant first.
    fileprivate var bytes: [UInt8] { [24, 16, 8, 0].map { UInt8(self >> $0 & 255) } }
}
