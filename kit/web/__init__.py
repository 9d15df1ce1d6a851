"""The page of `kit serve`."""
