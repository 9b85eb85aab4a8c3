"""Settings with which the tests build every variant: EXAMPLE[family][variant].

A variant without required settings needs no entry.
"""

from __future__ import annotations

from typing import Any

from approxgan.registry import build

EXAMPLE: dict[str, dict[str, dict[str, Any]]] = {
    "datasets": {
        "article": {},
        "grid": {"side": 5, "spacing": 2.0, "sigma": 0.05},
        "ring": {"count": 8, "radius": 2.0, "sigma": 0.1},
    },
    "metrics": {
        "energy_distance": {},
        "frechet": {},
        "mode_coverage": {},
        "sliced_wasserstein": {"projections": 32},
    },
    "models": {
        "dense": {"latent": 3, "generator": [5, 4], "discriminator": [6, 5], "slope": 0.2},
    },
    "modes": {
        "forward_gradient": {"directions": 3},
        "random_direction": {"directions": 3, "distribution": "gaussian", "sides": 1},
        "spsa": {"directions": 3},
        "subgradient": {"alpha": 0.6},
    },
}


def example(family: str, name: str) -> Any:
    """The variant with its example settings."""
    return build(family, name, dict(EXAMPLE.get(family, {}).get(name, {})))
