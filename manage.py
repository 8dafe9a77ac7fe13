#!/usr/bin/env python3
"""The command line of InboxOps: `python manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inboxops.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # What is wrong with the environment is for the operator to read, not a fault to be traced.
        sys.exit(f"{type(error).__name__}: {error}")
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"The database cannot be used: {' '.join(str(error).split())} (--traceback shows more)")


if __name__ == "__main__":
    main()
