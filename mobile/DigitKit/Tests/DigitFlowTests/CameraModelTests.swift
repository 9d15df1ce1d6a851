import DigitKit
import Observation
import Testing

@testable import DigitFlow

/// The camera screen with a camera and a network that the test drives.
@MainActor struct CameraModelTests {
    private let camera = FakeCamera()
    private let reader: FakeReader
    private let preferences = FakePreferences()
    private let shelf: ModelShelf
    private let said = Said()
    private let model: CameraModel

    @MainActor final class Said { var words: [String] = [] }

    init() throws {
        reader = FakeReader(try contract())
        shelf = ModelShelf(source: FakeSource([("Fake", reader)]), preferences: preferences)
        let said = said
        model = CameraModel(camera: camera, shelf: shelf) { said.words.append($0) }
    }

    private func running() async {
        await shelf.open()
        await model.appear()
        #expect(model.phase == .running)
    }

    /// Shows a digit until each of its frames was read, 10 a second.
    private func watch(_ grey: UInt8, from start: Double, frames: Int) async {
        for frame in 0..<frames {
            let before = await reader.squares.count
            camera.see(grey, at: start + Double(frame) / 10)
            await eventually { await reader.squares.count == before + 1 && model.probabilities.count == 11 }
        }
        await aMoment()
    }

    // MARK: permission

    @Test func withoutACameraNobodyIsAsked() async {
        camera.with { ($0.isPresent, $0.permission) = (false, .undecided) }
        await model.appear()
        #expect(model.phase == .missing && camera.log.isEmpty)
        camera.with { ($0.isPresent, $0.permission) = (true, .granted) }  // one is plugged in
        await model.appear()
        #expect(model.phase == .running)
    }

    @Test func permissionIsAskedForOnceAndGranted() async {
        camera.with { $0.permission = .undecided }
        await running()
        #expect(camera.log == ["asked", "started"])
        await model.appear()
        #expect(camera.log == ["asked", "started"])
    }

    @Test func aRefusalIsShownAndNothingStarts() async {
        camera.with { ($0.permission, $0.answer) = (.undecided, false) }
        await model.appear()
        #expect(model.phase == .refused && camera.log == ["asked"])
        await model.appear()
        #expect(model.phase == .refused && camera.log == ["asked"])
    }

    @Test func permissionGivenInTheSettingsIsNoticed() async {
        camera.with { $0.permission = .refused }
        await model.appear()
        #expect(model.phase == .refused && camera.log.isEmpty)
        camera.with { $0.permission = .granted }
        await model.comeBack()
        #expect(model.phase == .running)
    }

    @Test func comingBackToTheAppStartsNothingBehindAnotherScreen() async {
        await model.comeBack()
        #expect(model.phase == .off && camera.log.isEmpty)
        await running()
        await model.disappear()
        await model.comeBack()
        #expect(model.phase == .off && camera.log == ["started", "stopped"])
    }

    @Test func leavingWhileTheSystemAsksStartsNothing() async {
        let gate = Gate()
        camera.with { ($0.permission, $0.askGate) = (.undecided, gate) }
        let appearing = Task { await model.appear() }
        await eventually { await gate.holds("ask") }
        #expect(model.phase == .asking)
        await model.disappear()
        await gate.letThrough("ask")
        await appearing.value
        #expect(model.phase == .off && camera.log == ["stopped", "asked"])
    }

    // MARK: the camera

    @Test func aCameraThatDoesNotStartSaysWhyAndCanBeTriedAgain() async {
        camera.with { $0.startTrouble = Trouble("This device has no camera.") }
        await model.appear()
        #expect(model.phase == .failed(reason: "This device has no camera."))
        camera.with { $0.startTrouble = nil }
        await model.appear()
        #expect(model.phase == .running)
    }

    @Test func leavingStopsTheCameraAndForgets() async {
        await running()
        await watch(7, from: 0, frames: 8)
        #expect(model.reading != .silent)
        await model.disappear()
        #expect(model.phase == .off && model.reading == .silent && model.probabilities.isEmpty)
        #expect(camera.log.last == "stopped")
        await model.appear()
        #expect(model.phase == .running)
    }

    @Test func leavingWhileItStartsLeavesItOff() async {
        let gate = Gate()
        camera.with { $0.startGate = gate }
        let appearing = Task { await model.appear() }
        await eventually { await gate.holds("start") }
        #expect(model.phase == .starting)
        await model.disappear()
        await gate.letThrough("start")
        await appearing.value
        #expect(model.phase == .off)
    }

    @Test func anInterruptionIsShownAndSurvived() async {
        await running()
        await model.toggleTorch()
        await watch(7, from: 0, frames: 8)
        camera.tell(.interrupted(reason: "Another app uses the camera."))
        await eventually { model.phase == .interrupted(reason: "Another app uses the camera.") }
        #expect(model.reading == .silent && model.torch == .off)
        await model.appear()  // back from the background
        #expect(model.phase == .interrupted(reason: "Another app uses the camera."))
        camera.tell(.resumed)
        await eventually { model.phase == .running }
        await watch(3, from: 100, frames: 8)
        #expect(said.words == ["7", "Another app uses the camera.", "The camera is back.", "3"])
    }

    @Test func leavingWhileInterruptedStopsTheCameraForGood() async {
        await running()
        let old = camera.with { $0.feed }
        camera.tell(.interrupted(reason: "Another app uses the camera."))
        await eventually { model.phase == .interrupted(reason: "Another app uses the camera.") }
        await model.disappear()
        #expect(camera.log.last == "stopped")
        old?.send(.resumed)
        await aMoment()
        #expect(model.phase == .off)
    }

    @Test func aFailureWhileRunningCanBeTriedAgain() async {
        await running()
        camera.tell(.failed(reason: "The camera stopped."))
        await eventually { model.phase == .failed(reason: "The camera stopped.") }
        camera.tell(.resumed)
        await aMoment()
        #expect(model.phase == .failed(reason: "The camera stopped."))
        await model.appear()
        #expect(model.phase == .running)
        await watch(5, from: 0, frames: 8)
        #expect(said.words == ["The camera stopped.", "5"])
    }

    @Test(arguments: [[CameraEvent.lost], [.interrupted(reason: "lost"), .lost]])
    func mediaServicesThatWereLostBringTheCameraBackWithoutATouch(events: [CameraEvent]) async {
        await running()
        await watch(7, from: 0, frames: 8)
        events.forEach(camera.tell)
        await eventually { camera.log == ["started", "started"] && model.phase == .running }
        #expect(model.reading == .silent)
        await watch(3, from: 100, frames: 8)
        #expect(said.words.first == "7" && said.words.last == "3")
    }

    @Test func aCameraThatDoesNotComeBackAfterALossSaysWhy() async {
        await running()
        camera.with { $0.startTrouble = Trouble("The camera does not start.") }
        camera.tell(.lost)
        await eventually { model.phase == .failed(reason: "The camera does not start.") }
        #expect(said.words == ["The camera does not start."])
    }

    @Test func theScreenStaysOnWhileAPersonPoints() async {
        #expect(!model.keepsScreenOn)
        await running()
        #expect(model.keepsScreenOn)
        model.toggleFreeze()
        #expect(!model.keepsScreenOn)
        model.toggleFreeze()
        camera.tell(.interrupted(reason: "Another app uses the camera."))
        await eventually { !model.keepsScreenOn }
        await model.disappear()
        #expect(!model.keepsScreenOn)
    }

    @Test func aLateEventOfACameraThatIsOffChangesNothing() async {
        await running()
        let old = camera.with { $0.feed }
        await model.disappear()
        old?.send(.interrupted(reason: "late"))
        await aMoment()
        #expect(model.phase == .off)
    }

    @Test func theFramingFollowsThePreview() async {
        await running()
        #expect(camera.with { $0.framing } == Framing(side: 16, view: nil))
        await model.lay(out: Extent(width: 390, height: 844))
        #expect(camera.with { $0.framing } == Framing(side: 16, view: Extent(width: 390, height: 844)))
    }

    // MARK: zoom and focus

    @Test func theZoomMakesHandwritingLargeEnoughWhereTheLensIsSharp() async {
        await model.lay(out: Extent(width: 390, height: 600))
        await running()
        let lens = camera.with { $0.lens }
        let wanted = lens.zoom(frame: Extent(width: 9, height: 16), view: Extent(width: 390, height: 600))
        await eventually { camera.with { $0.zoom } == wanted }
        #expect(model.zoom == wanted && wanted > 2)
        await model.lay(out: Extent(width: 200, height: 600))
        await eventually { (camera.with { $0.zoom } ?? 0) < wanted }  // the box is smaller: less zoom
    }

    @Test func twoFingersZoomFromWhereTheyCameDown() async {
        camera.with { $0.lens = Lens(nearestFocus: 100, fieldOfView: 106, usualZoom: 2, zooms: 1...60) }
        await running()
        let before = model.zoom
        model.pinch(by: 1.2)
        model.pinch(by: 1.5)
        model.endPinch()
        #expect(abs(model.zoom - 1.5 * before) < 1e-9)
        await eventually { camera.with { $0.zoom } == 2 * model.zoom }
        model.pinch(by: 0.01)
        #expect(model.zoom == 1)
        model.pinch(by: 100)
        model.endPinch()
        #expect(model.zoom == 8)
        model.zoomByStep(closer: false)
        #expect(abs(model.zoom - 8 / 1.5) < 1e-9)
    }

    @Test func aChosenZoomStaysWhateverHappens() async {
        await running()
        model.pinch(by: 0.01)
        model.endPinch()
        await model.lay(out: Extent(width: 390, height: 600))
        await model.disappear()
        await model.appear()
        await aMoment()
        #expect(model.zoom == 1 && camera.with { $0.zoom } == 1)
    }

    @Test func aTouchFocusesThere() async {
        await model.focus(x: 10, y: 10)
        await model.lay(out: Extent(width: 390, height: 600))
        await running()
        await model.focus(x: 10, y: 10)
        #expect(camera.with { $0.focus } == nil)  // no frame yet
        await watch(7, from: 0, frames: 1)
        await model.focus(x: 195, y: 300)
        #expect(camera.with { $0.focus } == FramePlace(x: 0.5, y: 0.5))
    }

    @Test func whatIsFrozenNeitherZoomsNorFocuses() async {
        await running()
        await watch(7, from: 0, frames: 1)
        let zoom = model.zoom
        model.toggleFreeze()
        model.pinch(by: 2)
        await model.focus(x: 195, y: 300)
        #expect(model.zoom == zoom && camera.with { $0.focus } == nil)
    }

    // MARK: digits

    @Test func aDigitThatSettlesIsShownAndSaidOnce() async {
        await running()
        await watch(7, from: 0, frames: 2)
        #expect(model.reading == .candidate(label: "7") && said.words.isEmpty)
        await watch(7, from: 0.2, frames: 6)
        #expect(model.reading == .shown(label: "7", confidence: 0.9) && said.words == ["7"] && model.settled == 1)
        #expect(abs(model.framesPerSecond - 10) < 0.01)
        #expect(model.frameExtent == Extent(width: 1080, height: 1920))
    }

    /// What the screen is laid out by is drawn anew when it changes, and not at every frame.
    @Test func aFrameTouchesTheAnswerAlone() async {
        await running()
        await watch(7, from: 0, frames: 8)
        await confirmation(expectedCount: 0) { changed in
            withObservationTracking {
                _ = (model.phase, model.isFrozen, model.frameExtent, model.zoom, model.keepsScreenOn)
                _ = (model.problem, model.torch, model.torchProblem)
            } onChange: {
                changed()
            }
            await watch(3, from: 0.8, frames: 8)
        }
    }

    @Test func backgroundIsSilent() async {
        await running()
        await watch(10, from: 0, frames: 8)
        #expect(model.reading == .silent && said.words.isEmpty && model.probabilities.count == 11)
    }

    @Test func framesThatComeFasterThanTheyAreReadAreDroppedButTheNewest() async {
        await running()
        await reader.closeGate()
        camera.see(1, at: 0)
        await eventually { await reader.isWaiting }
        for frame in 2...100 { camera.see(UInt8(frame % 10), at: Double(frame) / 100) }
        await aMoment()
        #expect(await reader.squares.count == 1)
        await reader.letOneThrough()
        await eventually { await reader.squares.count == 2 }
        await reader.openGate()
        await aMoment()
        let read = await reader.squares.map(\.pixels[0])
        #expect(read == [1, 0])  // the first, and the hundredth
        #expect(await reader.mostAtOnce == 1)
    }

    @Test func freezingHoldsTheAnswerAndThawingStartsAnew() async {
        await running()
        await watch(7, from: 0, frames: 8)
        model.toggleFreeze()
        camera.see(3, at: 1)
        camera.see(3, at: 1.5)
        await aMoment()
        #expect(model.isFrozen && model.reading == .shown(label: "7", confidence: 0.9))
        #expect(await reader.squares.count == 8)
        model.toggleFreeze()
        #expect(!model.isFrozen && model.reading == .silent)
        await watch(3, from: 2, frames: 8)
        #expect(said.words == ["7", "3"])
    }

    @Test func aFrameInFlightWhenFrozenIsNotShown() async {
        await running()
        await watch(7, from: 0, frames: 8)
        await reader.closeGate()
        camera.see(10, at: 0.9)
        await eventually { await reader.isWaiting }
        model.toggleFreeze()
        await reader.openGate()
        await aMoment()
        #expect(model.reading == .shown(label: "7", confidence: 0.9))
    }

    @Test func nothingFreezesThatDoesNotRun() async {
        model.toggleFreeze()
        #expect(!model.isFrozen)
        await model.toggleTorch()
        #expect(model.torch == .unavailable && camera.log.isEmpty)
    }

    // MARK: torch

    @Test func theTorchIsSwitchedOnAndOff() async {
        await running()
        #expect(model.torch == .off)
        await model.toggleTorch()
        #expect(model.torch == .on)
        await model.toggleTorch()
        #expect(model.torch == .off && camera.log == ["started", "torch on", "torch off"])
    }

    @Test func withoutATorchThereIsNoSwitch() async {
        camera.with { $0.hasTorch = false }
        await running()
        await model.toggleTorch()
        #expect(model.torch == .unavailable && camera.log == ["started"])
    }

    @Test func aTorchThatIsTooHotSaysSo() async {
        camera.with { $0.torchTrouble = Trouble("The torch is too hot.") }
        await running()
        await model.toggleTorch()
        await watch(7, from: 0, frames: 1)
        #expect(model.torch == .off && model.torchProblem == "The torch is too hot.")
        #expect(said.words == ["The torch is too hot."])
        camera.with { $0.torchTrouble = nil }
        await model.toggleTorch()
        #expect(model.torch == .on && model.torchProblem == nil)
    }

    // MARK: the model

    @Test func withoutAModelThereIsAPictureAndSilence() async throws {
        let shelf = ModelShelf(source: FakeSource([]), preferences: preferences)
        let model = CameraModel(camera: camera, shelf: shelf) { _ in }
        await shelf.open()
        await model.appear()
        camera.see(7, at: 0)
        await eventually { model.frameExtent != nil }
        #expect(model.phase == .running && model.reading == .silent && shelf.state == .missing)
    }

    @Test func aModelThatFailsOnAFrameSaysSoAndRecovers() async {
        await running()
        await watch(7, from: 0, frames: 8)
        await reader.fail(with: Trouble("The model does not answer."))
        camera.see(7, at: 1)
        await eventually { model.problem == "The model does not answer." }
        #expect(model.reading == .silent)
        await reader.fail(with: nil)
        await watch(7, from: 2, frames: 8)
        #expect(model.problem == nil && model.reading == .shown(label: "7", confidence: 0.9))
    }

    @Test func anAnswerThatMakesNoSenseIsShown() async {
        await running()
        await watch(7, from: 0, frames: 8)
        await reader.answer([Double](repeating: 0, count: 11))
        camera.see(7, at: 1)
        await eventually { model.problem?.contains("add up to 0.00") == true }
        #expect(model.reading == .silent && model.probabilities.isEmpty)
        await reader.answer(nil)
        await watch(7, from: 2, frames: 8)
        #expect(model.problem == nil && model.reading == .shown(label: "7", confidence: 0.9))
    }

    @Test func anotherModelGetsSquaresOfItsOwnSizeAndStartsAnew() async throws {
        let other = FakeReader(try contract(side: 28, centred: true))
        let shelf = ModelShelf(source: FakeSource([("Fake", reader), ("Other", other)]), preferences: preferences)
        let model = CameraModel(camera: camera, shelf: shelf) { _ in }
        await shelf.open()
        await model.appear()
        for frame in 0..<8 {
            camera.see(7, at: Double(frame) / 10)
            await eventually { await reader.squares.count == frame + 1 && model.probabilities.count == 11 }
        }
        await aMoment()
        await shelf.choose("Other")
        camera.see(3, at: 1)  // still as the old one wants it
        await eventually { camera.with { $0.framing?.side } == 112 }
        camera.see(3, at: 1.1)
        await eventually { await other.squares.count == 1 && model.probabilities.count == 10 }
        #expect(await other.squares[0].size == 28)
        #expect(await reader.squares.count == 8)
        if case .shown = model.reading { Issue.record("the new model has not settled yet") }
    }

    @Test func theThresholdHoldsFromTheNextFrameOn() async {
        await running()
        await watch(7, from: 0, frames: 8)
        shelf.setThreshold(1)
        await watch(7, from: 0.8, frames: 8)
        #expect(model.reading == .shown(label: "7", confidence: 0.9))  // held: 0.9 is above 0.75 of it
        await watch(10, from: 1.6, frames: 8)
        await watch(7, from: 2.4, frames: 8)
        #expect(model.reading == .silent && said.words == ["7"])
    }
}
