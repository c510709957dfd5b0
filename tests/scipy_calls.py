"""How each function of SciPy that takes arrays of any library is called, for `tests.scipy_functions`.

A row is the arguments, or first how to call and then the arguments: ``(lambda f, x, y: f(x, y, axis=1), X, Y)``.
Floating arrays are differentiated, other arrays are constants; both come as arrays of the backend that is asked. Values
lie away from kinks, ties and the edges of domains. Without a row, a function of `scipy.special` takes numbers between
0.2 and 0.8, another one samples of nine numbers, as many as it has arguments without a default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_compat
import numpy as np
from scipy import ndimage, stats
from scipy.spatial.transform import RigidTransform, Rotation, Slerp

_DRAWN = np.random.default_rng(8)


def real(*shape: int) -> Any:
    return _DRAWN.normal(size=shape)


def positive(*shape: int) -> Any:
    return _DRAWN.uniform(0.5, 2.0, shape)


def inside(*shape: int) -> Any:
    return _DRAWN.uniform(0.2, 0.8, shape)


X, Y, Z = (positive(9) for _ in range(3))
U, V, T = (inside(3) for _ in range(3))
A, B, C = (positive(3) for _ in range(3))
COUNTS = np.asarray([1, 2, 3])
MORE = np.asarray([5, 4, 6])
RISING = np.cumsum(positive(9)) / 9
POINTS = np.asarray([0.3, 0.55, 0.9])
LONG = np.concatenate([X, Y, 1.1 * Z])
WAVE = real(24)
PLANE = real(4, 5)
IMAGE = positive(5, 6)
MASK = IMAGE > 1.1
LABELS = np.asarray([[0, 1, 1, 2, 2, 2]] * 5)
INDEX = np.asarray([1, 2])
LARGE = real(32, 32)
SQUARE = np.eye(3) + 0.1 * real(3, 3)
NUMERATOR, DENOMINATOR = np.asarray([0.7, 0.4, 0.2]), np.asarray([1.1, 0.5, 0.3])
POLES, ZEROS = np.asarray([-0.5, -0.2, 0.4]), np.asarray([0.3, -0.6])
HALF, GAIN, WIDTH = np.asarray(0.45), np.asarray(1.3), np.asarray(1.7)
BAND = np.asarray([0.3, 0.6])
FREQUENCIES = np.asarray([0.3, 1.1, 2.2])
SECTIONS = positive(2, 3), 0.3 * positive(2, 2)
HEIGHTS, DISTANCES = np.asarray([0.4, 0.7, 1.1, 1.8]), positive(10)
QUATERNIONS, OTHERS = real(2, 4), real(2, 4)
VECTORS, ANGLES = real(2, 3), np.asarray([0.3, 0.5, 0.9])
SHORT = 0.3 * real(2, 3)
AXES = np.eye(3)

NOTHING: tuple[Any, ...] = ()
"""The row of a function that takes no arrays."""


def namespace(x: Any) -> Any:
    """The namespace of an array; NumPy for what has none, as in SciPy."""
    return array_api_compat.array_namespace(x) if array_api_compat.is_array_api_obj(x) else np


def keyed(*last: Any, **fixed: Any) -> Callable[..., Any]:
    """The call with further constants after the arrays, and by keyword."""
    return lambda f, *args: f(*args, *last, **fixed)


def after(*first: Any, **fixed: Any) -> Callable[..., Any]:
    """The call with constants before the arrays, and by keyword."""
    return lambda f, *args: f(*first, *args, **fixed)


def made(*first: Any, **fixed: Any) -> Callable[..., Any]:
    """`after`, of a function that makes arrays and is told whose by its keyword ``xp``."""
    return lambda f, *args: f(*first, *args, xp=namespace(args[0]), **fixed)


def evaluated(f: Any, *args: Any) -> Any:
    """An interpolant of all arguments but the last, there."""
    return f(*args[:-1])(args[-1])


def constant(x: Any, values: Any) -> Any:
    """Values in the namespace of ``x``, and where it is recorded a recorded array, for SciPy mixes no namespaces."""
    return namespace(x).asarray(values) + 0.0 * namespace(x).sum(x)


def tree(heights: Any) -> Any:
    """A linkage matrix of five observations with these heights."""
    rows = constant(heights, np.asarray([[0.0, 1, 2], [2, 3, 2], [4, 5, 3], [6, 7, 5]]))
    return namespace(heights).concat([rows[:, :2], heights[:, None], rows[:, 2:]], axis=1)


def sections(b: Any, a: Any) -> Any:
    """Second-order sections of which only what may vary does."""
    return namespace(b).concat([b, 1.0 + 0.0 * a[:, :1], a], axis=1)


def turned(q: Any) -> Any:
    return Rotation.from_quat(q)


def matrices(f: Any, *args: Any) -> Any:
    """What makes a rotation or a rigid transform, as matrices: quaternions have two signs."""
    return f(*args).as_matrix()


def moved(v: Any) -> Any:
    return RigidTransform.from_exp_coords(v)


def coordinates(x: Any, y: Any) -> Any:
    return namespace(x).concat([x, y], axis=1)


def of_roots(f: Any, *args: Any) -> Any:
    """Zeros and poles in any order: what is the same for all of them, and the gain."""
    *roots, gain = f(*args)
    return [*(namespace(r).sum(r**n) for r in roots for n in (1, 2, 3)), gain]


def doubled(x: Any, axis: int, output: Any, mode: str, cval: float) -> Any:
    """A derivative by `scipy.ndimage`'s protocol."""
    return ndimage.correlate1d(x, np.asarray([1.0, -2.0, 1.0]), axis, output, mode, cval)


def mean(x: Any, axis: int = -1) -> Any:
    return namespace(x).mean(x, axis=axis)


def logistic(x: Any) -> Any:
    return 1.0 / (1.0 + namespace(x).exp(-x))


def spread(f: Any, *args: Any, **fixed: Any) -> Any:
    found = f(*args, statistic=mean, method="percentile", n_resamples=19, rng=np.random.default_rng(1), **fixed)
    return found.standard_error, *found.confidence_interval


def drawn(like: Any) -> Callable[..., Any]:
    """A generator of samples for tests that draw, the same in each call."""
    return lambda size: constant(like, np.random.default_rng(1).normal(size=size))


def told(*names: str) -> Callable[..., Any]:
    """The call, and these attributes of what it returns."""
    return lambda f, *args: [getattr(f(*args), name) for name in names]


SPECIAL = {
    **dict.fromkeys(("bdtr", "bdtrc", "bdtri", "nbdtr", "nbdtrc", "nbdtri"), (after(2, 5), U)),
    "binom": (A + 2, B), "boxcox": (A, B), "boxcox1p": (A, B), "inv_boxcox": (A, B), "inv_boxcox1p": (A, B),
    "huber": (np.asarray([0.5, 1.0, 2.0]), np.asarray([0.9, 0.4, -2.6])),
    "logsumexp": (keyed(axis=0), PLANE), "softmax": (keyed(axis=0), PLANE), "log_softmax": (keyed(axis=0), PLANE),
    "lpmv": (after(1), A + 2, U), "multigammaln": (keyed(2), A + 1),
    **dict.fromkeys(("expn", "pdtr", "pdtrc", "polygamma", "yn"), (after(2), A)), "pdtri": (after(2), U),
    "zeta": (A + 1.5, B), "zetac": (A + 1.5,), "stdtr": (A, B - 1),
    "fdtr": (A + 1, B + 1, C), "fdtri": (A + 1, B + 1, U), "chdtri": (A + 1, U), "stdtrit": (A + 1, U),
}  # fmt: skip

STATS = {
    "alexandergovern": (X, Y, Z), "bartlett": (X, Y, Z), "f_oneway": (X, Y, Z), "fligner": (X, Y, Z),
    "friedmanchisquare": (X, Y, Z), "kruskal": (X, Y, Z), "levene": (X, Y, Z),
    "bootstrap": (lambda f, x: spread(f, (x,)), X),
    "boxcox_llf": (GAIN, X), "yeojohnson_llf": (GAIN, X),
    "chisquare": (keyed(sum_check=False), X, Y),
    "power_divergence": (lambda f, x, y: f(x, y * namespace(x).sum(x) / namespace(x).sum(y), lambda_=0.5),
                         X, Y),
    "combine_pvalues": (inside(5),), "false_discovery_control": (inside(5),),
    "cramervonmises": (keyed(logistic), X - 1), "ks_1samp": (keyed(logistic), X - 1),
    "describe": (told("minmax", "mean", "variance", "skewness", "kurtosis"), X),
    "directional_stats": (told("mean_direction", "mean_resultant_length"), VECTORS),
    "differential_entropy": (keyed(method="vasicek"), LONG),
    "entropy": (X, Y),
    "jarque_bera": (LONG,), "kurtosistest": (LONG,), "normaltest": (LONG,), "skewtest": (LONG,),
    "mode": (lambda f, x: f(x).mode, X),
    "moment": (keyed(3), X),
    "monte_carlo_test": (lambda f, x: f(x, drawn(x), mean, n_resamples=19).statistic, X),
    "permutation_test": (
        lambda f, x, y: f((x, y), lambda x, y, axis=-1: mean(x, axis) - mean(y, axis), n_resamples=19,
                          rng=np.random.default_rng(1)).statistic, X, Y),
    "pmean": (keyed(2.5), X),
    "power": (lambda f, x: f(lambda x, axis=-1: stats.ttest_1samp(x, 0.0, axis=axis).pvalue, drawn(x), 5,
                             n_resamples=9).power, X),
    "quantile": (X, U),
    "sigmaclip": (lambda f, x: [f(x, 1.2, 1.2).clipped, f(x, 1.2, 1.2).upper], X),
    "tmean": (keyed((0.6, 1.9)), X), "tvar": (keyed((0.6, 1.9)), X), "tstd": (keyed((0.6, 1.9)), X),
    "tsem": (keyed((0.6, 1.9)), X), "trim_mean": (keyed(0.2), X),
    "ttest_1samp": (X, GAIN),
    "ttest_ind_from_stats": (lambda f, m, s, n, t: f(m, s, 9, n, t, 8), GAIN, HALF, WIDTH, HALF),
    "wilcoxon": (LONG, LONG[::-1] + 0.1), "brunnermunzel": (X, Y), "spearmanrho": (X, Y), "pearsonr": (X, Y),
    "zmap": (X, Y), "circmean": (X,), "iqr": (X,), "lmoment": (X,),
}  # fmt: skip

FFT = {
    **dict.fromkeys(("fft2", "ifft2", "fftn", "ifftn", "rfft2", "irfft2", "rfftn", "irfftn", "hfft2", "ihfft2", "hfftn",
                     "ihfftn", "dctn", "idctn", "dstn", "idstn"), (PLANE,)),
    **dict.fromkeys(("fftfreq", "rfftfreq"), NOTHING),
    "fht": (keyed(0.1, 0.3), X), "ifht": (keyed(0.1, 0.3), X),
}  # fmt: skip

_KAISER = (lambda f, b: f(("kaiser", b), 9, xp=namespace(b)), WIDTH)
SIGNAL = {
    "abcd_normalize": (SQUARE, real(3, 1), real(1, 3), real(1, 1)),
    **dict.fromkeys(("besselap", "buttap", "cheb1ap", "cheb2ap", "ellipap", "savgol_coeffs"), NOTHING),
    "bessel": (after(3), HALF), "butter": (after(3), HALF), "cheby1": (after(3, 1.0), HALF),
    "cheby2": (after(3, 40.0), HALF), "ellip": (after(3, 1.0, 40.0), HALF),
    "bilinear": (NUMERATOR, DENOMINATOR), "bilinear_zpk": (lambda f, z, p, k: f(z, p, k, 2.0), ZEROS, POLES, GAIN),
    "bode": (lambda f, b, a, w: f((b, a), w), NUMERATOR, DENOMINATOR, FREQUENCIES),
    **dict.fromkeys(("buttord", "cheb1ord", "cheb2ord", "ellipord"), (keyed(1.0, 40.0), HALF - 0.2, HALF)),
    "choose_conv_method": (X, A), "convolve": (X, A), "correlate": (X, A), "fftconvolve": (X, A), "oaconvolve": (X, A),
    "convolve2d": (PLANE, IMAGE[:2, :2]), "correlate2d": (PLANE, IMAGE[:2, :2]),
    "cspline1d": (X,), "qspline1d": (X,), "cspline2d": (LARGE,), "spline_filter": (LARGE,),
    "cspline1d_eval": (X, A), "qspline1d_eval": (X, A),
    "deconvolve": (X, A), "envelope": (WAVE,), "filtfilt": (NUMERATOR, DENOMINATOR, WAVE),
    "firls": (lambda f, d: f(9, constant(d, np.asarray([0.0, 0.3, 0.5, 1.0])), d), positive(4)),
    "firwin": (after(9), HALF),
    "firwin2": (lambda f, g: f(9, constant(g, np.asarray([0.0, 0.4, 1.0])), g), A),
    "remez": (lambda f, d: f(9, constant(d, np.asarray([0.0, 0.2, 0.3, 0.5])), d), np.asarray([1.0, 0.1])),
    "freqs": (NUMERATOR, DENOMINATOR, FREQUENCIES), "freqz": (NUMERATOR, DENOMINATOR, FREQUENCIES),
    "freqs_zpk": (ZEROS, POLES, GAIN, FREQUENCIES), "freqz_zpk": (ZEROS, POLES, GAIN, FREQUENCIES),
    "freqz_sos": (lambda f, b, a: f(sections(b, a), 8), *SECTIONS),
    "sosfreqz": (lambda f, b, a: f(sections(b, a), 8), *SECTIONS),
    "gammatone": (made(ftype="iir", fs=16e3), 1e3 * HALF),
    "gauss_spline": (keyed(3), U), "get_window": _KAISER,
    "group_delay": (lambda f, b, a: f((b, a), 8), NUMERATOR, DENOMINATOR),
    "hilbert2": (PLANE,),
    "iircomb": (made(0.25, fs=2.0), WIDTH + 20), "iirnotch": (made(), HALF, WIDTH), "iirpeak": (made(), HALF, WIDTH),
    "iirdesign": (keyed(1.0, 40.0), HALF - 0.2, HALF), "iirfilter": (after(3), BAND),
    "impulse": (lambda f, b, a: f((b, a), T=constant(a, np.linspace(0.0, 2.0, 5))), NUMERATOR, DENOMINATOR),
    "lfilter": (NUMERATOR, DENOMINATOR, X), "lfilter_zi": (NUMERATOR, DENOMINATOR),
    "lfiltic": (NUMERATOR, DENOMINATOR, BAND),
    **dict.fromkeys(("lp2bp", "lp2bs"), (NUMERATOR, DENOMINATOR, GAIN, HALF)),
    **dict.fromkeys(("lp2hp", "lp2lp"), (NUMERATOR, DENOMINATOR, GAIN)),
    **dict.fromkeys(("lp2bp_zpk", "lp2bs_zpk"), (of_roots, ZEROS, POLES, GAIN, WIDTH, HALF)),
    **dict.fromkeys(("lp2hp_zpk", "lp2lp_zpk"), (of_roots, ZEROS, POLES, GAIN, WIDTH)),
    "medfilt": (keyed(3), X), "medfilt2d": (keyed(3), IMAGE), "wiener": (keyed(3), WAVE),
    "minimum_phase": (np.asarray([0.1, 0.2, 0.35, 0.2, 0.1]),),
    "normalize": (NUMERATOR, DENOMINATOR + 1),
    "order_filter": (lambda f, x: f(x, constant(x, np.ones((3, 3))), 2), IMAGE),
    "place_poles": (lambda f, a, b, p: f(a, b, p).gain_matrix, SQUARE, real(3, 1), -A),
    "resample": (keyed(12), X), "resample_poly": (keyed(3, 2), X), "savgol_filter": (keyed(5, 2), X),
    "sos2tf": (lambda f, b, a: f(sections(b, a)), *SECTIONS),
    "sos2zpk": (lambda f, b, a: of_roots(f, sections(b, a)), *SECTIONS),
    "sosfilt": (lambda f, b, a, x: f(sections(b, a), x), *SECTIONS, X),
    "sosfilt_zi": (lambda f, b, a: f(sections(b, a)), *SECTIONS),
    "tf2sos": (NUMERATOR, DENOMINATOR), "tf2zpk": (of_roots, NUMERATOR, DENOMINATOR),
    "zpk2sos": (ZEROS, POLES[:2], GAIN), "zpk2tf": (ZEROS, POLES, GAIN),
    "upfirdn": (keyed(2, 1), A, X), "vectorstrength": (X, GAIN),
}  # fmt: skip

_PLAIN_WINDOWS = ("boxcar", "triang", "parzen", "bohman", "blackman", "nuttall", "blackmanharris", "flattop",
                  "bartlett", "barthann", "hamming", "cosine", "hann", "lanczos")  # fmt: skip
WINDOWS = {
    **dict.fromkeys(_PLAIN_WINDOWS, NOTHING),
    "get_window": _KAISER, "kaiser": (made(9), WIDTH), "kaiser_bessel_derived": (made(8), WIDTH),
    "gaussian": (made(9), WIDTH), "general_gaussian": (made(9), GAIN, WIDTH), "general_cosine": (after(9), A),
    "general_hamming": (made(9), HALF), "chebwin": (made(9), WIDTH + 60),
    "exponential": (made(9, None), WIDTH), "tukey": (made(9), HALF), "taylor": (made(9, 4), WIDTH + 30),
}  # fmt: skip

_ON_BINARY = ("binary_closing", "binary_dilation", "binary_erosion", "binary_fill_holes", "binary_opening",
              "binary_propagation", "binary_hit_or_miss", "distance_transform_bf", "distance_transform_cdt",
              "distance_transform_edt", "label")  # fmt: skip
_ON_LABELS = ("extrema", "center_of_mass", "maximum", "mean", "median", "minimum", "maximum_position",
              "minimum_position", "standard_deviation", "sum", "sum_labels", "variance")  # fmt: skip
_OF_SIZE = ("black_tophat", "grey_closing", "grey_dilation", "grey_erosion", "grey_opening", "maximum_filter",
            "median_filter", "minimum_filter", "morphological_gradient", "morphological_laplace", "uniform_filter",
            "white_tophat")  # fmt: skip
NDIMAGE = {
    **dict.fromkeys(_ON_BINARY, (MASK,)),
    **dict.fromkeys(_ON_LABELS, (IMAGE, LABELS, INDEX)),
    **dict.fromkeys(_OF_SIZE, (keyed(size=3), IMAGE)),
    **dict.fromkeys(("laplace", "prewitt", "sobel", "spline_filter", "spline_filter1d"), (IMAGE,)),
    **dict.fromkeys(("gaussian_filter", "gaussian_filter1d", "gaussian_gradient_magnitude", "gaussian_laplace"),
                    (keyed(0.8), IMAGE)),
    **dict.fromkeys(("maximum_filter1d", "minimum_filter1d", "uniform_filter1d"), (keyed(3), IMAGE)),
    **dict.fromkeys(("convolve", "correlate"), (IMAGE, PLANE[:3, :3])),
    **dict.fromkeys(("convolve1d", "correlate1d"), (IMAGE, A)),
    **dict.fromkeys(("fourier_ellipsoid", "fourier_gaussian", "fourier_shift", "fourier_uniform"), (keyed(1.5), IMAGE)),
    "affine_transform": (IMAGE, np.asarray([[0.9, 0.13], [-0.11, 1.07]]), BAND),
    "find_objects": (LABELS,), "value_indices": (LABELS,), "iterate_structure": (keyed(2), MASK),
    "generic_filter": (keyed(lambda window: (window * window).sum(), size=2), IMAGE),
    "generic_filter1d": (
        lambda f, x: f(x, lambda line, out: out.__setitem__(slice(None), line[1:-1] ** 2), 3), IMAGE),
    "generic_gradient_magnitude": (keyed(ndimage.sobel), IMAGE), "generic_laplace": (keyed(doubled), IMAGE),
    "geometric_transform": (keyed(lambda place: (place[0] * 0.9 + 0.13, place[1] * 0.8 + 0.21)), IMAGE),
    "histogram": (keyed(0.5, 2.0, 4), IMAGE),
    "labeled_comprehension": (keyed(lambda part: part.sum(), np.float64, 0.0), IMAGE, LABELS, INDEX),
    "map_coordinates": (IMAGE, np.asarray([[1.13, 2.27, 3.31], [1.41, 2.73, 4.17]])),
    "percentile_filter": (keyed(30, size=3), IMAGE), "rank_filter": (keyed(2, size=3), IMAGE),
    "rotate": (keyed(20.0), IMAGE), "shift": (IMAGE, BAND), "zoom": (keyed(1.5), IMAGE),
    "vectorized_filter": (keyed(lambda x, axis: namespace(x).mean(x * x, axis=axis), size=3), IMAGE),
    "watershed_ift": ((IMAGE * 100).astype(np.uint8), LABELS),
}  # fmt: skip

INTEGRATE = {
    "cubature": (lambda f, a, b, p: f(lambda x: namespace(x).exp(-x[:, 0] * p), a, b).estimate,
                 np.asarray([0.2]), np.asarray([1.7]), GAIN),
    "cumulative_simpson": (lambda f, y, x: f(y, x=x), X, RISING),
    "cumulative_trapezoid": (X, RISING), "trapezoid": (X, RISING), "romb": (X,),
    "qmc_quad": (lambda f, a, b: f(lambda x: x[0] ** 3, a, b, n_points=16, qrng=stats.qmc.Halton(1, rng=1)).integral,
                 np.asarray([0.2]), np.asarray([1.7])),
    "tanhsinh": (lambda f, a, b, p: f(lambda x, p: x**2 * p, a, b, args=(p,)).integral, U, A + 1, B),
}  # fmt: skip

INTERPOLATE = {
    **dict.fromkeys(("Akima1DInterpolator", "CubicSpline", "PchipInterpolator", "make_interp_spline"),
                    (evaluated, RISING, X, POINTS)),
    "CubicHermiteSpline": (evaluated, RISING, X, Y, POINTS),
    **dict.fromkeys(("PPoly", "BPoly"), (evaluated, PLANE, np.asarray([0.0, 0.25, 0.5, 0.7, 0.8, 1.0]), POINTS)),
    "BSpline": (lambda f, t, c, x: f(t, c, 2)(x), RISING, real(6), np.asarray([0.55, 0.75])),
    "NdBSpline": (lambda f, s, t, c, x: f((s, t), c, 2)(x), RISING, RISING + 0.1, real(6, 6), np.full((2, 2), 0.7)),
    "RBFInterpolator": (evaluated, real(9, 2), X, real(2, 2)),
    "RegularGridInterpolator": (lambda f, x, y, values, at: f((x, y), values)(at), A.cumsum(), RISING, real(3, 9),
                                np.asarray([[1.9, 0.5], [2.1, 0.8]])),
    "generate_knots": (lambda f, x, y: list(f(x, y, s=0.01))[-1], RISING, X),
    "make_lsq_spline": (lambda f, x, y, t, at: f(x, y, t, 1)(at), RISING, X,
                        np.asarray([0.01, 0.05, 0.5, 1.5, 1.6]), POINTS),
    "make_smoothing_spline": (lambda f, x, y, at: f(x, y, lam=0.1)(at), RISING, X, POINTS),
    "make_splprep": (lambda f, x, y, at: f([x, y])[0](at), RISING, X, POINTS),
    "make_splrep": (evaluated, RISING, X, POINTS),
}  # fmt: skip

HIERARCHY = {
    **dict.fromkeys(("average", "centroid", "complete", "linkage", "median", "single", "ward", "weighted"),
                    (DISTANCES,)),
    **dict.fromkeys(("cophenet", "inconsistent", "is_monotonic", "is_valid_linkage", "leaves_list", "maxdists",
                     "num_obs_linkage", "to_mlab_linkage"), (lambda f, h: f(tree(h)), HEIGHTS)),
    "correspond": (lambda f, h, y: f(tree(h), y), HEIGHTS, DISTANCES),
    "dendrogram": (lambda f, h: f(tree(h), no_plot=True)["dcoord"], HEIGHTS),
    "fcluster": (lambda f, h: f(tree(h), 1.0), HEIGHTS), "fclusterdata": (keyed(1.0), real(5, 2)),
    "from_mlab_linkage": (lambda f, h: f(tree(h) + constant(h, np.asarray([1.0, 1.0, 0.0, 0.0]))), HEIGHTS),
    "is_isomorphic": (COUNTS, MORE), "is_valid_im": (positive(4, 4),),
    "leaders": (lambda f, h, t: f(tree(h), t), HEIGHTS, np.asarray([2, 2, 1, 1, 2], dtype=np.int32)),
    "maxRstat": (lambda f, h, r: f(tree(h), r, 0), HEIGHTS, positive(4, 4)),
    "maxinconsts": (lambda f, h, r: f(tree(h), r), HEIGHTS, positive(4, 4)),
    "optimal_leaf_ordering": (lambda f, h, y: f(tree(h), y), HEIGHTS, DISTANCES),
    "to_tree": (lambda f, h: f(tree(h)).dist, HEIGHTS),
}  # fmt: skip

TRANSFORM = {
    "Rotation.__getitem__": (lambda f, q: f(turned(q), 0).as_matrix(), QUATERNIONS),
    "Rotation.__mul__": (lambda f, p, q: f(turned(p), turned(q)).as_matrix(), QUATERNIONS, OTHERS),
    "Rotation.__pow__": (lambda f, q: f(turned(q), 1.5).as_matrix(), QUATERNIONS),
    "Rotation.align_vectors": (lambda f, a, b: f(a, b)[0].as_matrix(), SQUARE, SQUARE.T + 0.1),
    "Rotation.apply": (lambda f, q, v: f(turned(q), v), QUATERNIONS, VECTORS),
    "Rotation.approx_equal": (lambda f, p, q: f(turned(p), turned(q)), QUATERNIONS, OTHERS),
    "Rotation.as_davenport": (lambda f, q: f(turned(q), constant(q, AXES), "extrinsic"), QUATERNIONS),
    "Rotation.as_euler": (lambda f, q: f(turned(q), "xyz"), QUATERNIONS),
    **dict.fromkeys(("Rotation.as_matrix", "Rotation.as_mrp", "Rotation.as_quat", "Rotation.as_rotvec",
                     "Rotation.magnitude"), (lambda f, q: f(turned(q)), QUATERNIONS)),
    **dict.fromkeys(("Rotation.inv", "Rotation.mean", "Rotation.reduce"),
                    (lambda f, q: f(turned(q)).as_matrix(), QUATERNIONS)),
    "Rotation.concatenate": (lambda f, p, q: f([turned(p), turned(q)]).as_matrix(), QUATERNIONS, OTHERS),
    "Rotation.from_davenport": (lambda f, a: f(constant(a, AXES), "extrinsic", a).as_matrix(), ANGLES),
    "Rotation.from_euler": (lambda f, a: f("xyz", a).as_matrix(), ANGLES),
    "Rotation.from_matrix": (matrices, SQUARE), "Rotation.from_mrp": (matrices, SHORT),
    "Rotation.from_quat": (matrices, QUATERNIONS), "Rotation.from_rotvec": (matrices, VECTORS),
    "Slerp.__call__": (lambda f, q, t: f(Slerp(constant(t, np.asarray([0.0, 1.0])), turned(q)), t).as_matrix(),
                       QUATERNIONS, U),
    "RigidTransform.__getitem__": (lambda f, v, u: f(moved(coordinates(v, u)), 0).as_matrix(), VECTORS, SHORT),
    "RigidTransform.__mul__": (
        lambda f, v, u: f(moved(coordinates(v, u)), moved(coordinates(u, v))).as_matrix(), VECTORS, SHORT),
    "RigidTransform.__pow__": (lambda f, v, u: f(moved(coordinates(v, u)), 1.5).as_matrix(), VECTORS, SHORT),
    "RigidTransform.apply": (lambda f, v, u: f(moved(coordinates(v, u)), u), VECTORS, SHORT),
    "RigidTransform.as_components": (lambda f, v, u: f(moved(coordinates(v, u)))[0], VECTORS, SHORT),
    **dict.fromkeys(("RigidTransform.as_dual_quat", "RigidTransform.as_exp_coords", "RigidTransform.as_matrix"),
                    (lambda f, v, u: f(moved(coordinates(v, u))), VECTORS, SHORT)),
    **dict.fromkeys(("RigidTransform.inv", "RigidTransform.mean"),
                    (lambda f, v, u: f(moved(coordinates(v, u))).as_matrix(), VECTORS, SHORT)),
    "RigidTransform.concatenate": (
        lambda f, v, u: f([moved(coordinates(v, u)), moved(coordinates(u, v))]).as_matrix(), VECTORS, SHORT),
    "RigidTransform.from_components": (lambda f, v, q: f(v, turned(q)).as_matrix(), VECTORS, QUATERNIONS),
    "RigidTransform.from_dual_quat": (matrices, real(2, 8)), "RigidTransform.from_exp_coords": (matrices, real(2, 6)),
    "RigidTransform.from_matrix": (
        lambda f, v, u: f(moved(coordinates(v, u)).as_matrix()).as_matrix(), VECTORS, SHORT),
    "RigidTransform.from_rotation": (lambda f, q: f(turned(q)).as_matrix(), QUATERNIONS),
    "RigidTransform.from_translation": (matrices, VECTORS),
    "RigidTransform.identity": NOTHING,
}  # fmt: skip

_FEW = {"order": 2, "maxiter": 2}
OTHERS_OF_SCIPY = {
    "cluster.vq.vq": (lambda f, x, y: f(x, y)[1], real(6, 2), real(2, 2)),
    "cluster.vq.kmeans": (lambda f, x, y: f(x, y), real(6, 2), real(2, 2)),
    "cluster.vq.kmeans2": (lambda f, x, y: f(x, y, minit="matrix")[0], real(9, 2), real(2, 2)),
    "cluster.vq.whiten": (real(6, 2),),
    "constants.convert_temperature": (keyed("Celsius", "Kelvin"), X),
    "differentiate.derivative": (lambda f, x, p: f(lambda x, p: x**3 * p, x, args=(p,), **_FEW).df, A, B),
    "differentiate.jacobian": (lambda f, x, p: f(lambda x: x**3 * p, x, **_FEW).df, A, GAIN),
    "differentiate.hessian": (lambda f, x, p: f(lambda x: x[0] ** 3 * x[1] ** 2 * p, x, **_FEW).ddf, A[:2], GAIN),
    "linalg.block_diag": (SQUARE, PLANE),
    "linalg.orthogonal_procrustes": (SQUARE, SQUARE.T + 0.1),
    "optimize.rosen_hess_prod": (X, Y),
    "optimize.elementwise.find_root": (
        lambda f, p: f(lambda t, p: t**3 - p, (0 * p, 0 * p + 5), args=(p,)).x, A),
    "optimize.elementwise.find_minimum": (
        lambda f, p: f(lambda t, p: (t - p) ** 2 + p, (0 * p, 0 * p + 1, 0 * p + 5), args=(p,)).f_x, A),
    "optimize.elementwise.bracket_root": (
        lambda f, a, p: f(lambda t, p: t**3 - 9 * p, a, args=(p,)).bracket, U, A),
}  # fmt: skip

_FOLDERS = {
    "special": SPECIAL, "stats": STATS, "fft": FFT, "signal": SIGNAL, "signal.windows": WINDOWS, "ndimage": NDIMAGE,
    "integrate": INTEGRATE, "interpolate": INTERPOLATE, "cluster.hierarchy": HIERARCHY, "spatial.transform": TRANSFORM,
}  # fmt: skip
CALLS: dict[str, tuple[Any, ...]] = {
    **{f"{folder}.{name}": row for folder, rows in _FOLDERS.items() for name, row in rows.items()}, **OTHERS_OF_SCIPY,
}  # fmt: skip
