"""Digits → what a phone's camera sees of them, and pictures that hold none."""
