"""What an exported model says of itself, in words for programs: the app, `kit verify` and `kit predict` go by it."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from kit import KitError

KEY = "kit.contract"  # of the model's user-defined metadata
BACKGROUND = "background"  # the class of pictures without a digit
DIGITS = tuple(map(str, range(10)))
LABELS = (*DIGITS, BACKGROUND)  # of the classes in their order; a network has the first ten or all
_VERSION = 1


@dataclass(frozen=True)
class Contract:
    """One JSON object inside the model.

    Attributes:
        labels: The classes, in the order of the probabilities.
        background: The label that means "no digit here"; None for a network that always reads one.
        size: Height and width of the picture in pixels.
        pixels: The lowest and the highest pixel value.
        polarity: "white on black", or "any".
        crop: What the picture shows: "centred" (the ink in a box of 20 × 20, centred by its mass in 28 × 28, as MNIST
            has it) or "box" (the guide box as the camera sees it).
        threshold: The confidence below which an app should stay silent, 0 to 1.
        run: The run it was made from.
        settings: SHA-256 of that run's settings.
        validation_accuracy: Of that run, 0 to 1.
        format: "mlprogram", "neuralnetwork", "tflite" or "onnx".
        input: "image" or "array".
        precision: Of the weights, and of the computation where the format has one: "float16" or "float32".
        compression: Of the weights; None without.
        target: The oldest system it runs on, such as "iOS17"; None outside Core ML.
        weights: SHA-256 of every constant of the saved graph.
    """

    labels: tuple[str, ...]
    background: str | None
    size: int
    polarity: str
    crop: str
    threshold: float
    run: str
    settings: str
    validation_accuracy: float
    format: str
    input: str
    precision: str
    compression: str | None
    target: str | None
    weights: str
    pixels: tuple[int, int] = (0, 255)
    version: int = _VERSION

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, where: str) -> "Contract":
        """Reads what `to_json` wrote; KitError, which names `where`, for anything else."""
        wrong = KitError(f"{where}: its contract is damaged or of another version of kit: export it again")
        try:
            values: Any = json.loads(text)
            if values.pop("version") != _VERSION:
                raise wrong
            return cls(**values | {key: tuple(values[key]) for key in ("labels", "pixels")})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise wrong from error
