"""What happens to GAN training when the exact gradient is replaced by an approximate one?

The names below are the estimators for one's own loop; each is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from approxgan import testing
    from approxgan.library.advice import advise
    from approxgan.library.gradient import backward, estimate
    from approxgan.library.score_function import surrogate
    from approxgan.library.smoothing import smooth
    from approxgan.library.steps import choose_step

__version__ = "0.1.0"
__all__ = ["advise", "backward", "choose_step", "estimate", "smooth", "surrogate", "testing"]

_PLACES = {
    "advise": "library.advice",
    "backward": "library.gradient",
    "choose_step": "library.steps",
    "estimate": "library.gradient",
    "smooth": "library.smoothing",
    "surrogate": "library.score_function",
}


def __getattr__(name: str) -> Any:
    if name == "testing":
        return import_module("approxgan.testing")
    if name not in _PLACES:
        raise AttributeError(f"module 'approxgan' has no attribute {name!r}")
    # Kept, as a loop asks for it at every step.
    globals()[name] = found = getattr(import_module(f"approxgan.{_PLACES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
