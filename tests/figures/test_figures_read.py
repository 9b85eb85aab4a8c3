"""What a reader needs of every figure: colours, names and axes that can be relied on."""

from __future__ import annotations

import io
import itertools
import re

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import optimize
from worlds.drawn import Tables, draw

from approxgan.analysis.text import words as spoken
from approxgan.config import registry
from approxgan.figures import _labels, _slim, _style

NAMES = registry.names("figures")
DRAWN: dict[str, Figure] = {}


@pytest.fixture
def figure(name: str, tables: Tables) -> Figure:
    """Drawn once for all that is asked of it."""
    if name not in DRAWN:
        DRAWN[name] = draw(name, tables)
    return DRAWN[name]


def _names(figure: Figure) -> list[tuple[str, str]]:
    """Names of what is drawn, in the margin, beside points and in legends, and their colours."""
    found = [
        (" ".join(text.get_text().split()), str(text.arrowprops["color"]))  # pyright: ignore
        for ax in figure.axes
        for text in ax.texts
        if isinstance(text, _labels.Margin | _labels.Beside)
    ]
    handles = [handle for legend in figure.legends for handle in legend.legend_handles]
    return found + [(str(one.get_label()), one.get_color()) for one in handles
                    if hasattr(one, "get_color")]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_mode_has_one_colour_everywhere(name: str, figure: Figure, tables: Tables) -> None:
    modes = sorted(tables["outcomes"]["mode"].unique(), key=len, reverse=True)
    for text, colour in _names(figure):
        mode = next((mode for mode in modes if text.startswith(spoken(mode))), None)
        if mode is not None and name != "kinks":
            own = [_style.colour(mode, variant) for variant in range(5)]
            assert any(colors.same_color(colour, one) for one in own), (text, colour)


@pytest.mark.parametrize("name", NAMES)
def test_no_mark_lies_outside_its_panel(name: str, figure: Figure) -> None:
    for ax in figure.axes:
        for one in ax.lines:
            if one.get_marker() in {"", "None"} or one.get_transform() != ax.transData:
                continue
            inside = _inside(ax, np.asarray(one.get_xydata(), float))
            assert inside.all(), (ax.get_title(), one.get_xydata()[~inside])  # pyright: ignore


def _inside(ax: Axes, points: np.ndarray) -> np.ndarray:
    points = points[np.isfinite(points).all(1)]
    ends = np.sort(np.array([ax.get_xlim(), ax.get_ylim()]), 1)
    room = 1e-9 * np.abs(ends).max(1)
    return ((points >= ends[:, 0] - room) & (points <= ends[:, 1] + room)).all(1)


@pytest.mark.parametrize("name", NAMES)
def test_axes_of_steps_end_where_the_steps_of_the_panel_do(name: str, figure: Figure) -> None:
    for ax in figure.axes:
        marked = [one for one in ax.lines if one.get_marker() not in {"", "None"}
                  and one.get_transform() == ax.transData]  # fmt: skip
        if not ax.get_xlabel().startswith("ε") or not marked:
            continue
        steps = np.concatenate([np.asarray(one.get_xdata(), float) for one in marked])
        low, high = ax.get_xlim()
        assert steps.min() / 20 <= low <= steps.min()
        assert steps.max() <= high <= steps.max() * 20


@pytest.mark.parametrize("name", NAMES)
def test_words_lie_on_the_page_and_names_not_on_each_other(name: str, figure: Figure) -> None:
    drawn = figure.get_tightbbox()
    assert min(drawn.x0, drawn.y0) > -0.04
    assert (np.array([drawn.x1, drawn.y1]) < figure.get_size_inches() + 0.04).all()
    for ax in figure.axes:
        names = [one for one in ax.texts if isinstance(one, _labels.Margin) and one.get_visible()]
        for one in names:
            one.update_positions(figure._get_renderer())  # pyright: ignore
        boxes = [Text.get_window_extent(one) for one in names]
        for one, other in itertools.combinations(boxes, 2):
            over = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert over <= 0.12 * one.height


@pytest.mark.parametrize("name", NAMES)
def test_no_legend_is_a_list_to_learn(name: str, figure: Figure) -> None:
    entries = sum(len(legend.legend_handles) for legend in figure.legends)
    assert entries <= 16


def test_names_move_as_little_as_they_can() -> None:
    rng = np.random.default_rng(0)
    for count in (1, 2, 5, 9):
        wanted, sizes = np.sort(rng.uniform(0, 100, count)), rng.uniform(2, 9, count)
        found = _labels.spread(wanted, sizes, -1e3, 1e3)
        gaps = (sizes[1:] + sizes[:-1]) / 2
        assert (np.diff(found) >= gaps - 1e-9).all()
        np.testing.assert_allclose(found, _least_squares(wanted, gaps), atol=1e-3)
        inside = _labels.spread(wanted, sizes, 0, 100)
        assert inside[0] >= sizes[0] / 2 - 1e-9
        assert inside[-1] <= 100 - sizes[-1] / 2 + 1e-9


def _least_squares(wanted: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    apart = {"type": "ineq", "fun": lambda at: np.diff(at) - gaps}
    return optimize.minimize(lambda at: ((at - wanted) ** 2).sum(), wanted, constraints=apart).x


def test_text_in_a_colour_can_be_read() -> None:
    for mode in (*_style.KNOWN, "of_a_user", "of_another_user"):
        rgb = colors.to_rgb(_style.readable(_style.colour(mode)))
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb
        )
        assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def test_a_slim_svg_has_no_zero_below_zero() -> None:
    path = b'<path d="M -0 151.9249 L -0.0012 -0.05 L -10.0 -0.5"/>'
    assert _slim.svg(path) == b'<path d="M 0 151.92 L 0 -0.05 L -10.0 -0.5"/>'
    assert (
        _slim.svg(b"<g transform='translate(-0 -20.5)'/>") == b"<g transform='translate(0 -20.5)'/>"
    )


def test_a_slim_svg_is_whole(tables: Tables) -> None:
    drawn = io.BytesIO()
    draw("samples", tables).savefig(drawn, format="svg")
    whole, slim = drawn.getvalue(), _slim.svg(drawn.getvalue())
    assert len(slim) < 0.8 * len(whole)
    named = set(re.findall(rb'\bid="([^"]*)"', slim))
    used = re.findall(rb'href="#([^"]*)"', slim) + re.findall(rb"url\(#([^)]*)\)", slim)
    assert used
    assert named.issuperset(used)
    assert slim.count(b"<use") == whole.count(b"<use")
    assert slim.count(b"<image") == whole.count(b"<image")


@pytest.mark.parametrize("name", NAMES)
def test_no_panel_is_mostly_empty(name: str, figure: Figure) -> None:
    """What is drawn spans two fifths of a panel's width and a tenth of its height, or more.

    A single point spans nothing, and data of one column have no height.
    """
    for ax in figure.axes:
        lines = [one.get_xydata() for one in ax.lines if one.get_transform() == ax.transData]
        clouds = [one for one in ax.collections if isinstance(one, PathCollection)]
        bands = [one for one in ax.collections if isinstance(one, PolyCollection)]
        drawn = [np.asarray(one, float) for one in (*lines, *(c.get_offsets() for c in clouds),
                 *(path.vertices for one in bands for path in one.get_paths()))]  # fmt: skip
        if not drawn or ax.patches or ax.images:
            continue
        if ax.get_ylim()[0] <= 0 <= ax.get_ylim()[1]:
            drawn.append(np.array([[drawn[0][0, 0], 0.0]]))  # a height is seen from 0
        points = ax.transAxes.inverted().transform(ax.transData.transform(np.concatenate(drawn)))
        width, height = np.ptp(points[np.isfinite(points).all(1)].clip(0, 1), axis=0)
        if len(points) > 1 and width and height:
            assert width >= 0.4, (ax.get_title(), width)
            assert height >= 0.1, (ax.get_title(), height)
