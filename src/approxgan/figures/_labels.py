"""Names beside what they name: in the right margin of a panel, or next to a point.

No name covers another one of its kind in the same panel.
"""

import itertools
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox
from scipy.optimize import isotonic_regression

from approxgan.figures import _style

LINE, LETTERS = 0.19, 21
"""Inches of a line of a name in the margin, and letters in it, at most."""
MARGIN = 1.07
"""Where names in the margin begin, in widths of the panel."""
REACH = (6.0, 13.0, 22.0, 34.0, 48.0)
"""Distances from a point at which its name is tried, in points."""
HAIR = {"arrowstyle": "-", "linewidth": 0.7, "shrinkA": 0}
CROWD = 80
"""Pixels within which points crowd each other."""
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
ACROSS = {1: "left", 0: "center", -1: "right"}
UPWARDS = {1: "bottom", 0: "center", -1: "top"}


class Margin(Annotation):
    """A name in the right margin; ``settle`` finds its height."""

    def get_window_extent(self, renderer: Any = None) -> Bbox:
        """Of the text alone: its hair line, which may start anywhere, needs no room."""
        super().get_window_extent(renderer)
        return Text.get_window_extent(self, renderer)


class Beside(Annotation):
    """A name next to a point; ``settle`` finds its place."""


def margin(ax: Axes, x: float, y: float, text: str, colour: str, **look: Any) -> None:
    """Name what ends at (x, y), in data units unless ``xycoords`` says otherwise."""
    told = {"color": _style.readable(colour), "va": "center", "annotation_clip": False, **look}
    hair = {**HAIR, "color": colour, "relpos": (0, 0.5), "shrinkB": 2}
    place = {"xytext": (MARGIN, 0.5), "textcoords": ax.transAxes}
    _add(ax, Margin(_wrapped(text), (x, y), arrowprops=hair, **place, **told))


def beside(ax: Axes, x: float, y: float, text: str, colour: str) -> None:
    """Name the point (x, y), in data units."""
    hair = {**HAIR, "color": colour, "shrinkB": 3}
    told = {"color": _style.readable(colour), "annotation_clip": False, "arrowprops": hair}
    name = Beside(
        text, (x, y), (REACH[0], 0.0), textcoords="offset points", bbox=_style.BOX, **told
    )
    _add(ax, name)
    # It will lie inside the panel: it needs no room beside it.
    name.set_in_layout(False)


def height(names: Iterable[str]) -> float:
    """Inches that a panel must be high for these names in its margin."""
    return LINE * sum(1 + _wrapped(name).count("\n") for name in names) + 0.4


def _wrapped(name: str) -> str:
    # An equation stays on one line.
    return textwrap.fill(name.replace(" = ", "\u00a0=\u00a0"), LETTERS)


def settle(figure: Figure) -> None:
    """Lay the figure out once, and move all names to where they do not cover each other."""
    found = {ax: [text for text in ax.texts if isinstance(text, Margin | Beside)]
             for ax in figure.axes}  # fmt: skip
    if not any(found.values()):
        return
    figure.draw_without_rendering()
    # The places below hold for this layout.
    figure.set_layout_engine("none")
    for ax, names in found.items():
        _stack(ax, [name for name in names if isinstance(name, Margin)])
        _scatter(ax, [name for name in names if isinstance(name, Beside)])


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> np.ndarray:
    """Places nearest to the wanted ones, ascending, at which intervals of these sizes are apart.

    The least squares of the moves, by isotonic regression; all lie between low and high if there
    is room.
    """
    size = np.asarray(sizes, float)
    offsets = np.concatenate([[0.0], np.cumsum((size[1:] + size[:-1]) / 2)])
    free = isotonic_regression(np.asarray(wanted, float) - offsets).x
    first, last = low + size[0] / 2, high - size[-1] / 2 - offsets[-1]
    return np.clip(free, first, max(first, last)) + offsets


def _add(ax: Axes, name: Annotation) -> None:
    ax.add_artist(name)
    # Otherwise the panel would cut it off, and the layout would leave it no room.
    name.set_clip_on(False)


def _stack(ax: Axes, names: list[Margin]) -> None:
    box = ax.get_window_extent()
    for name in names:
        # What lies outside of the panel has no name there.
        name.set_visible(box.y0 - 1 <= _anchor(name)[1] <= box.y1 + 1)
    names = [name for name in names if name.get_visible()]
    if not names:
        return
    anchors = [float(_anchor(name)[1]) for name in names]
    order = np.argsort(anchors, kind="stable")
    sizes = [_size(names[k])[1] for k in order]
    places = spread([anchors[k] for k in order], sizes, box.y0, box.y1)
    for k, place in zip(order, places, strict=True):
        names[k].xyann = (MARGIN, (place - box.y0) / box.height)


def _scatter(ax: Axes, names: list[Beside]) -> None:
    """One after another, each at the first place that is free, or at the least covered one."""
    taken = [Bbox([point - 8, point + 8]) for point in map(_anchor, names)]
    inside = ax.get_window_extent()
    # Those with few neighbours stay near their points.
    near = [sum(np.hypot(*(_anchor(a) - _anchor(b))) < CROWD for b in names) for a in names]
    for name in (names[k] for k in np.argsort(near, kind="stable")):
        tried = list(_places(name))
        covered = [_covered(box, taken, inside) for box, *_ in tried]
        box, offset, sides = tried[int(np.argmin(covered))]
        name.xyann = offset
        name.set(ha=sides[0], va=sides[1])
        taken.append(box)


def _anchor(name: Annotation) -> np.ndarray:
    """Pixels of what is named."""
    of: Any = name.axes.transData if name.xycoords == "data" else name.xycoords  # pyright: ignore
    return of.transform(name.xy)


def _size(name: Annotation) -> tuple[float, float]:
    """Width and height of the text alone in pixels, without its hair line."""
    box = Text.get_window_extent(name)
    return box.width, box.height


def _places(name: Beside) -> Iterator[tuple[Bbox, tuple[float, float], tuple[Any, Any]]]:
    """(box in pixels, offset in points, alignment) of the places for a name, the best first."""
    (width, tall), point = _size(name), _anchor(name)
    pixels = name.get_figure(root=True).dpi / 72  # pyright: ignore
    for reach, (right, up) in itertools.product(REACH, DIRECTIONS):
        away = reach / np.hypot(right, up)
        x, y = point + pixels * away * np.array([right, up])
        low, left = y - tall * (1 - up) / 2, x - width * (1 - right) / 2
        box = Bbox.from_bounds(left, low, width, tall)
        yield box, (away * right, away * up), (ACROSS[right], UPWARDS[up])


def _covered(box: Bbox, taken: Sequence[Bbox], inside: Bbox) -> float:
    """Pixels of a box that others cover, or that stick out."""
    over = sum(_area(Bbox.intersection(box, other)) for other in taken)
    return over + _area(box) - _area(Bbox.intersection(box, inside))


def _area(box: Bbox | None) -> float:
    return box.width * box.height if box is not None else 0.0
