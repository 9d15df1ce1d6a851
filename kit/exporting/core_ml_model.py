"""A Core ML model of either format, read back from disk and computed by NumPy."""

import sys
from pathlib import Path

import numpy as np

from kit import KitError, backend
from kit.contract import KEY, Contract
from kit.exporting import coreml, evaluator, graph
from kit.exporting.evaluator import Costs
from kit.exporting.formats import TARGETS
from kit.exporting.graph import FORMATS, Graph, computation_digest
from kit.exporting.saved_model import SavedModel
from kit.exporting.steps import Argument, Name, Operation

KINDS = tuple(FORMATS)  # what such a model is on disk


class CoreMLModel(SavedModel):
    """An `.mlpackage` or `.mlmodel`; its graph says what it computes, step by step."""

    runtime = "NumPy"

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.path, self.format, self.size = graph.path, graph.format, graph.size
        self.weights, self.metadata = graph.weights, graph.metadata
        self.computation = computation_digest(graph)

    @property
    def contract(self) -> Contract:
        if KEY not in self.metadata:
            features = (self.graph.inputs, self.graph.outputs)
            takes, gives = (", ".join(map(str, part)) or "nothing" for part in features)
            raise KitError(
                f"{self.path}: takes {takes} and gives {gives}, and there is no contract in it: not made by kit "
                "export, which writes one into each"
            )
        return Contract.from_json(self.metadata[KEY], str(self.path))

    def predict(self, images: np.ndarray) -> np.ndarray:
        return evaluator.evaluate(self.graph, images)

    def in_half_precision(self, images: np.ndarray) -> np.ndarray | None:
        """As a phone's Neural Engine rounds."""
        if not any(operation.half for operation in self.graph.operations):
            return None
        return evaluator.evaluate(self.graph, images, half=True)

    def by_its_system(self, images: np.ndarray) -> np.ndarray | None:
        """By Core ML itself, on macOS with coremltools."""
        here = sys.platform == "darwin" and backend.has_coremltools()
        return coreml.predict(self.path, images, self.contract.labels) if here else None

    def costs(self) -> Costs:
        return evaluator.costs(self.graph)

    def interface(self) -> list[tuple[str, str]]:
        graph = self.graph
        return [
            ("runs on", f"{self.contract.target} and later, specification {graph.specification}"),
            ("input", ", ".join(map(str, graph.inputs))),
            ("outputs", ", ".join(map(str, graph.outputs))),
        ]

    def structure(self) -> list[str]:
        graph, contract = self.graph, self.contract
        found = []
        if graph.labels != contract.labels:
            listed = ", ".join(contract.labels)
            found.append(f"its classes are {', '.join(graph.labels)}, in another order than {listed}")
        last = self._last_operation()
        if last is None or last.kind != "softmax":
            found.append(f"it ends in {last.kind if last else 'nothing'}, not in a softmax: these are no probabilities")
        size = contract.size
        takes = f"image (image, {size} x {size}, GRAYSCALE)"
        if contract.input == "array":
            takes = f"pixels (array, {size * size}, FLOAT32)"
        gives = sorted([f"{coreml.LABEL} (string)", f"{coreml.PROBABILITIES} (dictionary)"])
        for wanted, features in (([takes], graph.inputs), (gives, graph.outputs)):
            shown = sorted(map(str, features))
            if shown != wanted:
                found.append(f"it has {', '.join(shown) or 'nothing'} where {', '.join(wanted)} belongs")
        if graph.predicted != (coreml.LABEL, coreml.PROBABILITIES):
            found.append(f"its label and probabilities are called {' and '.join(graph.predicted)}")
        specification = TARGETS.get(contract.format, {}).get(contract.target or "")
        if specification is None or graph.specification > specification:
            found.append(f"its specification version {graph.specification} is not one that {contract.target} runs")
        return found

    def _last_operation(self) -> Operation | None:
        """What gives the probabilities, but for a change of their number type."""
        sought: Argument | None = Name(self.graph.probabilities)
        last = None
        for step in reversed(self.graph.operations):
            if Name(step.output) == sought:
                last = step
                if step.kind != "cast":
                    break
                sought = step.arguments.get("x")
        return last


def read(path: Path | str) -> CoreMLModel:
    """Reads an `.mlpackage` or `.mlmodel`; KitError where it is missing, damaged or no classifier of grey pictures."""
    return CoreMLModel(graph.read(path))
