"""All digits of a page in one picture, side by side, so that the page is one file and light."""

import base64
import io

import numpy as np


class Sheet:
    """Images of one size, (height, width) uint8; the page shows each by its place."""

    columns = 64

    def __init__(self, images: list[np.ndarray]) -> None:
        self._images = list(images)

    def add(self, image: np.ndarray) -> int:
        """Appends an image and returns its index."""
        self._images.append(image)
        return len(self._images) - 1

    def place(self, index: int) -> dict[str, int]:
        return {"x": index % self.columns, "y": index // self.columns}

    @property
    def rows(self) -> int:
        return -(-len(self._images) // self.columns)

    @property
    def png(self) -> str:
        """The picture for a data address."""
        from PIL import Image

        height, width = self._images[0].shape
        sheet = np.zeros((self.rows * self.columns, height, width), np.uint8)
        sheet[: len(self._images)] = self._images
        picture = sheet.reshape(self.rows, self.columns, height, width).swapaxes(1, 2)
        written = io.BytesIO()
        Image.fromarray(picture.reshape(self.rows * height, -1)).save(written, "png", compress_level=6)
        return base64_of(written.getvalue())


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()
