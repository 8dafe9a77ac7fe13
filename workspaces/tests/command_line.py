"""Commands as a person at a shell meets them, without starting a process for each."""

from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError


@dataclass(frozen=True)
class Done:
    """What a command wrote."""

    stdout: str
    stderr: str


def run(*arguments):
    """Run the command; answers what it wrote."""
    stdout, stderr = StringIO(), StringIO()
    call_command(*arguments, stdout=stdout, stderr=stderr)
    return Done(stdout.getvalue(), stderr.getvalue())


def refused(*arguments):
    """Assert that the command is refused with exit code 1; answers the words."""
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert caught.value.returncode == 1
    return str(caught.value)


def parsed(name, *arguments):
    """The exit code with which the command's arguments end it, as on a real command line."""
    command = load_command_class(get_commands()[name], name)
    command._called_from_command_line = True
    with pytest.raises(SystemExit) as caught:
        command.create_parser("manage.py", name).parse_args(arguments)
    return caught.value.code
