"""What schemathesis is told of the world behind the document: `.ci/schema` has it load this.

The document says what a request looks like. It cannot say which tickets there are, which version one has, or that a
token which is revoked ends the run. So requests that are meant to succeed are given ids, tags and cursors that exist,
and those that are meant to fail keep the one thing that is wrong with them.
"""

import atexit
import itertools
import json
import os
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import Case as AnyCase
from schemathesis import CheckContext, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

Case = AnyCase[Any]

WORLD: dict[str, Any] = json.loads(Path(os.environ["SCHEMA_WORLD"]).read_text())
WHO = os.environ["SCHEMA_WHO"]
SLUG = WORLD["workspace"]["slug"]
# The workspace of the token.
HOME = "rival" if WHO == "stranger" else SLUG
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")

# Refusals for which the request must be looked at together with what is stored: no schema can foresee them. Everything
# else that the document allows must succeed.
BEYOND_SCHEMAS = {
    "attachment_not_confirmed",
    "attachment_used",
    "contradiction",
    "in_the_past",
    "no_recipient",
    "no_requester",
    "not_assignable",
    "own_mailbox",
    "scope_exceeds_role",
    "unknown_attachment",
    "unknown_member",
    "unknown_message",
}

# The same, without a member that is to blame: the version is no longer that, the limit is a setting.
BEYOND_DOCUMENTS = {"file_too_large", "mail_too_large", "too_many_attachments", "version_mismatch"}

# An address or a header that is too long for the web server does not reach us; it answers in its own words.
SERVER_LIMITS = (414, 431)

chance = random.Random(4711)  # noqa: S311 - it chooses among test data
counter = itertools.count()


class Known:
    """What there is, as far as the answers have told."""

    def __init__(self, world: dict[str, Any]) -> None:
        self.messages: dict[str, list[str]] = world["messages"]
        # Messages whose mail can be sent again, and those whose mail can be stopped.
        self.failed: list[str] = world["failed"]
        self.waiting: list[str] = []
        # The ticket of each.
        self.attachments: dict[str, str] = world["attachments"]
        self.mailboxes: list[str] = world["mailboxes"]
        self.members: list[str] = world["members"]
        # Members and tokens that nobody misses.
        self.spare_members: list[str] = world["spareMembers"]
        self.spare_tokens: list[str] = world["spareTokens"]
        self.merged: list[str] = []
        self.tags: dict[str, str] = {}
        self.cursors: dict[tuple[str, str], str] = {}
        self.ids = set(UUID.findall(json.dumps(world)))

    def learn(self, case: Case, response: Response) -> None:
        """Take from an answer what later requests can use."""
        if not 200 <= response.status_code < 300 or not response.content:
            return
        self.ids.update(UUID.findall(response.text))
        name, body = case.operation.definition.raw["operationId"], response.json()
        if name in ("createTicket", "getTicket"):
            self.messages[body["id"]] = [message["id"] for message in body.get("messages", ())]
        elif name == "splitTicket":
            self.messages[body["ticket"]["id"]] = []
        elif name == "mergeTicket":
            self.merged.append(body["merge"]["sourceTicketId"])
        elif name == "unmergeTicket" and body["id"] in self.merged:
            self.merged.remove(body["id"])
        elif name in ("appendMessage", "resendMessage") and body["delivery"]:
            self.waiting.append(body["id"])
        elif name == "cancelSend":
            self.failed.append(body["id"])
        elif name == "confirmUpload":
            self.attachments[body["id"]] = body["ticketId"]
        elif name == "createMailbox":
            self.mailboxes.append(body["id"])
        elif name == "createApiToken":
            self.spare_tokens.append(body["id"])
        if "etag" in response.headers:
            self.tags[body["id"]] = response.headers["etag"][0]
        if "x-next-cursor" in response.headers:
            self.cursors[_list_of(case)] = response.headers["x-next-cursor"][0]


known = Known(WORLD)
answers: Counter[str] = Counter()


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Aim the request at what exists."""
    name = case.operation.definition.raw["operationId"]
    _spare_what_the_run_needs(name, case)
    _aim_path(name, case)
    _aim_headers(case)
    _aim_query(case)
    if isinstance(case.body, dict) and not _is_wrong(case, ParameterLocation.BODY):
        _aim_body(name, case, case.body)


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    """Remember what the answer tells."""
    answers[f"{case.operation.definition.raw['operationId']} {response.status_code}"] += 1
    known.learn(case, response)


@atexit.register
def tell() -> None:
    """Leave word of how often which call was answered how."""
    Path(os.environ["SCHEMA_ANSWERS"]).write_text(json.dumps(answers))


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Whether it counts: not where a valid request is refused for a reason that no schema can foresee."""
    if response.status_code in SERVER_LIMITS:
        return False
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = response.json()
    if problem["code"] in BEYOND_DOCUMENTS:
        return False
    return not problem["errors"] or any(error["code"] not in BEYOND_SCHEMAS for error in problem["errors"])


@schemathesis.check
def strangers_stay_outside(ctx: CheckContext, response: Response, case: Case) -> None:
    """To an admin of another workspace, ours does not exist."""
    if WHO == "stranger" and case.path_parameters and response.status_code not in (400, 401, 404, 405):
        raise AssertionError(f"A stranger was answered with {response.status_code}.")


def _is_wrong(case: Case, place: ParameterLocation, name: str | None = None) -> bool:
    """Whether this is what is wrong with a request that is meant to fail."""
    if case.meta is None or case.meta.generation.mode.is_positive:
        return False
    data = case.meta.phase.data
    wrong = {
        (data.parameter_location, data.parameter),
        *((mutation.parameter_location, mutation.parameter) for mutation in data.mutations),
    }
    return any(where == place and (name is None or what in (name, None)) for where, what in wrong)


def _spare_what_the_run_needs(name: str, case: Case) -> None:
    """A token that is revoked, or a member who leaves or gets another role, is one that nobody misses."""
    match name:
        case "revokeApiToken":
            parameter, spare = "tokenId", known.spare_tokens
        case "removeMember" | "changeRole":
            parameter, spare = "userId", known.spare_members
        case _:
            return
    if case.path_parameters.get(parameter) in known.ids - set(spare):
        case.path_parameters[parameter] = chance.choice(spare)


def _aim_path(name: str, case: Case) -> None:
    for parameter, value in case.path_parameters.items():
        if _is_wrong(case, ParameterLocation.PATH, parameter):
            continue
        if parameter == "workspaceId":
            case.path_parameters[parameter] = SLUG
        elif value not in known.ids or name in ("cancelSend", "resendMessage"):
            case.path_parameters[parameter] = chance.choice(_candidates(name, parameter))
    if name == "confirmUpload" and not _is_wrong(case, ParameterLocation.PATH):
        attachment, ticket = chance.choice(list(known.attachments.items()))
        case.path_parameters.update(attachmentId=attachment, ticketId=ticket)


def _candidates(name: str, parameter: str) -> list[str]:
    match parameter:
        case "messageId" if name == "cancelSend" and known.waiting:
            return known.waiting
        case "messageId" if name == "resendMessage" and known.failed:
            return known.failed
        case "messageId":
            return [message for messages in known.messages.values() for message in messages]
        case "attachmentId":
            return list(known.attachments)
        case "mailboxId":
            return known.mailboxes
        case "userId":
            return known.spare_members
        case "tokenId":
            return known.spare_tokens
        case "sourceTicketId" if name == "unmergeTicket" and known.merged:
            return known.merged
    return list(known.messages)


def _aim_headers(case: Case) -> None:
    ticket = case.path_parameters.get("ticketId") or case.path_parameters.get("sourceTicketId")
    for name, value in list(case.headers.items()):
        if _is_wrong(case, ParameterLocation.HEADER, name):
            continue
        match name.lower():
            case "x-workspace-id":
                case.headers[name] = SLUG if "workspaceId" in case.path_parameters else HOME
            case "idempotency-key":
                # The same key for another request is 422.
                case.headers[name] = f"{str(value).strip(chr(34))[:200]}{next(counter)}"
            case "if-match" | "if-none-match":
                if ticket in known.tags and chance.random() < 0.5:
                    case.headers[name] = known.tags[ticket]
                elif not re.match(r'\*|"|W/', str(value)):
                    # The tool knows no value with quotes in its coverage phase, and takes a number.
                    del case.headers[name]


def _aim_query(case: Case) -> None:
    """A cursor is one of this list and order, and stands alone."""
    if "cursor" not in (case.query or {}) or _is_wrong(case, ParameterLocation.QUERY):
        return
    cursor = known.cursors.get(_list_of(case))
    if cursor is None or ("search" in case.query and "sort" not in case.query):
        del case.query["cursor"]
    else:
        case.query["cursor"] = cursor
        case.query.pop("offset", None)


def _aim_body(name: str, case: Case, body: dict[str, Any]) -> None:
    for member in ("assigneeId", "userId"):
        if body.get(member) is not None:
            body[member] = chance.choice(known.members)
    if "targetTicketId" in body:
        body["targetTicketId"] = chance.choice(list(known.messages))
    if name == "splitTicket" and not _is_wrong(case, ParameterLocation.PATH):
        ticket = chance.choice([ticket for ticket, messages in known.messages.items() if len(messages) > 1])
        case.path_parameters["ticketId"] = ticket
        body["messageIds"] = known.messages[ticket][1:]
    if isinstance(body.get("smtp"), dict):
        # Where a server may be is for the operator to say; the document cannot.
        body["smtp"].update(host="smtp.mail.example", port=chance.choice([25, 465, 587, 2525]), security="starttls")
        body["smtp"]["username"] = body["smtp"].get("username") or "somebody"
    if name == "appendMessage" and chance.random() < 0.8:
        # Mostly without what cannot go together, and without files that nobody has uploaded.
        body.pop("attachmentIds", None)
        if body.get("asRequester"):
            body.pop("isInternal", None)
            body.pop("sendEmail", None)
    messages = known.messages.get(case.path_parameters.get("ticketId", ""))
    if body.get("lastSeenMessageId") is not None and messages:
        body["lastSeenMessageId"] = chance.choice(messages)


def _list_of(case: Case) -> tuple[str, str]:
    """Which list, in which order: what a cursor belongs to."""
    return case.formatted_path, str((case.query or {}).get("sort"))
