"""The one error that a user's input raises."""


class InputError(ValueError):
    """Invalid input of the user; the message names the value, the rule and what is accepted."""
