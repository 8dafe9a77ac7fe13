"""What a call of the API takes, gives and may refuse: said once, on its handler, for the code and for the document.

    @Call("archiveTicket", Access.WRITE, takes=inputs.EmptyBodyInput, gives=TicketOutput, if_match=True)
    def archive(self, request: Request, **kwargs: str) -> HttpResponse:
        ...

The first line of the docstring is the summary in the document, the rest its description. `WorkspaceViewSet` does what
is declared: it asks for the access, checks the parameters, reads the body. `schema` describes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from accounts.actors import Access
from inboxops.api.failures import Failure
from inboxops.api.inputs import Input
from inboxops.api.outputs import Output
from inboxops.api.query import Parameter

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True)
class Call:
    """The declaration of one call, written as a decorator of its handler.

    `failures` are those of its own; what any call can answer is known anyway (`inboxops.api.failures`).
    """

    operation_id: str
    access: Access
    takes: type[Input] | None = None
    gives: type[Output] | None = None
    # The answer is an array, in pages.
    many: bool = False
    status: int = 200
    parameters: tuple[Parameter, ...] = ()
    headers: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    # The caller may insist on a version (If-Match), or ask only for what is new (If-None-Match).
    if_match: bool = False
    if_none_match: bool = False
    # Whoever does not ask for JSON is sent to where the answer leads (302), whatever is accepted from there.
    redirects: bool = False
    # The answer holds a secret, and is therefore never stored for a repeat.
    gives_secret: bool = False

    def __call__(self, handler: Handler) -> Handler:
        handler.call = self  # type: ignore[attr-defined]
        return handler


def call_of(view: object, action: str) -> Call:
    """The declaration of an action of a view set."""
    declared: Call = getattr(view, action).call
    return declared
