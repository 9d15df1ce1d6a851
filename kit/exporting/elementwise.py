"""MIL's operations that make each number of its own place's numbers: arithmetic, comparisons, activations."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import special

from kit.exporting.shapes import Arguments, Kind, Need, aligned, constant, of_shape, operand, whole

_SMALL = {"log": 1e-45, "inverse": 1e-4, "rsqrt": 1e-12, "norm": 1e-5}  # what is added where nothing else is said
_RESPONSE = {"alpha": 1e-4, "beta": 0.75, "k": 1.0}  # of a local response norm that does not say
_TYPES = {  # of what is cast; float16 is rounded by whoever wants to see what a phone rounds
    "fp16": np.float32, "fp32": np.float32, "bool": np.bool_, "int8": np.int8, "uint8": np.uint8, "int16": np.int16,
    "uint16": np.uint16, "int32": np.int32,
}  # fmt: skip


def _same(arguments: Arguments) -> Need:
    return of_shape(operand(arguments["x"]))


def _unary(compute: Callable[[np.ndarray], np.ndarray]) -> Kind:
    return Kind(_same, lambda arguments: compute(arguments["x"]))


def _scaled(*names: str, by: Callable[..., np.ndarray]) -> Kind:
    """Of x and of constants, one number each, by a function that takes them in this order."""

    def need(arguments: Arguments) -> Need:
        for name in names:
            constant(arguments, name, (), (1,), required=True)
        return _same(arguments)

    return Kind(need, lambda arguments: by(arguments["x"], *(arguments[name] for name in names)))


def _near_zero(kind: str, compute: Callable[[np.ndarray], np.ndarray]) -> Kind:
    """Of x and what is added to it first, which keeps it from zero."""

    def need(arguments: Arguments) -> Need:
        constant(arguments, "epsilon", (), (1,))
        return _same(arguments)

    return Kind(need, lambda arguments: compute(arguments["x"] + arguments.get("epsilon", np.float32(_SMALL[kind]))))


def _broadcast(*names: str) -> Callable[[Arguments], Need]:
    return lambda arguments: of_shape(np.broadcast_shapes(*(operand(arguments[name]) for name in names)))


def _binary(compute: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Kind:
    return Kind(_broadcast("x", "y"), lambda arguments: compute(*aligned(arguments["x"], arguments["y"])))


def _leaky(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.where(x >= 0, x, alpha * x)


def _select(arguments: Arguments) -> np.ndarray:
    condition, yes, no = aligned(arguments["cond"], arguments["a"], arguments["b"])
    return np.where(condition, yes, no)


def _cast(arguments: Arguments) -> np.ndarray:
    kind = _TYPES[str(arguments["dtype"])] if "dtype" in arguments else np.float32
    return arguments["x"].astype(kind)


def _cast_need(arguments: Arguments) -> Need:
    if str(arguments.get("dtype", "fp32")) not in _TYPES:
        raise ValueError(f"there is no type {str(arguments['dtype'])[:20]!r}")
    return _same(arguments)


def _gelu(arguments: Arguments) -> np.ndarray:
    x, mode = arguments["x"], str(arguments.get("mode", "EXACT"))
    if mode == "TANH_APPROXIMATION":
        return np.float32(0.5) * x * (1 + np.tanh(np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3)))
    if mode == "SIGMOID_APPROXIMATION":
        return x * special.expit(np.float32(1.702) * x)
    return np.float32(0.5) * x * (1 + special.erf(x / np.float32(np.sqrt(2))))


def _gelu_need(arguments: Arguments) -> Need:
    if str(arguments.get("mode", "EXACT")) not in ("EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION"):
        raise ValueError("it is of an unknown mode")
    return _same(arguments)


def _of_channels(*names: str, optional: Sequence[str] = ()) -> Callable[[Arguments], Need]:
    """The rule of what takes one number of each of these for each channel, the second axis."""

    def need(arguments: Arguments) -> Need:
        shape = operand(arguments["x"])
        if len(shape) < 2:
            raise ValueError("it takes a tensor without channels")
        for name in (*names, *optional):
            constant(arguments, name, shape[1:2], required=name in names)
        constant(arguments, "epsilon", (), (1,))
        return of_shape(shape)

    return need


def of_channels(values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """One number for each channel of x (rows, n, channels, *size), so that it broadcasts."""
    return values.reshape(-1, *(1,) * (x.ndim - 3))


def _prelu(arguments: Arguments) -> np.ndarray:
    x = arguments["x"]
    return np.where(x >= 0, x, of_channels(arguments["alpha"], x) * x)


def _softplus_parametric(arguments: Arguments) -> np.ndarray:
    x = arguments["x"]
    return of_channels(arguments["alpha"], x) * np.logaddexp(np.float32(0), of_channels(arguments["beta"], x) * x)


def _batch_norm(arguments: Arguments) -> np.ndarray:
    x, epsilon = arguments["x"], arguments.get("epsilon", np.float32(_SMALL["norm"]))
    gamma, beta = arguments.get("gamma", np.float32(1)), arguments.get("beta", np.float32(0))
    scale = gamma / np.sqrt(arguments["variance"] + epsilon)
    return x * of_channels(scale, x) + of_channels(beta - arguments["mean"] * scale, x)


def _local_response_norm(arguments: Arguments) -> np.ndarray:
    x, size = arguments["x"], int(arguments["size"])
    squares = np.pad(np.square(x), [(0, 0), (0, 0), (size // 2, size // 2), *[(0, 0)] * (x.ndim - 3)])
    total = sum(squares[:, :, place : place + x.shape[2]] for place in range(size))
    alpha, beta, k = (arguments.get(name, np.float32(value)) for name, value in _RESPONSE.items())
    return x / (k + alpha / np.float32(size) * total) ** beta


def _local_response_need(arguments: Arguments) -> Need:
    shape, size = operand(arguments["x"]), whole(arguments["size"])
    if len(shape) < 3 or size % 2 == 0 or size > 2 * shape[1]:
        raise ValueError("its neighbourhood is none")
    for name in _RESPONSE:
        constant(arguments, name, (), (1,))
    return Need(shape, 3 * size * int(np.prod(shape)), 4 * int(np.prod(shape)))


KINDS: dict[str, Kind] = {
    "abs": _unary(np.abs),
    "acos": _unary(np.arccos),
    "add": _binary(np.add),
    "asin": _unary(np.arcsin),
    "atan": _unary(np.arctan),
    "atanh": _unary(np.arctanh),
    "batch_norm": Kind(_of_channels("mean", "variance", optional=("gamma", "beta")), _batch_norm),
    "cast": Kind(_cast_need, _cast),
    "ceil": _unary(np.ceil),
    "clamped_relu": _scaled("alpha", "beta", by=lambda x, alpha, beta: np.minimum(_leaky(x, alpha), beta)),
    "clip": _scaled("alpha", "beta", by=lambda x, alpha, beta: np.minimum(np.maximum(x, alpha), beta)),
    "cos": _unary(np.cos),
    "cosh": _unary(np.cosh),
    "elu": _scaled("alpha", by=lambda x, alpha: np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))),
    "equal": _binary(np.equal),
    "erf": _unary(special.erf),
    "exp": _unary(np.exp),
    "exp2": _unary(np.exp2),
    "floor": _unary(np.floor),
    "floor_div": _binary(np.floor_divide),
    "gelu": Kind(_gelu_need, _gelu),
    "greater": _binary(np.greater),
    "greater_equal": _binary(np.greater_equal),
    "identity": _unary(lambda x: x),
    "inverse": _near_zero("inverse", np.reciprocal),
    "leaky_relu": _scaled("alpha", by=_leaky),
    "less": _binary(np.less),
    "less_equal": _binary(np.less_equal),
    "linear_activation": _scaled("alpha", "beta", by=lambda x, alpha, beta: alpha * x + beta),
    "local_response_norm": Kind(_local_response_need, _local_response_norm),
    "log": _near_zero("log", np.log),
    "logical_and": _binary(np.logical_and),
    "logical_not": _unary(np.logical_not),
    "logical_or": _binary(np.logical_or),
    "logical_xor": _binary(np.logical_xor),
    "maximum": _binary(np.maximum),
    "minimum": _binary(np.minimum),
    "mod": _binary(np.mod),
    "mul": _binary(np.multiply),
    "not_equal": _binary(np.not_equal),
    "pow": _binary(np.power),
    "prelu": Kind(_of_channels("alpha"), _prelu),
    "real_div": _binary(np.true_divide),
    "relu": _unary(lambda x: np.maximum(x, np.float32(0))),
    "relu6": _unary(lambda x: np.clip(x, np.float32(0), np.float32(6))),
    "round": _unary(np.round),
    "rsqrt": _near_zero("rsqrt", lambda x: 1 / np.sqrt(x)),
    "scaled_tanh": _scaled("alpha", "beta", by=lambda x, alpha, beta: alpha * np.tanh(beta * x)),
    "select": Kind(_broadcast("cond", "a", "b"), _select),
    "sigmoid": _unary(special.expit),
    "sigmoid_hard": _scaled("alpha", "beta", by=lambda x, alpha, beta: np.clip(alpha * x + beta, 0, 1)),
    "sign": _unary(np.sign),
    "silu": _unary(lambda x: x * special.expit(x)),
    "sin": _unary(np.sin),
    "sinh": _unary(np.sinh),
    "softplus": _unary(lambda x: np.logaddexp(np.float32(0), x)),
    "softplus_parametric": Kind(_of_channels("alpha", "beta"), _softplus_parametric),
    "softsign": _unary(lambda x: x / (1 + np.abs(x))),
    "sqrt": _unary(np.sqrt),
    "square": _unary(np.square),
    "sub": _binary(np.subtract),
    "tan": _unary(np.tan),
    "tanh": _unary(np.tanh),
    "threshold": _scaled("alpha", by=lambda x, alpha: np.maximum(x, alpha)),
    "thresholded_relu": _scaled("alpha", by=lambda x, alpha: np.where(x >= alpha, x, np.float32(0))),
}
