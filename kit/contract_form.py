"""What a contract must be, in pydantic's words; imported when one is read, and not before.

The app refuses the same: mobile/DigitKit checks each field too, and mobile/golden/contracts.json holds both to it.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Share = Annotated[float, Field(ge=0, le=1)]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Form(BaseModel):
    """A contract inside an exported model; a later version of kit may have written more into it."""

    model_config = ConfigDict(allow_inf_nan=False)

    version: Literal[1]
    labels: Annotated[list[_Line], Field(min_length=1, max_length=1000)]
    background: _Line | None
    size: Annotated[int, Field(ge=8, le=1024)]
    pixels: list[int]
    polarity: Literal["any", "white on black"]
    crop: Literal["box", "centred"]
    threshold: _Share
    run: _Line
    settings: _Digest
    validation_accuracy: _Share
    format: Literal["mlprogram", "neuralnetwork", "tflite", "onnx"]
    input: Literal["image", "array"]
    precision: Literal["float16", "float32"]
    compression: _Line | None
    target: _Line | None
    weights: _Digest
    computation: _Digest | None = None

    @model_validator(mode="after")
    def _together(self) -> "Form":
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("labels: one stands there twice")
        if self.background not in (None, *self.labels):
            raise ValueError("background: it is none of the labels")
        if self.pixels != [0, 255]:
            raise ValueError("pixels: they are not 0 to 255")
        return self
