"""Measuring InboxOps by its public API. `README.md` has the commands."""

import os

import django

# What the modules of this package import needs Django to be set up, whichever of them runs first.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inboxops.settings")
django.setup()
