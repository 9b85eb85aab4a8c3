"""Names of cells and choices in paths and tables."""

import json
from collections.abc import Mapping
from typing import Any

from approxgan.config.check import BUDGETS
from approxgan.core.protocols import PLAYERS
from approxgan.design.choices import TUNED, Cell, Choice, Step, scientific

NO_SETTING = "none"


def settings_label(choice: Choice) -> str:
    """What a choice has besides mode and ε: 'directions16_gaussian_sides1'.

    A step rule and what a control is matched with come first: 'adaptive_directions16',
    'like_forward_difference'.
    """
    parts = [choice.step.rule] if choice.step.rule else []
    if choice.match is not None:
        own = settings_label(Choice(choice.match.mode, Step(), choice.match.settings))
        parts += [f"like_{choice.match.mode}", *([own] if own else [])]
    # In one order, however the config or a spec of it is sorted.
    own = sorted(choice.settings.items())
    parts += [value if isinstance(value, str) else f"{key}{value}" for key, value in own]
    return "_".join(parts)


def folder_name(choice: Choice) -> str:
    """The folder of a choice's ε and settings."""
    parts = [] if choice.step.fixed is None else [choice.step.folder]
    parts += [label] if (label := settings_label(choice)) else []
    return "_".join(parts) or NO_SETTING


def varied_label(varied: Mapping[str, Any]) -> str:
    """What an entry changes of its study's training: 'float64_learning_rate1e-3'."""
    values = {k: v if isinstance(v, str) else f"{k}{scientific(v)}" for k, v in varied.items()}
    # A value that a tuning decides is told by its key.
    values |= {key: f"{key}_{TUNED}" for key, value in varied.items() if value == TUNED}
    return "_".join(values[key] for key in sorted(values))


def joined(generator: str, discriminator: str) -> str:
    """One text for both players: the text itself where they agree."""
    return generator if generator == discriminator else f"{generator}+{discriminator}"


def mode_name(cell: Cell) -> str:
    """The cell's mode in tables and paths: 'exact+spsa' for a generator with exact gradients."""
    return joined(cell.generator.mode, cell.discriminator.mode)


def row_keys(cell: Cell) -> dict[str, Any]:
    """The columns that name a cell in the tables; see ``tables.RUN``."""
    names = {key: getattr(cell, key) for key in ("study", "dataset", "model", "loss")}
    varied = {key: value for key, value in cell.varied.items() if value != TUNED}
    tuned = {key: value for key, value in cell.chosen.items() if key != "steps"}
    made = {player: choice_columns(getattr(cell, player)) for player in reversed(PLAYERS)}
    steps = [cell.generator.step, cell.discriminator.step]
    numbers = [step.number for step in steps if step.fixed is not None]
    settings, own = ([c[key] for c in made.values()] for key in ("settings", "own_settings"))
    if len(set(numbers)) > 1:
        # ``epsilon`` is the generator's: the other one has to stand somewhere.
        settings[1] = folder_name(cell.discriminator)
    each = {
        f"{player}_{key}": c[key]
        for player, c in made.items()
        for key in ("mode", "epsilon", "settings")
    }
    return {
        **names,
        "mode": mode_name(cell),
        "epsilon": numbers[0] if numbers else float("nan"),
        "rule": "+".join(sorted({step.origin for step in steps} - {""})),
        "settings": "_".join(filter(None, (joined(*settings), varied_label(varied)))),
        "own_settings": own[0] if own[0] == own[1] else f"[{own[0]}, {own[1]}]",
        **{
            key: joined(*(c[key] for c in made.values()))
            for key in ("matched_mode", "matched_settings")
        },
        **each,
        **{key: cell.training[key] for key in ("learning_rate", "dtype")},
        "budget": float(next((cell.training[u] for u in BUDGETS if u in cell.training), "nan")),
        "varied": json.dumps(varied, sort_keys=True) if varied else "",
        "tuned": json.dumps(tuned, sort_keys=True) if tuned else "",
    }


def choice_columns(choice: Choice) -> dict[str, Any]:
    """The columns of the tables that say how one player's gradient is made."""
    match = choice.match
    return {
        "mode": choice.mode,
        "epsilon": choice.step.number,
        "rule": choice.step.origin,
        "settings": settings_label(choice),
        "own_settings": json.dumps(dict(choice.settings), sort_keys=True),
        "matched_mode": "" if match is None else match.mode,
        "matched_settings": "" if match is None else settings_label(match),
    }
