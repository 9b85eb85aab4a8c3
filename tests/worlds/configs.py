"""The default config, and copies with one value of it changed."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from worlds import ROOT

DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())
REMOVED = "<removed>"


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The default with one value put at a place of it; ``+`` appends to the list there."""
    config: Any = copy.deepcopy(DEFAULT)
    place = config
    for key in path[:-1]:
        place = place[key]
    if value is REMOVED:
        del place[path[-1]]
    elif path[-1] == "+":
        place.append(value)
    else:
        place[path[-1]] = value
    return config
