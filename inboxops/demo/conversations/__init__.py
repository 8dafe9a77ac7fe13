"""What the fictional shop Lantern & Loam, which sells lamps, herb gardens and an app for both, is asked in three weeks.

One module per subject; the order is of no importance, the times decide.
"""

from inboxops.demo.conversations import abroad, app, money, office, orders
from inboxops.demo.script import Conversation

CONVERSATIONS: tuple[Conversation, ...] = (
    *orders.CONVERSATIONS,
    *app.CONVERSATIONS,
    *money.CONVERSATIONS,
    *abroad.CONVERSATIONS,
    *office.CONVERSATIONS,
)
