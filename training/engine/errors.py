"""What the engine refuses, and how it is told to stop."""

from __future__ import annotations

#: Letters; sentences quote files, which may put a megabyte where a name belongs.
LONGEST = 1000


class EngineError(Exception):
    """A run that cannot go on for a reason a person can act on.

    `code` is a short stable word for programs, `sentence` says what happened and what to do next.
    """

    def __init__(self, code: str, sentence: str) -> None:
        if len(sentence) > LONGEST:
            sentence = f"{sentence[: LONGEST // 2]} … {sentence[-LONGEST // 2 :]}"
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Cancelled(BaseException):
    """The run was asked to stop.

    Not an `Exception`, so that no library between the signal handler and the entry point can swallow or rewrap it
    (AutoGraph rebuilds the exceptions it catches).
    """
