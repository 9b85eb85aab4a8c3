"""The one error that a user's input raises, and what fits in its one line."""


class InputError(ValueError):
    """Invalid input of the user; the message names the value, the rule and what is accepted."""


def one_line(message: object) -> str:
    text = " ".join(str(message).split())
    return text if len(text) <= 300 else f"{text[:297]}..."
