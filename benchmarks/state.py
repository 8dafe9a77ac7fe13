"""What the loader leaves for those who measure: where the tickets are, and tokens to reach them. A file, mode 0600."""

import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection

FOLDER = Path(__file__).parent / "var"


@dataclass(frozen=True)
class Tenant:
    """A workspace, and a token of its admin."""

    workspace_id: uuid.UUID
    slug: str
    token: str


@dataclass(frozen=True)
class State:
    """A loaded database. `small` are a few of the small workspaces."""

    tickets: int
    seed: int
    big: Tenant
    small: list[Tenant]
    staff_email: str
    long_ticket_id: uuid.UUID


def default_path() -> Path:
    """One file per database."""
    return FOLDER / f"{connection.settings_dict['NAME']}.json"


def save(state: State, path: Path) -> None:
    """Write the file; nobody else may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(state), file, default=str, indent=1)


def read(path: Path) -> State:
    """What `save` wrote. Raises SystemExit where there is no such file."""
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError:
        raise SystemExit(f"{path} is missing: load the database first (python -m benchmarks.load).") from None
    return State(
        tickets=data["tickets"],
        seed=data["seed"],
        big=_tenant(data["big"]),
        small=[_tenant(item) for item in data["small"]],
        staff_email=data["staff_email"],
        long_ticket_id=uuid.UUID(data["long_ticket_id"]),
    )


def _tenant(data: dict[str, str]) -> Tenant:
    return Tenant(uuid.UUID(data["workspace_id"]), data["slug"], data["token"])
