"""What became of a mail: one verdict for each recipient, in the words of whoever decided."""

import enum
import re
import unicodedata
from dataclasses import dataclass

MAX_WORDS = 500


class Outcome(enum.StrEnum):
    """What to do about a recipient: nothing more, try again later, or give up."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


@dataclass(frozen=True)
class Verdict:
    """What became of one recipient in one attempt."""

    state: Outcome
    # The reply code of SMTP; None where no server answered, or none that speaks SMTP.
    code: int | None
    # The server's own words or ours: one line, safe to show.
    words: str
    provider_id: str = ""


def accepted(words: str, code: int | None = None, provider_id: str = "") -> Verdict:
    """The recipient's mail is somebody else's business now."""
    return Verdict(Outcome.ACCEPTED, code, one_line(words), provider_id)


def temporary(words: str, code: int | None = None) -> Verdict:
    """It may work later, or once somebody has corrected a setting."""
    return Verdict(Outcome.TEMPORARY, code, one_line(words))


def permanent(words: str, code: int | None = None, provider_id: str = "") -> Verdict:
    """It will not work, however often it is tried."""
    return Verdict(Outcome.PERMANENT, code, one_line(words), provider_id)


def one_line(words: str) -> str:
    """The words without control, formatting and unassigned characters, on one line, at most 500 characters."""
    visible = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in words[:10_000])
    line = re.sub(r"\s+", " ", visible).strip()
    return line if len(line) <= MAX_WORDS else line[: MAX_WORDS - 1] + "…"
