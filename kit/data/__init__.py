"""The competition's files ↔ checked arrays: the CSV format, finding and loading with a cache, checks."""
