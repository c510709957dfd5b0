"""Signals: filters, spectra, images."""

from tests.everyday._program import at


@at(0.1, 0.9, -0.4, 0.5, 0.2, -0.6, 0.3, 0.7)
def filter_by_spectrum(np, x):
    """High frequencies are damped."""
    spectrum = np.fft.rfft(x)
    smooth = np.fft.irfft(spectrum * np.exp(-np.fft.rfftfreq(8) * 4), 8)
    return np.sum(smooth**2)


@at(0.1, 0.9, -0.4, 0.5, 0.2, -0.6, 0.3, 0.7)
def power_spectrum(np, x):
    """The centre of the spectrum of a windowed signal."""
    power = np.abs(np.fft.fft(x * np.hanning(8)))[:4] ** 2
    return np.sum(power * np.arange(4)) / np.sum(power)


@at(0.3, 0.1, 0.9, -0.4, 0.5)
def low_pass(np, x):
    """A recursive filter into an array of zeros like the signal."""
    a, signal = x[0], x[1:]
    out = np.zeros_like(signal)
    out[0] = a * signal[0]
    for i in range(1, len(signal)):
        out[i] = a * signal[i] + (1 - a) * out[i - 1]
    return np.sum(out**2)


@at(0.3, 0.1, 0.9, -0.4, 0.5)
def low_pass_of_a_list(np, x):
    """The same into a list, which `np.array` takes at the end."""
    a, out = x[0], [0.0 * x[0]]
    for s in x[1:]:
        out.append(a * s + (1 - a) * out[-1])
    return np.sum(np.array(out) ** 2)


@at(0.1, 0.9, -0.4, 0.5)
def autocorrelation(np, x):
    """By `np.correlate`."""
    y = x - x.mean()
    return (np.correlate(y, y, "full")[4:] / np.sum(y**2)).max()


@at(0.1, 0.9, -0.4)
def smoothing_kernel(np, x):
    """By `np.convolve`."""
    signal = np.array([0.0, 1.0, 0.5, -0.3, 0.8, 0.2])
    return np.std(np.convolve(signal, x / np.sum(np.abs(x)), mode="valid"))


@at(0.1, 0.9, -0.4, 0.5)
def haar_wavelet(np, x):
    """Two levels, by slices."""
    details = []
    while len(x) > 1:
        details.append((x[0::2] - x[1::2]) / np.sqrt(2))
        x = (x[0::2] + x[1::2]) / np.sqrt(2)
    return sum(np.sum(np.abs(d)) for d in details)


@at(0.1, 0.9, -0.4, 0.5)
def total_variation(np, x):
    """A smooth signal near a measured one."""
    measured = np.array([0.0, 1.0, -0.2, 0.4])
    return 0.5 * np.sum((x - measured) ** 2) + 0.3 * np.sum(np.sqrt(np.diff(x) ** 2 + 1e-2))


@at(0.1, 0.9, -0.4, 0.5, 0.2, 0.3)
def image_gradient(np, x):
    """The mean slope of an image."""
    image = x.reshape(2, 3)
    dy, dx = np.gradient(image)
    return np.mean(np.hypot(dx, dy))


@at(1.3, 0.4)
def fit_of_a_sine(np, x):
    """The error of a sine with a phase, in decibels."""
    t = np.linspace(0, 1, 20)
    residual = np.sin(2 * np.pi * t + 0.3) - x[0] * np.sin(2 * np.pi * t + x[1])
    return 10 * np.log10(np.mean(residual**2))


@at(0.1, 0.9, -0.4, 0.5)
def envelope(np, x):
    """The analytic signal's size."""
    spectrum = np.fft.fft(x)
    analytic = np.fft.ifft(spectrum * np.array([1, 2, 1, 0]))
    return np.sum(np.abs(analytic))


@at(0.4, 0.2, 0.9)
def normalised_rows(np, x):
    """Rows divided by their sums, where they are."""
    table = np.outer(x, [1.0, 2.0, 3.0]) + np.eye(3)
    for row in table:
        row /= row.sum()
    return np.sum(table[:, 0] * np.array([1.0, 2.0, 3.0]))


@at(0.4, 0.2, 0.9)
def clipped_levels(np, x):
    """Levels below a threshold are set by a mask."""
    levels = x * 2.0
    levels[levels < 0.5] = 0.5
    return np.sum(levels**2)
