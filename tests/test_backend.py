"""What a network's numbers depend on is kit's, whatever the machine's other users have set."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kit import KitError, backend
from kit.training import networks

FOUND = """
from kit import backend
keras = backend.keras()
config = keras.config
found = [config.backend(), config.image_data_format(), config.floatx(), config.epsilon(), config.dtype_policy().name]
print(*found, config.max_epochs(), config.max_steps_per_epoch(), backend.threads())
"""


def test_settings_of_keras_and_of_threads_that_others_made_do_not_count(tmp_path: Path) -> None:
    theirs = {"floatx": "float64", "epsilon": 0.5, "backend": 7, "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(theirs))  # the backend is none: Keras would not even start
    others = {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "jax", "KERAS_MAX_EPOCHS": "1", "KIT_THREADS": "3",
              "TF_NUM_INTRAOP_THREADS": "5", "OMP_NUM_THREADS": "5", "PATH": ""}  # fmt: skip
    finished = subprocess.run([sys.executable, "-c", FOUND], capture_output=True, text=True, env=others)
    assert finished.stdout == "tensorflow channels_last float32 1e-07 float32 None None 3\n", finished.stderr


def test_a_notebooks_settings_do_not_make_another_network() -> None:
    keras = backend.keras()
    whole = networks.build("malireddi", seed=7)
    keras.config.set_image_data_format("channels_first")
    keras.config.set_dtype_policy("float64")
    try:
        other = networks.build("malireddi", seed=7)
    finally:
        backend.keras()
    assert [layer.get_config() for layer in other.layers] == [layer.get_config() for layer in whole.layers]
    for mine, theirs in zip(whole.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_too_little_memory_is_one_line_wherever_it_is_missing() -> None:
    errors = backend.tensorflow().errors
    full = errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[9,9]\n [[{{node x}}]]")
    lines = {
        MemoryError(): "there is too little memory: end others",
        full: "TensorFlow failed, OOM when allocating tensor with shape[9,9]: end others",
        errors.UnimplementedError(None, None, "no such kernel"): "TensorFlow failed, no such kernel",
    }
    for error, line in lines.items():
        with pytest.raises(KitError) as raised, backend.computed("end others"):
            raise error
        assert (str(raised.value), raised.value.exit_code, raised.value.__cause__) == (line, 1, error)


@pytest.mark.parametrize("given", ["0", "-1", "x", "1.5", "9" * 5000, "²"])
def test_threads_that_are_no_number_are_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("KIT_THREADS", given)
    with pytest.raises(KitError, match="give the number of threads, such as 2"):
        backend._wanted_threads()


GPU = """
import types
from kit import backend
import tensorflow
from tensorflow.python.framework import config as inside
gpu = types.SimpleNamespace(name="/physical_device:GPU:0")
tensorflow.config.list_physical_devices = lambda kind: [gpu] if kind == "GPU" else []
tensorflow.config.experimental.get_device_details = lambda device: {"device_name": "Tesla T4"}
short = tensorflow.config.experimental.tensor_float_32_execution_enabled
before = inside.is_op_determinism_enabled(), short()
print(*before, backend.device(), inside.is_op_determinism_enabled(), short())
"""


def test_with_a_gpu_operations_give_the_same_bits_in_whole_float32_and_it_is_named() -> None:
    """A GPU is pretended: that TensorFlow is asked is what can be seen without one."""
    finished = subprocess.run([sys.executable, "-c", GPU], capture_output=True, text=True)
    assert finished.stdout == "False True Tesla T4 True False\n", finished.stderr
    assert backend.device() == "CPU"
