"""What else an inbox holds: press, applications, spam, old letters, and the team's own reminders."""

from inboxops.demo import characters as who
from inboxops.demo.script import (
    ADMIN,
    AGENT,
    CLOSED,
    HIGH,
    LOW,
    PENDING,
    Archive,
    Assign,
    Character,
    Conversation,
    Move,
    Note,
    Reply,
    Said,
)
from tickets.workflow import Channel

CONVERSATIONS = (
    Conversation(
        "spam",
        "3 02:14",
        Character("Dr P. Moriarty", "offers@napoleon-of-crime.example"),
        "Re: Re: Your lamp will be RANKED FIRST",
        """
        Dear webmaster, I saw your lovely site and can place it on the first page of every
        search engine. You would not know how. Nobody ever does. Answer within 24 hours.
        """,
        priority=LOW,
        tags=["spam"],
        steps=[
            Move("3 08:10", CLOSED, "Spam."),
            Archive("3 08:11"),
        ],
    ),
    Conversation(
        "press",
        "5 10:58",
        who.JO,
        "Interview for The Weekly Volcano",
        """
        Hello again, this time as a writer: our paper runs a series on things people read
        by. May I ask you five questions about who makes your lamps?

        Jo March, The Weekly Volcano
        """,
        tags=["press"],
        assignee=ADMIN,
        steps=[
            Reply(
                "5 11:25",
                """
                Dear Jo,

                with pleasure. Would a call next week suit you? I can bring the workshop's
                foreman, who has opinions.

                Mara
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("5 12:10", "Foremen with opinions are the best kind. The day after tomorrow week, at ten?"),
            Reply("5 12:40", "It is in both our calendars.\n\nMara", by=ADMIN, then=PENDING),
            Note("15 11:00", "Call was good. She sends the text before it is printed.", by=ADMIN),
        ],
    ),
    Conversation(
        "application",
        "11 15:30",
        who.ANNE,
        "Application as a writer of product descriptions",
        """
        Dear Lantern & Loam,

        I noticed that your catalogue calls the Birch lamp "a lamp in birch green". It
        deserves so much better. I enclose twelve descriptions, of which the shortest has
        two hundred words, and would be glad to write the rest.

        Anne Shirley
        """,
        channel=Channel.API,
        priority=LOW,
        tags=["jobs"],
        steps=[
            Assign("11 15:50", ADMIN),
            Note("12 08:50", "These are lovely. Too long by half, but lovely. Is there a budget?", by=ADMIN),
            Reply(
                "12 11:10",
                """
                Dear Anne,

                we have read all twelve aloud in the office. Would you try three of them in
                sixty words? If they keep their wings, we should talk.

                Mara
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("14 15:55", "SIXTY! It was like packing a meadow into a thimble. But here they are, and they fly."),
        ],
    ),
    Conversation(
        "stock-count",
        "15 08:10",
        None,
        "Stock count before the season",
        """
        Everything that is not in a box by the end of the week is not counted. Teo takes the glass, I
        take the brass. Ines needs the numbers by noon the day after.
        """,
        channel=Channel.ADMIN,
        by=ADMIN,
        tags=["internal"],
        assignee=AGENT,
        steps=[
            Note("17 15:20", "Glass: 412 shades, 9 of them chipped. List is in the shared folder."),
            Note("19 17:05", "Brass: 1,204. One lamp with somebody living in it; we left it alone.", by=ADMIN),
        ],
    ),
    Conversation(
        "batch-31",
        "8 13:15",
        None,
        "Batch 31 dimmers: recall or repair?",
        """
        Four complaints about flickering in two weeks, all dimmers of batch 31 (see the tag
        batch-31). About 300 were sold. Collecting what we know here.
        """,
        channel=Channel.ADMIN,
        by=ADMIN,
        priority=HIGH,
        tags=["internal", "batch-31", "lamps"],
        assignee=ADMIN,
        steps=[
            Note(
                "9 16:10",
                "Workshop: a capacitor dries out. It is annoying, not dangerous. Base exchange is right.",
                by=ADMIN,
            ),
            Note("10 16:40", "I can write to all 300 with a link for the exchange. Draft is ready, 90 words."),
            Note("11 08:45", "Good draft. Let us wait for the new bases; they come in two weeks.", by=ADMIN),
            Move("11 08:46", PENDING, "Waiting for the new bases.", by=ADMIN),
        ],
    ),
    Conversation(
        "old-letter",
        "1 08:05",
        who.SAWYER,
        "Whitewash for a fence (from the old mailbox)",
        """
        do you sell whitewash too? asking for my aunt. its a long fence
        """,
        channel=Channel.IMPORT,
        priority=LOW,
        tags=["imported"],
        steps=[
            Reply("1 08:20", "Hello Tom, we do not, but we do sell lamps to finish it by.\n\nTeo", then=CLOSED),
        ],
    ),
)
