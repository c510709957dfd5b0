"""What the namespace says about itself."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from autodiff_tensorflow.xp import dtypes


class Info:
    """The inspection interface of the array API standard."""

    def capabilities(self) -> dict[str, Any]:
        """Masks as indices, shapes that depend on data, and arrays of up to 8 axes, as kernels take them."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 8}

    def default_device(self) -> Any:
        """``None``: TensorFlow places each operation by itself."""
        return None

    def devices(self) -> list[Any]:
        """``None`` and the names of the devices, as arrays have them in ``x.device``."""
        here = tf.DeviceSpec(job="localhost", replica=0, task=0)
        specs = (tf.DeviceSpec.from_string(device.name) for device in tf.config.list_logical_devices())
        return [None, *(here.make_merged_spec(spec).to_string() for spec in specs)]

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The dtypes of Python numbers and of indices."""
        return {
            "real floating": dtypes.DEFAULT_FLOAT,
            "complex floating": dtypes.DEFAULT_COMPLEX,
            "integral": dtypes.DEFAULT_INT,
            "indexing": dtypes.int64,
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The standard's dtypes by name, all or those of a kind."""
        found = {
            "bool": dtypes.bool_,
            **{dtype.name: dtype for dtype in (*dtypes.SIGNED, *dtypes.UNSIGNED)},
            "float32": dtypes.float32,
            "float64": dtypes.float64,
            "complex64": dtypes.complex64,
            "complex128": dtypes.complex128,
        }
        return {name: dtype for name, dtype in found.items() if kind is None or dtypes.isdtype(dtype, kind)}


def __array_namespace_info__() -> Info:  # noqa: N807 - the standard's name
    """The inspection interface of this namespace."""
    return Info()
