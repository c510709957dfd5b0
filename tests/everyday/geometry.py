"""Geometry: rotations, cameras, arms."""

import itertools
import math

from tests.everyday._program import at


@at(0.4, 1.0, 0.5)
def rotation(np, x):
    """The matrix as a list of lists, as everybody writes it."""
    c, s = np.cos(x[0]), np.sin(x[0])
    turned = np.array([[c, -s], [s, c]]) @ x[1:]
    return turned[0] * 2 + turned[1]


@at(0.4, 1.0, 0.5)
def rotation_by_stack(np, x):
    """The same, stacked."""
    c, s = np.cos(x[0]), np.sin(x[0])
    turned = np.stack([np.stack([c, -s]), np.stack([s, c])]) @ x[1:]
    return turned[0] * 2 + turned[1]


@at(0.3, -0.4, 0.6)
def robot_arm(np, x):
    """Where a hand is, by running sums of the angles."""
    angles = np.cumsum(x)
    lengths = np.array([1.0, 0.7, 0.4])
    hand = np.stack([np.sum(lengths * np.cos(angles)), np.sum(lengths * np.sin(angles))])
    return np.sum((hand - np.array([1.0, 1.0])) ** 2)


@at(0.3, -0.4, 0.6)
def robot_arm_by_math(np, x):
    """The same, with `math`."""
    angle = px = py = 0.0
    for turn, length in zip(x, (1.0, 0.7, 0.4), strict=True):
        angle += turn
        px, py = px + length * math.cos(angle), py + length * math.sin(angle)
    return (px - 1) ** 2 + (py - 1) ** 2


@at(0.1, 0.2, 1.2)
def camera(np, x):
    """Points through a camera that is moved."""
    points = np.array([[0.0, 0.0, 3.0], [1.0, 0.5, 4.0], [-0.5, 0.2, 5.0]])
    seen = points + x
    pixels = seen[:, :2] / seen[:, 2:]
    return np.mean(np.sum((pixels - points[:, :2] / points[:, 2:]) ** 2, axis=1))


@at(0.8, 0.1, 0.3, -0.2)
def quaternion(np, x):
    """A vector turned by a quaternion, with `np.cross`."""
    q = x / np.linalg.norm(x)
    w, u = q[0], q[1:]
    v = np.array([1.0, 2.0, 3.0])
    turned = v + 2 * np.cross(u, np.cross(u, v) + w * v)
    return turned @ np.array([1.0, 0.0, -1.0])


@at(0.8, 0.1, 0.3, -0.2)
def great_circle(np, x):
    """The distance of two places on a sphere."""
    lat1, lon1, lat2, lon2 = x
    a = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * np.arcsin(np.sqrt(a))


@at(0.0, 0.1, 1.0, 0.2, 0.9, 1.1, 0.1, 0.8)
def area_of_a_polygon(np, x):
    """By the shoelace formula."""
    px, py = x[0::2], x[1::2]
    return 0.5 * np.abs(np.dot(px, np.roll(py, -1)) - np.dot(py, np.roll(px, -1)))


@at(0.2, 1.1, 0.4)
def snells_law(np, x):
    """Through three layers, until total reflection."""
    slope, place = np.sin(x[0]), 0.0
    for n, depth in ((1.0, x[1]), (1.3, x[2]), (1.5, 0.5)):
        s = slope / n
        if s >= 1:
            break
        place = place + depth * s / np.sqrt(1 - s**2)
    return place


@at(1.0, 0.2, 0.5, 0.1)
def circle_fit(np, x):
    """The error of a circle through points, by `lstsq`."""
    angles = np.array([0.1, 0.9, 1.7, 2.5])
    px, py = np.cos(angles) + x, np.sin(angles)
    design = np.stack([px, py, np.ones(4)], axis=1)
    solution = np.linalg.lstsq(design, px**2 + py**2, rcond=None)[0]
    return solution[0] ** 2 + solution[1]


@at(0.3, 0.4, 0.9, 0.2)
def bezier_curve(np, x):
    """A point of a curve, by halving."""
    points = [x[0], x[1], x[2], x[3]]
    t = 0.3
    while len(points) > 1:
        points = [(1 - t) * a + t * b for a, b in itertools.pairwise(points)]
    return points[0]


@at(0.3, 0.4, 0.9, 0.2)
def bounding_box(np, x):
    """The diagonal of the box around points."""
    points = x.reshape(2, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    return np.linalg.norm(high - low)
