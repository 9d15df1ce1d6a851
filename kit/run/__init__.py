"""A run: its settings, its folder, and what its stored predictions say."""
