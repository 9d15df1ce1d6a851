"""What a network says of itself, in words for programs: the app, `kit verify` and `kit predict` go by it."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from kit import KitError
from kit.stored import SMALL, checked
from kit.task import Task

KEY = "kit.contract"  # of a model's user-defined metadata
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Contract(Task):
    """Its task, and what else an app must know; one JSON object inside an exported model.

    Attributes:
        pixels: The lowest and the highest pixel value.
        threshold: The confidence below which an app should stay silent, 0 to 1.
        run: The run it was made from.
        settings: SHA-256 of that run's settings.
        validation_accuracy: Of that run, 0 to 1.
        format: "mlprogram", "neuralnetwork", "tflite" or "onnx"; "keras" of a run itself.
        input: "image" or "array".
        precision: Of the weights, and of the computation where the format has one: "float16" or "float32".
        compression: Of the weights; None without.
        target: The oldest system it runs on, such as "iOS17"; None outside Core ML.
        weights: SHA-256 of every constant of the saved graph; of a run, of its model file.
        computation: SHA-256 of everything else that the saved graph computes by; None of a run, and of what was
            exported before there was one.
    """

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
    computation: str | None = None
    pixels: tuple[int, int] = (0, 255)
    version: int = _VERSION

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, where: str) -> "Contract":
        """Reads what `to_json` wrote, or a later version of kit with more in it; KitError for anything else."""
        from kit.contract_form import Form

        remedy = "export it again"
        try:
            values: Any = json.loads(text) if len(text) <= SMALL else None
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict) or values.get("version") != _VERSION:
            raise KitError(f"{where}: its contract is damaged or of another version of kit: {remedy}")
        checked(Form, values, where, remedy, what="its contract is ")
        known = {field.name: values[field.name] for field in dataclasses.fields(cls) if field.name in values}
        return cls(**known | {key: tuple(values[key]) for key in ("labels", "pixels")})

    @classmethod
    def of_metadata(cls, metadata: dict[str, str], where: str) -> "Contract":
        """The contract in a model's metadata; KitError where there is none or it is damaged."""
        if KEY not in metadata:
            raise KitError(f"{where}: there is no contract in this model: it was not made by kit export")
        return cls.from_json(metadata[KEY], where)
