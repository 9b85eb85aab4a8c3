"""One look for every figure: the colour of a mode, the type sizes, the legend."""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib import colors, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

INK, GREY = "#1a1a1a", "#8a8a8a"
WIDTH = 10.0
"""Inches; of a figure, at most. A4 paper shows it at 73 %, where SMALL is 8 pt."""
SMALL = 11.0
"""Points; of the smallest text."""

# Okabe and Ito's and Tol's colours, apart for all common kinds of colour vision. A mode that is
# not here gets a colour computed from its name: the same in every figure, whatever else is drawn.
KNOWN = {
    "exact": (INK, "o"),
    "subgradient": ("#7a7a7a", "s"),
    "forward_difference": ("#0072b2", "o"),
    "central_difference": ("#56b4e9", "D"),
    "uniform_shift": ("#d55e00", "s"),
    "random_direction": ("#009e73", "^"),
    "spsa": ("#e69f00", "v"),
    "forward_gradient": ("#cc79a7", "P"),
    "gradient_sampling": ("#882255", "X"),
    "random_coordinates": ("#999933", "<"),
    "noisy_exact": ("#332288", ">"),
    "masked_exact": ("#aa4499", "d"),
    "perturbed_start": ("#7f4f24", "p"),
    "avo": ("#117733", "*"),
    "expected": ("#5b5b5b", "o"),
    "score_function": ("#e6194b", "P"),
    "straight_through": ("#7b3fa0", "s"),
    "relaxed": ("#8c6d1f", "D"),
    "maximum_likelihood": ("#0aa2c0", "^"),
}
BOX = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1}
"""Behind a text that stands on points or lines."""
SPARE_MARKERS = ("H", "h", "8", "*", "p")


def colour(mode: str, variant: int = 0) -> str:
    """The mode's colour; a further variant of the mode's settings is lighter.

    That of a generator's mode whose discriminator has its exact gradient is the mode's own.
    """
    mode = mode.removesuffix("+exact")
    if mode in KNOWN:
        base = colors.to_rgb(KNOWN[mode][0])
    else:
        digest = _digest(mode)
        hue = int.from_bytes(digest[:2]) / 65536
        (base,) = sns.husl_palette(1, h=hue, s=0.85, l=0.35 + digest[3] / 1024)
    share = 0.8 ** min(variant, 4)
    red, green, blue = (share * part + 1 - share for part in base)
    return colors.to_hex((red, green, blue))


def readable(colour: str) -> str:
    """The colour, darkened until text in it has a contrast of 4.5 to white (WCAG 2.2, 1.4.3)."""
    rgb = np.array(colors.to_rgb(colour))
    while (1.05 / (_luminance(rgb) + 0.05)) < 4.5:
        rgb = 0.95 * rgb
    return colors.to_hex(tuple(rgb.tolist()))


def _luminance(rgb: np.ndarray) -> float:
    """Relative, of sRGB (WCAG 2.2)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def marker(mode: str) -> str:
    mode = mode.removesuffix("+exact")
    return KNOWN[mode][1] if mode in KNOWN else SPARE_MARKERS[_digest(mode)[2] % 5]


def _digest(mode: str) -> bytes:
    return hashlib.sha256(mode.encode()).digest()


def theme() -> AbstractContextManager[None]:
    """The house style, whatever the process has set."""
    house = Path(__file__).with_name("house.mplstyle")
    return style.context(["default", sns.axes_style("ticks"), house])


def new(width: float, height: float) -> Figure:
    """An empty figure that keeps its labels apart; inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    engine = figure.get_layout_engine()
    engine.set(w_pad=0.06, h_pad=0.06, wspace=0.03, hspace=0.03)  # pyright: ignore
    return figure


def dress(ax: Axes) -> None:
    """No upper and right frame, a faint grid, and tick settings that outlive the theme."""
    sns.despine(ax=ax)
    ticks(ax)
    ax.grid(True, color="#e6e6e6", linewidth=0.6)
    ax.set_axisbelow(True)


def ticks(ax: Axes, **look: Any) -> None:
    """Ticks are made when the figure is saved, outside the theme: they need their own settings."""
    ax.tick_params(labelsize=SMALL, color=INK, labelcolor=INK, **look)


def no_data(reason: str) -> Figure:
    """A figure that says that there is nothing to draw, and why."""
    figure = new(6, 1.6)
    figure.text(0.5, 0.6, "no data", ha="center", fontsize=14, fontweight="bold")
    figure.text(0.5, 0.32, reason, ha="center")
    return figure


def note(ax: Axes, text: str) -> None:
    """Words in the middle of a panel that has nothing to show."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center")


def legend(figure: Figure, handles: Sequence[Any]) -> None:
    """One legend under the panels: as many columns as fit, and the height that it takes."""
    width, height = figure.get_size_inches()
    longest = max((len(handle.get_label()) for handle in handles), default=1)
    columns = int(np.clip((width - 0.3) // (0.08 * longest + 0.6), 1, max(len(handles), 1)))
    figure.set_size_inches(width, height + 0.235 * -(-len(handles) // columns) + 0.1)
    look = {"frameon": False, "handlelength": 2.2, "columnspacing": 1.4}
    figure.legend(handles=list(handles), loc="outside lower center", ncols=columns, **look)


def key(label: str, **look: Any) -> Line2D:
    """A legend entry."""
    return Line2D([], [], label=label, **look)
