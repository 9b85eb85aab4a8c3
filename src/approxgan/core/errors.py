"""The one error that a user's input raises."""

from __future__ import annotations


class InputError(ValueError):
    """Invalid input of the user; the message names the value, the rule and what is accepted."""
