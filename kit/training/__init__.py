"""Rows or scenes → a run."""
