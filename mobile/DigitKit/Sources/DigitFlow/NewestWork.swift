/// Work that is done one piece at a time: what is asked for meanwhile is done once, when the piece before it is done.
@MainActor final class NewestWork {
    private let work: @MainActor () async -> Void
    /// Whether a piece is being done, or wanted.
    private(set) var isRunning = false
    /// Whether it has been asked for since the piece that runs was begun.
    private(set) var isWanted = false

    init(_ work: @escaping @MainActor () async -> Void) {
        self.work = work
    }

    func ask() {
        isWanted = true
        guard !isRunning else { return }
        isRunning = true
        Task {
            while isWanted {
                isWanted = false
                await work()
            }
            isRunning = false
        }
    }
}
