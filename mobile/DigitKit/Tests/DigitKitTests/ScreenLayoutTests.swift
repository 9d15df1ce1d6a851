import Testing

@testable import DigitKit

struct ScreenLayoutTests {
    /// What status bar, tab bar and corners leave, in points: the smallest phone of iOS 17, upright and on its side, a
    /// small and a large one without a button, and an iPad, in a third of its screen and whole.
    static let screens = [
        (375.0, 598.0), (667, 326), (375, 679), (430, 790), (814, 350), (320, 950), (1024, 1280), (1366, 950),
    ]
    /// From the smallest type to the largest of the accessibility sizes.
    static let scales = [0.82, 1, 1.35, 2.35, 3.12]
    static let frames = [nil, Extent(width: 720, height: 1280), Extent(width: 1280, height: 720)]

    @Test(arguments: ScreenLayoutTests.screens, ScreenLayoutTests.scales)
    func thePanelNeverCoversTheGuideBox(screen: (Double, Double), scale: Double) {
        let layout = ScreenLayout(
            screen: Extent(width: screen.0, height: screen.1), typeScale: scale, hasButtons: true)
        #expect(layout.isWide == (screen.0 > screen.1))
        let (across, down) = (
            layout.isWide ? layout.picture.width + layout.panel.width : layout.picture.width,
            layout.isWide ? layout.picture.height : layout.picture.height + layout.panel.height
        )
        #expect(abs(across - screen.0) < 1e-9 && abs(down - screen.1) < 1e-9)
        for frame in Self.frames {
            let box = GuideBox.side(in: layout.picture, frame: frame)
            #expect(box >= 150 && box <= min(layout.picture.width, layout.picture.height))
            #expect(layout.margin(frame: frame) >= ScreenLayout.target)
        }
    }

    @Test(arguments: ScreenLayoutTests.screens, ScreenLayoutTests.scales)
    func whatIsInThePanelFitsIntoIt(screen: (Double, Double), scale: Double) {
        for hasButtons in [false, true] {
            let layout = ScreenLayout(
                screen: Extent(width: screen.0, height: screen.1), typeScale: scale, hasButtons: hasButtons)
            let content =
                layout.isWide
                ? layout.answer + ScreenLayout.spacing + layout.bars : max(layout.answer, layout.bars)
            let buttons = hasButtons ? ScreenLayout.spacing + layout.button : 0
            #expect(content + buttons + 2 * ScreenLayout.padding <= layout.panel.height + 1e-9)
            #expect(layout.answer >= 72)
        }
    }

    @Test(arguments: ScreenLayoutTests.screens, ScreenLayoutTests.scales)
    func everyTargetIsLargeEnoughForAFingerAndFits(screen: (Double, Double), scale: Double) {
        let layout = ScreenLayout(
            screen: Extent(width: screen.0, height: screen.1), typeScale: scale, hasButtons: true)
        #expect(layout.button >= 44)
        #expect(3 * layout.button <= layout.panel.width - 2 * ScreenLayout.padding)
    }

    @Test func largeTypeMakesTheAnswerLarger() {
        let screen = Extent(width: 430, height: 790)
        let usual = ScreenLayout(screen: screen, typeScale: 1, hasButtons: true)
        let large = ScreenLayout(screen: screen, typeScale: 3.12, hasButtons: true)
        #expect(usual.answer == 110 && large.answer > 200 && large.panel.height <= 0.45 * screen.height + 1e-9)
    }

    @Test func aScreenWithoutSizeHarmsNothing() {
        let layout = ScreenLayout(screen: Extent(width: 0, height: 0), typeScale: 1, hasButtons: true)
        #expect(layout.picture == Extent(width: 0, height: 0))
    }
}
