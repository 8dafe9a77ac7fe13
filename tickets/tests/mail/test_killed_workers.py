"""Workers that are killed again and again while they send: real processes, a real mail server, `kill -9`.

All replies arrive; a mail that comes twice is the same mail. INBOXOPS_TEST_KILLS says how often, and with four times as
many replies; a few are enough to see it break.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter

from inboxops.tests.live import ROOT, Installation
from tickets.tests.mail.smtp import SmtpServer

KILLS = int(os.environ.get("INBOXOPS_TEST_KILLS", "4"))
REPLIES = 4 * KILLS

PREPARE = f"""
import json
from accounts.actors import operator
from tickets.actions import Person, append_message, create_ticket
from workspaces.actions import create_mailbox, create_workspace
actor = operator()
workspace = create_workspace(slug="acme", name="Acme", actor=actor)
create_mailbox(workspace, address="support@acme.example", actor=actor)
ids = []
for number in range({REPLIES}):
    person = Person(f"customer{{number}}@customer.example", "")
    ticket = create_ticket(workspace, subject="Lamp", body="Where is it?", requester=person, actor=actor)
    message = append_message(ticket, body="On its way.", send_email=True, actor=actor)
    ids.append(message.internet_message_id)
print(json.dumps(ids))
"""
AFTERWARDS = """
import json
from tickets.invariants import broken_invariants
from tickets.models import Delivery
states = sorted(set(Delivery.objects.values_list("state", flat=True)))
print(json.dumps([states, [str(broken) for broken in broken_invariants()]]))
"""


@contextlib.contextmanager
def working(installation, *options):
    """A worker in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "work", *options],
        cwd=ROOT,
        env=installation.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_all_arrive_and_what_comes_twice_is_the_same_mail(tmp_path):
    with SmtpServer() as server:
        installation = Installation(
            tmp_path, EMAIL_URL=f"smtp://127.0.0.1:{server.port}", INBOXOPS_MAIL_LEASE="5", INBOXOPS_LOG_LEVEL="ERROR"
        )
        ids = installation.shell(PREPARE)
        for kill in range(1, KILLS + 1):
            with working(installation):
                # In the middle of its work: more are due than have arrived.
                server.wait_for(min(3 * kill, REPLIES - 1))
        with working(installation):
            server.wait_until(lambda mails: {mail.message["Message-ID"] for mail in mails} == set(ids))
        # What was taken, and not written down, is due again when its lease has run out.
        with working(installation):
            server.wait_until(lambda mails: installation.shell(AFTERWARDS)[0] == ["sent"])
        arrived = Counter(mail.message["Message-ID"] for mail in server.mails)
    assert set(arrived) == set(ids)
    assert installation.shell(AFTERWARDS) == [["sent"], []]
