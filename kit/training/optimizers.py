"""The optimizers: Keras' own, and Muon for the kernels of convolutions too."""

import functools
from typing import Any

from kit import backend

_DECAY = 0.05  # what Muon's kernels shrink by a step, times the learning rate


def build(name: str, learning_rate: float) -> Any:
    """A Keras optimizer by its name in `kit.run.settings.OPTIMIZERS`."""
    if name == "muon":
        return _muon()(
            learning_rate, weight_decay=_DECAY, adam_weight_decay=None, exclude_layers=["depthwise", "logits"]
        )
    return backend.keras().optimizers.get({"class_name": name, "config": {"learning_rate": learning_rate}})


@functools.cache
def _muon() -> Any:
    base: Any = backend.keras().optimizers.Muon

    class Muon(base):
        """K. Jordan's Muon (2024): the step of a kernel is its momentum with all singular values made nearly 1.

        Keras leaves the kernels of convolutions to Adam; here each is taken as a matrix of (height · width · channels)
        × filters, as its author does. The last layer, depthwise kernels and vectors stay with Adam. Steps are scaled to
        the size of Adam's (J. Liu et al., Muon is Scalable for LLM Training, 2025), so the same learning rates fit.
        """

        def _should_use_adamw(self, variable: Any) -> bool:
            if len(variable.shape) != 4:
                return bool(super()._should_use_adamw(variable))
            return any(layer in variable.path for layer in self.exclude_layers)

        def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
            return _as_matrix(self._orthogonalized, x, steps)

        def _orthogonalized(self, x: Any, steps: int) -> Any:
            """Keras' iteration, but all steps on the Gram matrix: half the work where one side is many times longer.

            Each step multiplies x by a polynomial of its Gram matrix; polynomials of one matrix commute.
            """
            ops = backend.keras().ops
            wide = x.shape[0] < x.shape[1]
            x = ops.transpose(x) if wide else x
            x = x / (ops.norm(x) + 1e-7)
            whole = identity = ops.eye(x.shape[1])
            gram = ops.transpose(x) @ x
            for _ in range(steps):
                step = self.muon_a * identity + self.muon_b * gram + self.muon_c * gram @ gram
                gram, whole = step @ step @ gram, whole @ step
            x = x @ whole
            return ops.transpose(x) if wide else x

        def lr_adjust(self, x: Any) -> Any:
            return _as_matrix(super().lr_adjust, x)

    return Muon


def _as_matrix(function: Any, kernel: Any, *arguments: Any) -> Any:
    ops = backend.keras().ops
    return ops.reshape(function(ops.reshape(kernel, (-1, kernel.shape[-1])), *arguments), kernel.shape)
