"""What a run's files must hold, in pydantic's words; imported when such a file is read, and not before.

A file may have more than is named here: a later version of kit may have written it.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Arch = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,100}$")]
Count = Annotated[int, Field(ge=0, le=10**15)]
EpochNumber = Annotated[float, Field(ge=1, le=1e15, multiple_of=1)]
Loss = Annotated[float, Field(ge=0, le=1e39)]
Number = Annotated[float, Field(ge=-1e39, le=1e39)]
Seconds = Annotated[float, Field(ge=0, le=1e12)]
Share = Annotated[float, Field(ge=0, le=1)]
Threshold = Annotated[float, Field(ge=0, le=1 + 1e-6)]  # where all are wrong, it is the next number after the surest
Words = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]  # of one line


class _Record(BaseModel):
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class Metrics(_Record):
    """`metrics.json`; what a training has not come to yet is missing."""

    arch: Arch = ""
    parameters: Count = 0
    folds: Count = 0
    epochs: Count = 0
    epochs_done: Count = 0
    seconds: Seconds = 0
    best_epoch: EpochNumber = 1
    loss: Loss = 0
    accuracy: Share = 0
    val_loss: Loss = 0
    val_accuracy: Share = 0
    threshold: Threshold | None = None
    validation_scenes: Words = ""
    imported: bool = False
    seen: bool = False
    finished: bool = False
    stopped: Words | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Metrics":
        """A finished training has all, unless its loss became NaN before there was an epoch to keep.

        A network that was imported was trained elsewhere: nothing is known of that.
        """
        if self.imported:
            wanted = ["arch", "parameters", "val_loss", "val_accuracy", "finished"]
        else:
            wanted = ["stopped", "arch", "parameters", "epochs", "epochs_done", "seconds"] * self.finished
        if self.finished and self.stopped != "diverged" and not self.imported:
            wanted += ["best_epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
        if missing := [name for name in wanted if name not in self.model_fields_set]:
            raise ValueError(f"{missing[0]}: field required")
        return self


class Outcome(Metrics):
    """The same of a training that has kept an epoch."""

    arch: Arch
    parameters: Count
    epochs: Count
    epochs_done: Count
    seconds: Seconds
    best_epoch: EpochNumber
    loss: Loss
    accuracy: Share
    val_loss: Loss
    val_accuracy: Share


class Epoch(_Record):
    """A row of `history.csv`."""

    __pydantic_extra__: dict[str, Number]

    epoch: EpochNumber
    loss: Loss
    accuracy: Share
    val_loss: Loss
    val_accuracy: Share
    learning_rate: Annotated[float, Field(ge=0, le=1e39)]
    seconds: Seconds


Epochs = Annotated[list[Epoch], Field(min_length=1)]


class Written(_Record):
    """`settings.json`; the settings themselves are checked by `Settings`."""

    settings: dict[str, object]
    versions: dict[Words, Words] = {}


class Progress(_Record):
    """How far a training is: what a checkpoint holds beside the weights."""

    epoch: Count
    history: list[Epoch]
    best: Epoch | None
    watched: Number | None = None
    waited: Count = 0
    stopped: Words | None = None
    threshold: Threshold | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Progress":
        if self.epoch != len(self.history) or (self.best is None) != (not self.history):
            raise ValueError("its epochs are not those of its history")
        return self
