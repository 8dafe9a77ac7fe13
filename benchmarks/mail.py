"""`python -m benchmarks.mail`: how quickly one worker sends replies that wait, and what that does to its memory.

Makes a workspace with so many replies in the database that DATABASE_URL names (an empty one), starts a mail server that
takes everything, and a worker. The server and the worker are processes of their own; their CPU is not the benchmark's.
"""

import argparse
import os
import subprocess
import sys
import threading
import time

from accounts.actors import operator
from tickets.actions import Person, append_message, create_ticket
from tickets.models import Delivery
from tickets.tests.mail.smtp import SmtpServer
from workspaces.actions import create_mailbox, create_workspace


def main() -> None:
    """Everything in turn; prints a table. Exits with 1 when it took longer, or more memory, than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replies", type=int, default=1_000)
    options = parser.parse_args()
    queue_replies(options.replies)
    with SmtpServer() as server:  # type: ignore[no-untyped-call]  # made for tests, which are not typed
        began = time.monotonic()
        environment = {**os.environ, "EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "INBOXOPS_LOG_LEVEL": "WARNING"}
        worker = subprocess.Popen([sys.executable, "manage.py", "work", "--once"], env=environment)
        memory = Memory(worker.pid)
        worker.wait()
        seconds = time.monotonic() - began
        memory.stop()
        arrived = len(server.mails)
    left = Delivery.objects.exclude(state="sent").count()
    print("| Replies | Seconds | Replies per second | Memory at first | At most |")
    print("|--:|--:|--:|--:|--:|")
    print(f"| {arrived} | {seconds:.1f} | {arrived / seconds:.0f} | {memory.first:.0f} MiB | {memory.most:.0f} MiB |")
    if left or arrived != options.replies or seconds > options.replies / 50 or memory.most > 1.3 * memory.first:
        sys.exit(f"{left} replies were not sent, or it took more than it may.")


def queue_replies(count: int) -> None:
    """As many replies as are to be sent, ten to a ticket, by the product's own actions."""
    actor = operator("benchmark")
    workspace = create_workspace(slug=f"mail-{os.getpid()}", name="Mail", actor=actor)
    create_mailbox(workspace, address="support@mail.example", name="Support", actor=actor)
    for number in range(-(-count // 10)):
        ticket = create_ticket(
            workspace,
            subject=f"Question {number}",
            body="Where is my order?",
            requester=Person(f"customer{number}@customer.example", ""),
            actor=actor,
        )
        for _ in range(min(10, count - 10 * number)):
            append_message(ticket, body="It is on its way.\n" * 20, send_email=True, actor=actor)


class Memory:
    """The memory of a process (RSS, in MiB): after its first second, and the most it had."""

    def __init__(self, pid: int) -> None:
        self.first = self.most = 0.0
        self._pid, self._ended = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        self._ended.wait(2)
        while not self._ended.is_set():
            try:
                with open(f"/proc/{self._pid}/status") as status:
                    lines = dict(line.split(":", 1) for line in status)
            except OSError:
                return
            now = int(lines.get("VmRSS", "0 kB").split()[0]) / 1024
            self.first = self.first or now
            self.most = max(self.most, now)
            self._ended.wait(0.2)


if __name__ == "__main__":
    main()
