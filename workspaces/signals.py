"""What the apps above may follow up on, inside the transaction that causes it.

`workspaces` knows nothing of tickets; whoever must act when a member can no longer work on them listens here.
"""

from django.dispatch import Signal

# Sent by `remove_member` and by `change_role` to viewer, with `membership` and `actor`.
member_stops_working = Signal()
