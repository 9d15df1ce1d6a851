"""A model read back from disk, whatever its format: what it says of itself, what it computes, what is wrong with it."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

from kit.contract import Contract
from kit.exporting.evaluator import Costs
from kit.task import BACKGROUND, CAMERA, DIGITS

_SUM = 1e-3  # how far from 1 probabilities may sum


class SavedModel(ABC):
    """What an export is to everything that reads, proves or uses one.

    Attributes:
        path: The package or file.
        format: What it is: "mlprogram", "neuralnetwork", "tflite" or "onnx".
        size: Bytes on disk.
        weights: SHA-256 of every constant.
        computation: SHA-256 of what it computes with them.
        metadata: What was written into it.
        runtime: What computes it here, in words for people.
    """

    path: Path
    format: str
    size: int
    weights: str
    computation: str
    metadata: dict[str, str]
    runtime: str

    @property
    @abstractmethod
    def contract(self) -> Contract:
        """What the model says of itself; KitError where it says nothing."""

    @property
    def digests(self) -> tuple[str, str]:
        """Those of its weights and of its computation."""
        return self.weights, self.computation

    @abstractmethod
    def predict(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, size, size, 1) → float32 probabilities (n, classes), without Keras."""

    @abstractmethod
    def structure(self) -> list[str]:
        """What is wrong with it by its format's own rules, before any picture is put through it."""

    def in_half_precision(self, images: np.ndarray) -> np.ndarray | None:
        """The same with every step rounded to float16 that asks for it; None where none does."""
        return None

    def by_its_system(self, images: np.ndarray) -> np.ndarray | None:
        """The same by the system that the model is for, where this is one; None elsewhere."""
        return None

    def costs(self) -> Costs | None:
        """What one picture costs; None where the format does not tell."""
        return None

    def interface(self) -> list[tuple[str, str]]:
        """What an app meets, for people; empty where the format does not tell."""
        return []

    def problems(self) -> list[str]:
        """Why it must not be trusted, before it is compared with its network; empty where it may."""
        contract = self.contract
        found = []
        if contract.labels not in (CAMERA.labels, DIGITS):
            found.append(
                f"its labels are {', '.join(contract.labels)}, not 0 to 9 in order with or without {BACKGROUND}"
            )
        if self.format != contract.format:
            found.append(f"it is a model of the format {self.format}, though it says {contract.format}")
        found += self.structure()
        if self.weights != contract.weights:
            found.append("its weights are not those that it was exported with: damaged or changed since")
        if contract.computation not in (None, self.computation):
            found.append("its operations are not those that it was exported with: damaged or changed since")
        return found or self._answer()  # nothing is computed by what is not what it was

    def _answer(self) -> list[str]:
        """What is wrong with its answer to a black picture."""
        contract = self.contract
        probabilities = self.predict(np.zeros((1, contract.size, contract.size, 1), np.uint8))
        if probabilities.shape[1] != len(contract.labels):
            return [f"{len(contract.labels)} labels for {probabilities.shape[1]} probabilities"]
        if not abs(float(probabilities.sum()) - 1) <= _SUM:
            return [f"its probabilities sum to {probabilities.sum():.4f}, not to 1"]
        return []
