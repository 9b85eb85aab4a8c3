"""Settings with which the tests build every variant: EXAMPLE[family][variant].

A variant without required settings needs no entry.
"""

from __future__ import annotations

import sys
from typing import Any

from approxgan.config.registry import build
from worlds import ROOT

ONE_COUNTER = {"rates": [4.0], "cap": 60, "rounding": 1, "cross_talk": 0.0}
EXAMPLE: dict[str, dict[str, dict[str, Any]]] = {
    "datasets": {
        "article": {},
        "checkerboard": {"side": 4, "width": 4.0},
        "digits": {"held_out": 0.3, "components": 5},
        "file": {
            "path": str(ROOT / "studies" / "points.csv"),
            "held_out": 0.2,
        },
        "grid": {"side": 5, "spacing": 2.0, "sigma": 0.05},
        "moons": {"noise": 0.1},
        "ring": {"count": 8, "radius": 2.0, "sigma": 0.1},
        "rounded_ring": {"count": 8, "radius": 2.0, "sigma": 0.1, "grid": 0.5},
        "simulated": {
            "generator": build(
                "generators",
                "counts",
                {"rates": [4.0, 1.5], "cap": 9, "rounding": 2, "cross_talk": 0.2},
            ),
            "columns": 2,
        },
        "spiral": {"arms": 2, "turns": 1.5, "noise": 0.05},
    },
    "generators": {
        "counts": {"rates": [4.0, 1.5], "cap": 9, "rounding": 2, "cross_talk": 0.2},
        "dense": {"latent": 3, "hidden": [5, 4], "activation": "leaky_relu", "slope": 0.2},
        "proposal": {
            "of": build("generators", "counts", ONE_COUNTER),
            "scale": 0.4,
            "scales": "learned",
        },
        "rounded": {"latent": 2, "hidden": [4], "activation": "tanh", "grid": 0.5},
        "program": {
            "command": [sys.executable, str(ROOT / "tests" / "worlds" / "program.py"), "good"],
            "format": "json",
            "start": [0.3, -0.2],
            "spread": 0.1,
            "draws": 2,
            "rows": 5000,
            "workers": 1,
            "seconds": 60.0,
            "truth_at": [0.0, 0.5],
        },
        "sequences": {
            "letters": 3,
            "length": 3,
            "form": "prefix",
            "teacher": "checksum",
            "sharpness": 2.0,
        },
    },
    "losses": {
        "wasserstein": {"clip": 0.1},
    },
    "metrics": {
        "classifier_test": {"k": 5},
        "energy_distance": {},
        "exact_divergence": {},
        "frechet": {},
        "kullback_leibler": {},
        "memorisation": {},
        "mmd": {"bandwidths": [0.3, 1.0, 3], "points": 100},
        "mode_coverage": {},
        "mode_divergence": {},
        "neighbours": {"k": 3},
        "parameter_error": {},
        "sliced_wasserstein": {"projections": 32},
        "total_variation": {},
        "wasserstein": {"points": 40},
    },
    "models": {
        "dense": {
            "latent": 3,
            "generator": [5, 4],
            "discriminator": [6, 5],
            "activation": "leaky_relu",
            "slope": 0.2,
        },
    },
    "modes": {
        "avo": {"baseline": "leave_one_out"},
        "evolution_strategy": {"directions": 3, "shaping": "raw"},
        "forward_gradient": {"directions": 3},
        "gradient_sampling": {"points": 3, "element": "minimum_norm"},
        "masked_exact": {"fraction": 0.4, "which": "random"},
        "noisy_exact": {"relative_error": 0.5},
        "perturbed_start": {"distance": 1e-7},
        "random_coordinates": {"coordinates": 2},
        "relaxed": {"temperature": 0.5},
        "random_direction": {"directions": 3, "distribution": "gaussian", "sides": 1},
        "score_function": {"baseline": "leave_one_out"},
        "spsa": {"directions": 3},
        "stale_coordinates": {"coordinates": 2},
        "straight_through": {"temperature": 1.0},
        "structured_directions": {"directions": 2, "structure": "hadamard", "sides": 1},
        "subgradient": {"alpha": 0.6},
    },
    "rules": {
        "adaptive": {"every": 50, "low": 1.5, "high": 6.0, "tries": 12},
        "dtype": {},
    },
}


def example(family: str, name: str) -> Any:
    """The variant with its example settings."""
    return build(family, name, dict(EXAMPLE.get(family, {}).get(name, {})))
