"""The failures that a call can answer with, declared for the OpenAPI document."""

from dataclasses import dataclass

from inboxops.api.outputs import Example, ProblemOutput
from inboxops.api.problems import STATUS, problem_of
from inboxops.errors import DomainError


@dataclass(frozen=True)
class Failure:
    """One `code` with its status, what it means, and the members of `ProblemOutput` that come with it."""

    status: int
    code: str
    meaning: str
    carries: tuple[str, ...] = ()

    def __str__(self) -> str:
        """All of it in Markdown, but for the status."""
        carried = f" Carries {', '.join(f'`{name}`' for name in self.carries)}." if self.carries else ""
        return f"`{self.code}`: {self.meaning}{carried}"

    def example(self) -> Example:
        """A problem that says so."""
        problem = problem_of(status=self.status, code=self.code, detail=self.meaning)
        shown = {name: ProblemOutput.carried[name] for name in self.carries}
        return {**problem, "requestId": ProblemOutput.example["requestId"], **shown}


def refusal(error: type[DomainError], *carries: str) -> Failure:
    """The failure that a domain error becomes, in the words of its docstring; `carries` names its extra members."""
    status = next(STATUS[cls] for cls in error.__mro__ if cls in STATUS)
    meaning = (error.__doc__ or "").partition("Extra:")[0].strip()
    return Failure(status, error.code, meaning, carries)


_ANYWHERE = (
    Failure(400, "bad_request", "It cannot be read."),
    Failure(400, "host_not_allowed", "The host name is not served here."),
    Failure(400, "invalid", "Members or parameters are wrong; `errors` names each."),
    Failure(400, "workspace_mismatch", "Path and header name different workspaces."),
    Failure(401, "invalid_token", "The token is unknown, expired or revoked, or its member has left."),
    Failure(401, "not_authenticated", "There is no bearer token."),
    Failure(403, "https_required", "The call came over plain HTTP. Replace the token: it was sent in the clear."),
    Failure(403, "insufficient_scope", "Role and scope do not reach.", ("neededAccess",)),
    Failure(406, "not_acceptable", "`Accept` leaves no room for JSON."),
    Failure(429, "rate_limited", "Too many requests of this token. Wait for `Retry-After`."),
    Failure(500, "internal_error", "A mistake of ours. Report the `requestId`."),
    Failure(503, "busy", "A lock was not to be had in time. Nothing was done; try again after `Retry-After`."),
    Failure(503, "timed_out", "The question took too long. Narrow it down."),
    Failure(
        503,
        "unavailable",
        "The database, or the store of files, does not answer. Try again, a POST with its `Idempotency-Key`.",
    ),
)
_IN_PATH = (
    Failure(400, "workspace_header_missing", "There is no `x-workspace-id`."),
    Failure(404, "not_found", "There is no such thing, or it is not yours: both look the same."),
)
_IN_BODY = (
    Failure(400, "bad_json", "The body is not JSON."),
    Failure(400, "nested_too_deep", "More than 20 levels of JSON, or 500 of HTML."),
    Failure(400, "not_an_object", "The body is JSON, but no object."),
    Failure(411, "length_required", "The body is chunked, and this server cannot read that."),
    Failure(413, "body_too_large", "The body has more than 2 MiB."),
    Failure(415, "unsupported_media_type", "The body is not `application/json` in UTF-8."),
)
_HEADER = Failure(400, "invalid_header", "`If-Match`, `If-None-Match` or `Idempotency-Key` cannot be read.")
_BY_KEY = (
    Failure(409, "idempotency_in_progress", "The first request with this key still runs. Wait for `Retry-After`."),
    Failure(422, "idempotency_key_reused", "The key was used for another request."),
)
_SECRET = (Failure(409, "secret_not_repeatable", "This was done before, and the secret in its answer was not kept."),)
_BY_VERSION = (Failure(412, "version_mismatch", "Someone wrote since the version in `If-Match`.", ("version",)),)


def failures_of(
    *,
    has_path: bool,
    has_body: bool,
    is_repeatable: bool,
    is_conditional: bool,
    reads_conditionally: bool,
    gives_secret: bool,
) -> tuple[Failure, ...]:
    """What can happen to any call of a kind, whatever it is about."""
    return (
        *_ANYWHERE,
        *(_IN_PATH if has_path else ()),
        *(_IN_BODY if has_body else ()),
        *((_HEADER,) if is_repeatable or is_conditional or reads_conditionally else ()),
        *(_BY_KEY if is_repeatable else ()),
        *(_SECRET if gives_secret else ()),
        *(_BY_VERSION if is_conditional else ()),
    )
