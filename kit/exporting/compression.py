"""What can be done to the weights of a Core ML model so that it takes less room, on which system."""

from typing import TYPE_CHECKING, Any

from kit import KitError
from kit.exporting.formats import TARGETS

if TYPE_CHECKING:
    import numpy as np

PALETTES = {"palette4": 4, "palette6": 6, "palette8": 8}  # bits an entry
PRUNINGS = {"prune50": 0.5, "prune75": 0.75}  # share of the weights that become 0
COMPRESSIONS = (*PALETTES, "int8", *PRUNINGS)
_SMALL = 256  # weights; what has no more is left as it is


def compressions(format: str, target: str) -> list[str]:  # noqa: A002
    """What this format can do to its weights on that system; a pruning and another at once are joined by a "+"."""
    if format == "neuralnetwork":
        return [*PALETTES, "int8"]
    if target == "iOS15":
        return []
    joined = [f"{pruning}+{other}" for pruning in PRUNINGS for other in (*PALETTES, "int8")]
    return [*COMPRESSIONS, *joined] if target == "iOS18" else list(COMPRESSIONS)


def check_compression(format: str, target: str, compression: str) -> None:  # noqa: A002
    """KitError where there is no such compression, or not on that system."""
    if set(compression.split("+")) - set(COMPRESSIONS) or compression not in compressions("mlprogram", "iOS18"):
        choices = ", ".join(COMPRESSIONS)
        raise KitError(
            f"--compress {compression}: no such compression: choose from auto, {choices}, "
            "or a pruning and another, such as prune50+palette4"
        )
    known = compressions(format, target)
    if compression not in known:
        needed = next(
            (name for name in TARGETS["mlprogram"] if compression in compressions("mlprogram", name)), "iOS18"
        )
        others = f", or choose from {', '.join(known)}" if known else ""
        way = f"--target {needed}" if format == "mlprogram" else f"--format mlprogram --target {needed}"
        raise KitError(f"--compress {compression}: {target} does not know it as {format}: use {way}{others}")


def compress(converted: Any, compression: str) -> Any:
    """Compresses the weights of coremltools' model; the original stays as it is.

    Tables come from k-means; pruning zeroes the smallest weights; int8 scales each output channel on its own.
    """
    from kit import backend  # the command line asks this file what can be done, and needs no TensorFlow for it

    backend.coremltools()
    with backend.quiet():
        if converted.get_spec().WhichOneof("Type") != "mlProgram":
            return _compress_network(converted, compression)
        import coremltools.optimize.coreml as optimize

        for position, part in enumerate(compression.split("+")):
            settings: Any
            if part in PALETTES:
                bits = PALETTES[part]
                settings = optimize.OpPalettizerConfig(mode="kmeans", nbits=bits, weight_threshold=_threshold(bits))
                step = optimize.palettize_weights
            elif part in PRUNINGS:
                settings = optimize.OpMagnitudePrunerConfig(target_sparsity=PRUNINGS[part], weight_threshold=_SMALL)
                step = optimize.prune_weights
            else:
                settings = optimize.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=_SMALL)
                step = optimize.linear_quantize_weights
            options = {"joint_compression": True} if position else {}
            converted = step(converted, optimize.OptimizationConfig(global_config=settings), **options)
    return converted


def _compress_network(converted: Any, compression: str) -> Any:
    bits, mode = (PALETTES[compression], "custom_lut") if compression in PALETTES else (8, "linear_symmetric")
    return quantize(converted, bits, mode, _threshold(bits))


def _threshold(bits: int) -> int:
    """Below so many weights a table of 2 bytes an entry costs more than it saves."""
    return max(_SMALL, 2 ** (bits + 2))


def quantize(converted: Any, bits: int, mode: str, exact: int) -> Any:
    """A neural network with its weights, but for biases and layers that have no more than `exact`, in fewer bits."""
    from coremltools.models.neural_network import quantization_utils

    class Larger(quantization_utils.QuantizedLayerSelector):
        def do_quantize(self, layer: Any, weight_param: str | None = None) -> bool:
            kind = layer.WhichOneof("layer")
            if weight_param == "bias" or not super().do_quantize(layer):
                return False
            return len(getattr(layer, kind).weights.floatValue) > exact

    return quantization_utils.quantize_weights(converted, bits, mode, selector=Larger(), lut_function=_table)


def _table(bits: int, weights: "np.ndarray") -> tuple["np.ndarray", "np.ndarray"]:
    """A table of 2 ** bits values and each weight's place in it, by k-means.

    coremltools' own table for this format has an axis that today's protobuf refuses.
    """
    import numpy as np
    from sklearn.cluster import KMeans

    entries = min(2**bits, len(np.unique(weights)))
    found = KMeans(entries, n_init=1, random_state=0).fit(weights.reshape(-1, 1))
    table = np.zeros(2**bits)
    table[:entries] = found.cluster_centers_[:, 0]
    return table, found.labels_.reshape(weights.shape)
