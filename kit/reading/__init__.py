"""A photograph, a frame of a camera, a drawing → a label."""
