"""The formats of an export: their files' endings, and the oldest systems that they can be made for."""

from kit import KitError

SUFFIXES = {"mlprogram": ".mlpackage", "neuralnetwork": ".mlmodel", "tflite": ".tflite", "onnx": ".onnx"}

# The oldest system → Core ML's specification version, for each format.
TARGETS = {
    "mlprogram": {"iOS15": 6, "iOS16": 7, "iOS17": 8, "iOS18": 9},
    "neuralnetwork": {"iOS13": 4, "iOS14": 5},
}
DEFAULT_TARGETS = {"mlprogram": "iOS17", "neuralnetwork": "iOS13"}


def check_target(format: str, target: str) -> None:  # noqa: A002
    """KitError where this format does not exist on that system."""
    known = TARGETS[format]
    if target in known:
        return
    other = next((name for name, targets in TARGETS.items() if target in targets), None)
    advice = f"add --format {other}, or choose" if other else "choose"
    raise KitError(f"--target {target}: no {format} model is made for it: {advice} from {', '.join(known)}")
