"""Why some functions of the Python array API standard have no clause of their own."""

from __future__ import annotations

from autodiff_spec.core.names import FFT, LINALG, MAIN

NAMES: tuple[str, ...] = (*MAIN, *(f"linalg.{name}" for name in LINALG), *(f"fft.{name}" for name in FFT))

_CREATION = "makes an array from sizes, dtypes and Python numbers"
_DTYPES = "is about dtypes, not about numbers"
_INTEGERS = "takes integers or booleans alone"
_SHAPE_OF_VALUES = "the shape of its result depends on which elements are equal; no framework differentiates it"

NOT_DIFFERENTIATED: dict[str, str] = {
    **dict.fromkeys(("arange", "empty", "eye", "full", "linspace", "ones", "zeros"), _CREATION),
    **dict.fromkeys(("fft.fftfreq", "fft.rfftfreq"), _CREATION),
    **dict.fromkeys(("empty_like", "full_like", "ones_like", "zeros_like"), "takes the shape of an array, not numbers"),
    **dict.fromkeys(("can_cast", "finfo", "iinfo", "isdtype", "result_type", "__array_namespace_info__"), _DTYPES),
    **dict.fromkeys(("bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or"), _INTEGERS),
    **dict.fromkeys(("bitwise_right_shift", "bitwise_xor"), _INTEGERS),
    **dict.fromkeys(("logical_and", "logical_not", "logical_or", "logical_xor"), _INTEGERS),
    **dict.fromkeys(("unique_all", "unique_counts", "unique_inverse", "unique_values"), _SHAPE_OF_VALUES),
    "from_dlpack": "brings an array from another library, where it has no history",
    "nextafter": "is about a format's neighbouring numbers, not a function of real ones",
}
"""Each function without a clause, with the reason."""
