"""A player's loss as a function of its parameters, and any loss of the user's own."""

from approxgan.objective.black_box import objective

__all__ = ["objective"]
