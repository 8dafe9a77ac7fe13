"""What can go wrong, in the words of the domain. The API turns each class into one status; the admin shows the text.

Raise what is so (`TicketMerged`), never a status code. Each concrete error has a `code` that programs may rely on;
`docs/api/errors.md` lists them all and a test holds it to this tree of classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with the input: where (an RFC 6901 pointer into the body, or a query parameter) and what."""

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        where = {"parameter": self.parameter} if self.parameter is not None else {"pointer": self.pointer or ""}
        return {**where, "code": self.code, "detail": self.detail, **self.extra}


class DomainError(Exception):
    """The root of everything that an action may refuse. `detail` is for people, `code` and `extra` for programs."""

    code = "error"
    detail = "The request cannot be carried out."

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        self.detail = detail or self.detail
        self.extra = extra
        super().__init__(self.detail)


class Invalid(DomainError):
    """The input itself is wrong, whatever the state of things (400)."""

    code = "invalid"
    detail = "The request is not valid; see errors."

    def __init__(self, *errors: FieldError, detail: str | None = None, code: str | None = None, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.errors: Sequence[FieldError] = errors
        if code:
            self.code = code

    @classmethod
    def at(cls, pointer: str, code: str, detail: str) -> "Invalid":
        """A field that has the wrong shape: one error at `pointer`, `invalid` as a whole."""
        return cls(FieldError(code=code, detail=detail, pointer=pointer), detail=detail)

    @classmethod
    def because(cls, pointer: str, code: str, detail: str) -> "Invalid":
        """A rule of the domain that is broken by one field: its code is that of the whole, too."""
        return cls(FieldError(code=code, detail=detail, pointer=pointer), detail=detail, code=code)


class NotFound(DomainError):
    """Missing, foreign and malformed ids look exactly the same (404)."""

    code = "not_found"
    detail = "There is nothing here."


class Forbidden(DomainError):
    """The actor is known but may not do this (403)."""

    code = "insufficient_scope"
    detail = "This needs more rights than the token and its member have."


class Refused(DomainError):
    """The input is fine, but the state of things forbids it (409)."""

    code = "conflict"


class TooLarge(DomainError):
    """More than there is room for in one piece (413)."""

    code = "too_large"


class VersionMismatch(DomainError):
    """Someone wrote since the version named in If-Match (412)."""

    code = "version_mismatch"
    detail = "The ticket has changed since that version. Fetch it again and decide anew."


class Unavailable(DomainError):
    """Not now, but perhaps in a moment (503)."""

    code = "unavailable"
    detail = "This cannot be answered right now. Try again shortly."
