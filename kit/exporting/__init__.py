"""A run → a model for an app, proved; and a model read back from disk."""
