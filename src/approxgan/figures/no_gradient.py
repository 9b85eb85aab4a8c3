"""Where no gradient exists: errors against ε, and distances to the truth against calls."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.epsilon_choice import PROBE_GROUP
from approxgan.analysis.frames import GROUP, Tables
from approxgan.analysis.text import number, words
from approxgan.figures import _style

KINDS = {
    "smooth": ("smooth loss, common draws", 0.0, "#009e73"),
    "common": ("steps, common draws", -0.5, "#0072b2"),
    "fresh": ("fresh draws", -1.0, "#d55e00"),
}
"""Of losses: in words, the slope that theory expects of the error, and a colour."""
POWERS = {0.0: "flat", -0.5: "ε^−½", -1.0: "ε^−1"}
LAW = {"color": _style.INK, "linewidth": 1.0, "linestyle": (0, (4, 2)), "zorder": 1.5}
FRESH, STATED, OUTPUT = (0, (3, 1.5)), (0, (1, 1)), 3.2
"""The dashes of fresh draws and of an ε that was not chosen; the width of differences at the
output."""
HEIGHT, ACROSS = 3.4, 2


class NoGradient:
    needs = ("no_gradient", "noise_laws", "gradient_error")
    title = "Where there is no gradient"
    caption = (
        "First the error of one estimate of the generator's gradient against ε, relative to the "
        "expected gradient and scaled to the same number of simulated samples: root mean square "
        "over points of trajectories. Dashed: the laws that theory expects, through the "
        "measurement at the least ε. Where the loss is smooth, the error is that of the samples, "
        "and a small ε costs nothing. Where the generator counts, rounds or writes letters, the "
        "loss has steps, and each difference sees few of them: the error grows as ε^−½ with the "
        "same draws on both sides, and as ε⁻¹ with fresh ones. Then the distance to the truth "
        "against the simulated samples that were spent, those for the discriminator too. Every "
        "mode has its own ε and learning rate, chosen on other seeds. Lines are geometric means "
        "over seeds, bands 95 % intervals. Dashed: fresh draws. Dotted: an ε that was not chosen. "
        "Thick: differences at the output of the generator's network, sample by sample; all others "
        "at its parameters. Without marks: modes that know more of the generator than its samples."
    )

    def draw(self, tables: Tables) -> Figure:
        reached, laws = tables["no_gradient"], tables["noise_laws"]
        blind = reached[~reached["is_smooth"].astype(bool)]
        parts = [(words(key[1]), rows) for key, rows in blind.groupby(list(GROUP))]
        panels = [("", laws), *parts] if len(laws) else parts
        if not panels:
            return _style.no_data("no study has a generator without a gradient")
        across = min(ACROSS, len(panels))
        down = -(-len(panels) // across)
        figure = _style.new(_style.WIDTH, HEIGHT * down)
        axes = figure.subplots(down, across, squeeze=False).ravel()
        keys: dict[str, Any] = {}
        for ax, (title, rows) in zip(axes, panels, strict=False):
            if title:
                keys |= _distances(ax, title, rows)
            else:
                keys |= _errors(ax, rows, tables["gradient_error"])
            _style.dress(ax)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        _style.legend(figure, list(keys.values()))
        return figure


def _errors(ax: Axes, laws: pd.DataFrame, errors: pd.DataFrame) -> dict[str, Any]:
    """A line a law at the parameters; all scaled to as many samples as the dearest takes."""
    laws = laws[laws["at"] != "output"]
    calls, keys = float(laws["calls"].max()), {}
    errors = errors[errors["player"] == "generator"]
    for one in laws.to_dict("records"):
        # A proposal's noise is fresh from sample to sample.
        fresh = one["noise"] != "common"
        kind = "fresh" if fresh else "smooth" if one["is_smooth"] else "common"
        told, power, colour = KINDS[kind]
        own = [*PROBE_GROUP, "mode", "own_settings"]
        rows = errors[(errors[own] == [one[key] for key in own]).all(axis=1)]
        squared = (rows["bias_squared"] + rows["variance"]).groupby(rows["epsilon"]).mean()
        height = np.sqrt(squared * one["calls"] / calls)
        marker = _style.marker(one["mode"])
        ax.plot(height.index, height, color=colour, marker=marker, markersize=4)
        ax.plot(height.index, height.iloc[0] * (height.index / height.index[0]) ** power, **LAW)
        keys[kind] = _style.key(f"{told}: {POWERS[power]}", color=colour)
        look = {"color": _style.GREY, "linestyle": "", "marker": marker}
        keys[f"mode {one['mode']}"] = _style.key(words(one["mode"]), **look)
    ax.set(xscale="log", yscale="log", xlabel="ε (parameter units)", ylabel="relative error")
    ax.set_title(f"error of one estimate, {number(calls)} samples")
    return {key: keys[key] for key in sorted(keys, key=lambda key: key.startswith("mode"))} | {
        "law": _style.key("theory", **LAW)
    }


def _distances(ax: Axes, title: str, rows: pd.DataFrame) -> dict[str, Any]:
    """A line a way to train."""
    keys = {}
    kinds = ["mode", "noise", "at", "needs", "is_tuned"]
    for (mode, noise, at, needs, tuned), own in rows.groupby(kinds):
        own = own.sort_values("calls").drop_duplicates("calls")
        # An ε that was not chosen is named: there may be another.
        stated = not tuned and not np.isnan(own["epsilon"].iloc[0])
        colour, x = _style.colour(mode), own["calls"].to_numpy(float)
        look: dict[str, Any] = {
            "color": colour,
            "linestyle": FRESH if noise == "fresh" else STATED if stated else "-",
            "linewidth": OUTPUT if at == "output" else 1.4,
            "marker": "" if needs else _style.marker(mode),
            "markersize": 4,
        }
        ends = own["low"].to_numpy(float), own["high"].to_numpy(float)
        ax.fill_between(x, *ends, color=colour, alpha=0.12, linewidth=0)
        ax.plot(x, own["distance"], **look)
        parts = [
            "fresh draws" if noise == "fresh" else "",
            "at the output" if at == "output" else "",
            f"ε = {number(own['epsilon'].iloc[0])}" if stated else "",
            f"knows {words(needs)}" if needs else "",
        ]
        inside = ", ".join(filter(None, parts))
        label = f"{words(mode)} ({inside})" if inside else words(mode)
        keys[f"way {label}"] = _style.key(label, **look)
    ax.set(
        xscale="log", yscale="log", xlabel="simulated samples", ylabel=words(rows["metric"].iloc[0])
    )
    ax.set_title(f"{title}, {number(rows['dimension'].iloc[0])} parameters")
    return dict(sorted(keys.items()))
