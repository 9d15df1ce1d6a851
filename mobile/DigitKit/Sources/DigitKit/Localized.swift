#if !canImport(Darwin)
    extension String {
        /// Apple's Foundation looks a sentence up in the app's catalog; elsewhere there is none, and it is said as it is
        /// written.
        package init(localized words: String) { self = words }
    }
#endif
