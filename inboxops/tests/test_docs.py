"""The documentation is held to the code: what exists is documented, what is documented exists, every example runs.

The code is read (`ast`), not listed here: a new setting, command, error code, event kind or route fails a test until
its page tells of it, and so does a page that tells of something gone.

Examples are the fenced blocks of docs/api/. `bash` and `python` blocks run against a live server, a page from top to
bottom, with BASE, TOKEN, WORKSPACE, TICKET, OTHER, MESSAGE and AGENT in the environment. The `http` or `text` block
behind one is what it must print; "…" stands for anything, and members of JSON objects may be left out.
"""

import ast
import fnmatch
import importlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import load_command_class
from django.core.management.base import BaseCommand
from django.urls import URLResolver, get_resolver

from accounts.actors import operator
from inboxops import env
from inboxops.api.problems import STATUS, unknown_url
from inboxops.tests.factories import MembershipFactory, TicketFactory, WorkspaceFactory
from tickets.actions import Person, append_message
from tickets.api.filters import SEARCH_PARAMETER, TicketFilterSet
from tickets.workflow import EventKind
from workspaces.actions import create_mailbox, create_token
from workspaces.models import Role, Scope

ROOT = Path(settings.BASE_DIR)
DOCS = ROOT / "docs"
APPS = ("accounts", "inboxops", "tickets", "workspaces")
DOCS_PAGES = sorted(DOCS.rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS_PAGES]
API_PAGES = sorted((DOCS / "api").glob("*.md"))
CONTRACT_PAGES = sorted((DOCS / "api").glob("contract*.md"))
COMMAND_PAGES = sorted(DOCS.glob("commands*.md"))

# What two screens hold.
PAGE_LINES = 120


def page_id(page):
    return str(page.relative_to(ROOT))


every_page = pytest.mark.parametrize("page", PAGES, ids=page_id)
every_docs_page = pytest.mark.parametrize("page", DOCS_PAGES, ids=page_id)


# The page about limits is read under one that can be reached.
RATE_LIMITS = {"reacting.md": (10, 2)}

# Reading the documentation


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the page on which it begins."""

    language: str
    text: str
    line: int


def blocks_of(page):
    text = page.read_text()
    return [
        Block(match[1], match[2], text[: match.start()].count("\n") + 1)
        for match in re.finditer(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


def prose_of(page):
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def code_spans(text):
    return re.findall(r"`([^`\n]+)`", text)


def rows_of(page):
    """The rows of the tables of a page, by what their first cell in backticks names; several may name the same."""
    rows = {}
    for line in page.read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        named = next((re.fullmatch(r"`([^`]+)`", cell) for cell in cells[:2] if cell.startswith("`")), None)
        if named:
            rows.setdefault(named[1], []).append(cells)
    return rows


def sections_of(page):
    """The text below each heading of the second level, by its words."""
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def row_text(rows, name):
    return " ".join(cell for cells in rows[name] for cell in cells)


# Reading the code


@cache
def sources():
    return {
        path: ast.parse(path.read_text())
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts)
    }


@cache
def calls():
    return [node for tree in sources().values() for node in ast.walk(tree) if isinstance(node, ast.Call)]


def called(call):
    """The last part of what is called: `FieldError(…)` and `errors.FieldError(…)` are the same."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def strings(node):
    """The string constants within an expression."""
    found = [] if node is None else [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    return [value for value in found if isinstance(value, str)]


def argument(call, position, name):
    """An argument of a call, however it is given; None where it is not."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[position] if position is not None and len(call.args) > position else None


def assigned_dict(name):
    """The dict literals that are assigned to `name` anywhere: pairs of constants."""
    return [
        (key.value, value.value)
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == name for target in node.targets)
        for key, value in zip(node.value.keys, node.value.values, strict=True)
    ]


@dataclass(frozen=True)
class ErrorClass:
    bases: tuple[str, ...]
    code: str | None


@cache
def error_classes():
    """Every class below DomainError, by name."""
    classes = {}
    for tree in sources().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                codes = [
                    statement.value.value
                    for statement in node.body
                    if isinstance(statement, ast.Assign)
                    and isinstance(statement.value, ast.Constant)
                    and any(getattr(target, "id", "") == "code" for target in statement.targets)
                ]
                bases = tuple(getattr(base, "attr", getattr(base, "id", "")) for base in node.bases)
                classes[node.name] = ErrorClass(bases, codes[0] if codes else None)

    def is_ours(name):
        return name in classes and ("DomainError" in classes[name].bases or any(map(is_ours, classes[name].bases)))

    return {name: cls for name, cls in classes.items() if is_ours(name)}


def status_of_class(name):
    statuses = {cls.__name__: status for cls, status in STATUS.items()}
    return statuses[name] if name in statuses else status_of_class(error_classes()[name].bases[0])


def codes_of_documents():
    """The codes that a problem document as a whole can have, each with its statuses as far as the code says them."""
    found = {}

    def note(code, *statuses):
        found.setdefault(code, set()).update(status for status in statuses if status is not None)

    for name, cls in error_classes().items():
        if cls.code:
            note(cls.code, status_of_class(name))
    for call in calls():
        match called(call):
            case "ApiError":
                for code in strings(argument(call, 1, "code")):
                    note(code, call.args[0].value)
            case "problem_response":
                status = argument(call, None, "status")
                for code in strings(argument(call, None, "code")):
                    note(code, status.value if isinstance(status, ast.Constant) else None)
            case "because":
                for code in strings(argument(call, 1, "code")):
                    note(code, 400)
            case "Invalid":
                for code in strings(argument(call, None, "code")):
                    note(code, 400)
    for status, code in assigned_dict("_FRAMEWORK_CODES"):
        note(code, status)
    return found


# What REST framework says of a field by itself, before `inboxops.api.inputs` translates the rest.
FRAMEWORK_FIELD_CODES = {"required", "null", "blank"}


def codes_of_fields():
    """The codes that an entry of `errors` can have."""
    translated = dict(assigned_dict("_CODES"))
    found = set(FRAMEWORK_FIELD_CODES) | set(translated.values())
    for call in calls():
        match called(call):
            case "FieldError":
                found.update(strings(argument(call, 0, "code")))
            case "at" | "because" if len(call.args) >= 3:
                found.update(strings(call.args[1]))
            case "invalid_parameter":
                found.update(strings(argument(call, 2, "code")) or ["invalid"])
            case "ValidationError" | "ErrorDetail" | "Refused":
                found.update(strings(argument(call, None, "code")))
    return {translated.get(code, code) for code in found if code}


def extras_of_errors():
    """Members beside the usual ones, by the code of the error that is raised with them."""
    found = {}
    for call in calls():
        name = called(call)
        cls = error_classes().get(name)
        if name == "ApiError":
            codes, usual = strings(argument(call, 1, "code")), {"headers", "field_errors", "detail", "code", "status"}
        elif cls is not None and cls.code:
            codes, usual = [cls.code], {"detail", "code"}
        else:
            continue
        for code in codes:
            found.setdefault(code, set()).update(k.arg for k in call.keywords if k.arg and k.arg not in usual)
    return {code: members for code, members in found.items() if members}


def variables_read():
    """Every variable that is read by `inboxops.env`, with its default where the code says one."""
    readers = {"text", "boolean", "integer", "words", "hosts", "choice", "rate", "database", "cache", "file_store"}
    readers |= {"mail", "mail_provider", "starting"}
    found = {}
    for call in calls():
        is_reader = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "env"
        if is_reader and call.func.attr in readers:
            name = call.args[0].value
            default = argument(call, 2 if call.func.attr == "choice" else 1, "default")
            value = default.value if isinstance(default, ast.Constant) else None
            found.setdefault(name, set())
            if value is not None and value != "":
                found[name].add(str(int(value)) if isinstance(value, bool) else str(value))
    return found


def commands_there_are():
    return {
        path.stem: app
        for app in APPS
        for path in (ROOT / app / "management" / "commands").glob("*.py")
        if path.stem != "__init__"
    }


def event_kinds():
    """The kinds of the tickets' timeline, and those that workspaces and accounts record; each with its data's names."""
    kinds = {kind.name: kind.value for kind in EventKind}
    found = {kind.value: set() for kind in EventKind}
    for call in calls():
        if called(call) == "_record" and len(call.args) >= 2:
            for kind in strings(call.args[1]):
                found.setdefault(kind, set()).update(k.arg for k in call.keywords if k.arg)
        for node in call.args:
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "EventKind":
                data = {k.arg for k in call.keywords if k.arg and called(call) == "record"}
                if called(call) == "new_event":
                    data |= {key.value for d in call.args if isinstance(d, ast.Dict) for key in d.keys if key}
                found[kinds[node.attr]] |= data
    return found


def api_routes():
    """Every route below /v1 as the documentation writes it: `GET /v1/workspaces/:workspaceId`."""

    def walk(resolver, prefix):
        for entry in resolver.url_patterns:
            path = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry, path)
            elif path.startswith("v1/") and entry.callback is not unknown_url:
                shown = re.sub(r"<(?:str:)?([A-Za-z]+)>", r":\1", path)
                for method in getattr(entry.callback, "actions", None) or ["get"]:
                    if method != "head":
                        yield f"{method.upper()} /{shown}"

    return set(walk(get_resolver(), ""))


# What exists is documented, and what is documented exists


def assert_same(documented, there, page):
    missing, gone = sorted(set(there) - set(documented)), sorted(set(documented) - set(there))
    assert not missing, f"docs/{page} does not tell of: {', '.join(missing)}"
    assert not gone, f"docs/{page} tells of what the code does not have: {', '.join(gone)}"


def test_every_setting_is_documented_with_its_default():
    rows, read = rows_of(DOCS / "configuration.md"), variables_read()
    assert_same(rows, read, "configuration.md")
    assert set(rows) >= env.KNOWN
    for name, defaults in read.items():
        for default in defaults:
            assert f"`{default}`" in row_text(rows, name), f"docs/configuration.md: the default of {name} is {default}."


def command_sections():
    return {title: text for page in COMMAND_PAGES for title, text in sections_of(page).items()}


def test_every_command_is_documented():
    assert_same(
        [title.strip("`") for title in command_sections() if title.startswith("`")],
        commands_there_are(),
        "commands*.md",
    )


@pytest.mark.parametrize("name", sorted(commands_there_are()))
def test_every_option_of_a_command_is_documented(name):
    section = command_sections().get(f"`{name}`", "")
    common = {option for action in parser_of(BaseCommand()) for option in action.option_strings}
    ours = parser_of(load_command_class(commands_there_are()[name], name))
    options = {option for action in ours for option in action.option_strings} - common
    assert_same(re.findall(r"(?<![\w-])--[a-z][a-z-]+", section), options, f"commands*.md, {name}")


def parser_of(command):
    return command.create_parser("manage.py", "command")._actions


def test_every_error_code_is_documented():
    documented = {}
    for code, found in rows_of(DOCS / "api" / "errors.md").items():
        documented[code] = {int(cells[0]) for cells in found if re.fullmatch(r"\d{3}", cells[0])}
    there = codes_of_documents()
    assert_same({*documented, *refusals_of_commands()}, there, "api/errors.md")
    for code, statuses in there.items():
        if code in documented:
            assert documented[code] >= statuses, f"docs/api/errors.md: {code} comes with {statuses}."


def refusals_of_commands():
    """Codes that only commands can meet stand with them."""
    return re.findall(r"^\| `([a-z_]+)` \|", command_sections()["Refusals"], re.MULTILINE)


def test_every_code_of_a_field_is_documented():
    assert_same(rows_of(DOCS / "api" / "input-errors.md"), codes_of_fields(), "api/input-errors.md")


def test_every_extra_member_of_an_error_is_documented():
    rows = rows_of(DOCS / "api" / "errors.md")
    for code, members in extras_of_errors().items():
        for member in members:
            assert f"`{member}`" in row_text(rows, code), f"docs/api/errors.md: {code} carries {member}."


def test_every_event_kind_is_documented_with_its_data():
    rows = rows_of(DOCS / "api" / "events.md")
    kinds = event_kinds()
    assert_same([name for name in rows if "." in name], kinds, "api/events.md")
    for kind, data in kinds.items():
        for name in data:
            assert f"`{name}`" in row_text(rows, kind), f"docs/api/events.md: {kind} has {name} in its data."


def test_every_route_is_documented():
    named = {
        span
        for page in API_PAGES
        for span in code_spans(prose_of(page))
        if re.fullmatch(r"(GET|POST|PUT|PATCH|DELETE) /v1/\S+", span)
    }
    assert_same(named, api_routes(), "api/*.md")


def test_every_filter_is_documented():
    table = re.findall(r"^\| (`.+?) \|", sections_of(DOCS / "api" / "lists.md")["Filters"], re.MULTILINE)
    named = {name for cell in table for name in code_spans(cell)}
    assert_same(named, {*TicketFilterSet.base_filters, SEARCH_PARAMETER.name}, "api/lists.md, Filters")


# The pages themselves


def anchors_of(page):
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(page)):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        assert to.exists(), f"{page_id(page)} links to {target}, which is not there."
        assert not anchor or anchor in anchors_of(to), f"{page_id(page)} links to {target}; there is no such heading."


# A file of the project, a folder or module of ours.
NAME = re.compile(
    rf"""(?:[\w.-]+/)*[\w-]+\.(?:py|md|toml|ini|txt)
    |(?:\.ci|docs|templates)(?:/[\w.-]+)*/?
    |(?:{"|".join(APPS)})(?:/(?:[\w.-]+/?)*|(?:\.\w+)+)""",
    re.VERBOSE,
)


def names_in(text):
    """What looks like a file or a module of ours in backticks; a host name does not."""
    return [span for span in code_spans(text) if NAME.fullmatch(span) and not span.endswith((".localhost", ".example"))]


def is_there(name):
    if "/" in name or re.search(r"\.(py|md|toml|ini|txt)$", name):
        return (ROOT / name).exists()
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


@every_page
def test_files_and_modules_that_a_page_names_are_there(page):
    gone = [name for name in names_in(prose_of(page)) if not is_there(name)]
    assert not gone, f"{page_id(page)} names what is not there: {', '.join(gone)}"


@every_docs_page
def test_a_page_begins_with_the_modules_it_is_about(page):
    title, first, *_ = prose_of(page).split("\n\n")
    assert title.startswith("# ")
    assert list(names_in(first)), f"{page_id(page)}: name the modules in the first paragraph."


@every_docs_page
def test_a_page_fits_two_screens(page):
    lines = len(page.read_text().splitlines())
    assert lines <= PAGE_LINES, f"{page_id(page)} has {lines} lines; split it."


def test_every_page_is_listed_in_the_readme_or_by_a_page_that_is():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)#\s]+\.md)", prose_of(page))
        waiting += [(page.parent / target).resolve() for target in targets if "://" not in target]
    lost = [page_id(page) for page in DOCS_PAGES if page not in seen]
    assert not lost, f"No page leads to {', '.join(lost)}"


def test_the_readme_begins_with_how_to_try_it_and_how_to_test_it():
    first, second = [block for block in blocks_of(ROOT / "README.md") if block.language == "sh"][:2]
    assert first.text.strip().endswith("manage.py quickstart")
    assert second.text.strip().endswith("-m pytest")
    assert first.text.count("\n") == second.text.count("\n") == 1


# The examples


@pytest.fixture
def example_environment(live_server, tmp_path):
    """A workspace as `quickstart` leaves one, small: what the pages call $BASE, $TOKEN, $WORKSPACE and so on."""
    workspace = WorkspaceFactory(slug="ws-123", name="Lantern & Loam")
    admin = MembershipFactory(
        workspace=workspace, role=Role.ADMIN, user__email="admin@ws-123.example", user__name="Mara Lindqvist"
    )
    agent = MembershipFactory(
        workspace=workspace, role=Role.AGENT, user__email="agent@ws-123.example", user__name="Teo Marsh"
    )
    create_mailbox(workspace, address="support@ws-123.example", actor=operator())
    other = TicketFactory(
        workspace=workspace, subject="Lamp again", requester=Person("dora@customer.example", "Dora"), tags=["lamps"]
    )
    ticket = TicketFactory(
        workspace=workspace,
        subject="Broken lamp",
        body="It flickers.",
        requester=Person("carla@customer.example", "Carla"),
        tags=["billing"],
    )
    message = append_message(ticket, body="Also, where is my refund?", as_requester=True, actor=operator())
    _, token = create_token(admin, scope=Scope.ADMIN, actor=operator())
    return {
        **{name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_PROXY": "*",
        "BASE": live_server.url,
        "TOKEN": token,
        "WORKSPACE": workspace.slug,
        "TICKET": str(ticket.pk),
        "OTHER": str(other.pk),
        "MESSAGE": str(message.pk),
        "AGENT": str(agent.user_id),
    }


def run(arguments, script, environment, folder):
    done = subprocess.run(
        arguments, input=script, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{script}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


# What a block assigns is there in the next one, as in the terminal of somebody who follows the page.
SHELL = """set -euo pipefail
if [[ -e .state ]]; then . ./.state; fi
set -a
{script}
set +a
export -p >.state
"""


def run_block(block, environment, folder):
    if block.language == "bash":
        return run(["bash"], SHELL.format(script=block.text), environment, folder)
    named = re.match(r"# (\w+\.py)\n", block.text)
    if named:
        (folder / named[1]).write_text(block.text)
    return run([sys.executable, "-"], block.text, environment, folder)


def responses_in(text):
    """HTTP responses as `curl -i` prints them, one after the other: (status line, headers, body)."""
    found = []
    # A JSON body ends without a line break, so the next answer may begin right behind it.
    for part in re.split(r"(?:^|(?<=[}\]]))(?=HTTP/[\d.]+ \d{3} )", text.replace("\r\n", "\n"), flags=re.MULTILINE):
        if part.startswith("HTTP/"):
            head, _, body = part.partition("\n\n")
            status, *fields = head.splitlines()
            found.append((status, [field.partition(":")[::2] for field in fields], body.strip()))
    return found


def is_like(shown, text):
    """Whether `text` is what is shown, "…" standing for anything."""
    return shown == text or fnmatch.fnmatchcase(text, re.sub(r"([\[*?])", r"[\1]", shown).replace("…", "*"))


def differences(shown, got, place="body"):
    """Where a JSON value is not what the page shows; members that the page leaves out do not count."""
    if isinstance(shown, str) and "…" in shown:
        if not is_like(shown, got if isinstance(got, str) else json.dumps(got)):
            yield f"{place}: shown {shown!r}, got {got!r}"
    elif isinstance(shown, dict) and isinstance(got, dict):
        for name, value in shown.items():
            if name == "…":
                continue
            if name not in got:
                yield f"{place}: there is no {name}"
            else:
                yield from differences(value, got[name], f"{place}/{name}")
    elif isinstance(shown, list) and isinstance(got, list):
        goes_on = shown[-1:] == ["…"]
        wanted = shown[:-1] if goes_on else shown
        if len(got) < len(wanted) or (len(got) > len(wanted) and not goes_on):
            yield f"{place}: shown {len(wanted)} entries, got {len(got)}"
        for index, (value, found) in enumerate(zip(wanted, got, strict=False)):
            yield from differences(value, found, f"{place}/{index}")
    elif shown != got:
        yield f"{place}: shown {shown!r}, got {got!r}"


def assert_printed(expected, output, where):
    if expected.language == "text":
        assert is_like(expected.text.strip(), output.strip()), f"{where} shows\n{expected.text}\nbut it is\n{output}"
        return
    shown, got = responses_in(expected.text), responses_in(output)
    assert len(shown) == len(got), f"{where} shows {len(shown)} responses, got:\n{output}"
    for (status, fields, body), (got_status, got_fields, got_body) in zip(shown, got, strict=True):
        assert status == got_status, f"{where} shows {status}, got:\n{output}"
        for name, value in fields:
            values = [v.strip() for n, v in got_fields if n.lower() == name.lower()]
            assert any(is_like(value.strip(), v) for v in values), f"{where} shows {name}:{value}, got:\n{output}"
        if body:
            found = list(differences(json.loads(body), json.loads(got_body)))
            assert not found, f"{where}: {'; '.join(found)}"


def examples_of(page):
    """Pairs of a block to run and the block that shows what it prints, if there is one."""
    blocks = blocks_of(page)
    for block, following in zip_longest(blocks, blocks[1:]):
        if block.language in ("bash", "python"):
            yield block, following if following is not None and following.language in ("http", "text") else None


with_examples = [page for page in API_PAGES if list(examples_of(page))]


@pytest.fixture
def client_module(tmp_path):
    """`client.py`, which the guide tells its readers to save."""
    for block, _ in examples_of(DOCS / "api" / "guide.md"):
        if block.text.startswith("# client.py\n"):
            (tmp_path / "client.py").write_text(block.text)


@pytest.mark.parametrize("page", [page for page in with_examples if page not in CONTRACT_PAGES], ids=page_id)
@pytest.mark.usefixtures("client_module")
def test_examples_do_what_the_page_says(page, example_environment, tmp_path, settings):
    settings.RATE_LIMIT = RATE_LIMITS.get(page.name, settings.RATE_LIMIT)
    for block, expected in examples_of(page):
        where = f"{page_id(page)}, line {block.line}"
        if re.search(r"\bcurl\b(?!.*-sf)", block.text):
            assert expected is not None, f"{where}: show the answer in a block fenced as http."
        output = run_block(block, example_environment, tmp_path)
        if expected is not None:
            assert_printed(expected, output, where)


documented_calls = [pair for page in CONTRACT_PAGES for pair in examples_of(page)]


@pytest.mark.parametrize(("call", "expected"), documented_calls, ids=[f"call{n}" for n in range(len(documented_calls))])
def test_the_documented_calls_work_with_only_host_token_and_ids_replaced(call, expected, example_environment, tmp_path):
    names = {
        "https://api.inboxops.example": "BASE",
        "YOUR_TOKEN": "TOKEN",
        "SOURCE_TICKET_UUID": "TICKET",
        "TARGET_TICKET_UUID": "OTHER",
        "TICKET_UUID": "TICKET",
        "msg-uuid-1": "MESSAGE",
        "user-uuid": "AGENT",
        "ws-123": "WORKSPACE",
    }
    # curl shows status and headers without a word in the command.
    (tmp_path / ".curlrc").write_text("include\nsilent\nshow-error\n")
    script = call.text
    for placeholder, name in names.items():
        script = script.replace(placeholder, example_environment[name])
    assert expected is not None, f"docs/api/contract.md: show the answer of {call.text}"
    assert_printed(expected, run(["bash"], script, example_environment, tmp_path), f"docs/api/contract.md: {call.text}")
