"""Draws the app's icon, a 7 in a guide box.

python mobile/icon.py
"""

from pathlib import Path

import numpy as np
from PIL import Image

from kit.files import whole_file
from kit.reading.frames import drawn

FILE = Path(__file__).parent / "DigitCamera" / "Assets.xcassets" / "AppIcon.appiconset" / "icon.png"
SIDE = 1024
BLUE, WHITE = np.array([0, 114, 178]), np.array([255, 255, 255])
SEVEN = [(0.36, 0.33), (0.64, 0.33), (0.46, 0.69)]


def icon() -> np.ndarray:
    """uint8 (SIDE, SIDE, 3)."""
    shares = drawn([SEVEN], SIDE, paper=0, ink=1)
    low, high, corner = 0.17, 0.83, 0.14
    for x, across in ((low, corner), (high, -corner)):
        for y, down in ((low, corner), (high, -corner)):
            line = drawn([[(x + across, y), (x, y), (x, y + down)]], SIDE, paper=0, ink=0.6)
            shares = np.maximum(shares, line)
    return np.round(BLUE + shares[:, :, None] * (WHITE - BLUE)).astype(np.uint8)


if __name__ == "__main__":
    with whole_file(FILE) as temporary:
        Image.fromarray(icon()).quantize(64).convert("RGB").save(temporary, optimize=True)
    print(FILE)
