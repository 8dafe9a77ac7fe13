"""The Loam app, the shop's web site and the API for partners."""

from inboxops.demo import characters as who
from inboxops.demo.files import text_file
from inboxops.demo.script import (
    ADMIN,
    AGENT,
    CLOSED,
    FAILED,
    HIGH,
    LOW,
    OPEN,
    PENDING,
    URGENT,
    Assign,
    Conversation,
    Merge,
    Move,
    Note,
    Rank,
    Reply,
    Said,
    Split,
    Tag,
    Unmerge,
)
from tickets.workflow import Channel

CONVERSATIONS = (
    Conversation(
        "outage",
        "8 09:03",
        who.FRANKENSTEIN,
        "App: all lamps offline since the storm",
        """
        All forty lamps in the laboratory have been "offline" in the Loam app for half
        an hour. They are lit, but they do not obey me any more. This is a feeling
        I have had before and I do not wish to have it again.

        V. Frankenstein
        """,
        priority=HIGH,
        tags=["app", "outage"],
        steps=[
            Assign("8 09:08", ADMIN),
            Note("8 09:12", "Confirmed, it is us: the device gateway does not answer. Status page updated.", by=ADMIN),
            Rank("8 09:13", URGENT, by=ADMIN),
            Reply(
                "8 09:20",
                """
                Dear Dr Frankenstein,

                it is not your lamps: our gateway is down. The switches on the
                lamps themselves work. We are on it, and I write again within the hour.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Note("8 09:55", "A certificate expired. Renewed, the lamps are coming back: 60 %, 80 %.", by=ADMIN),
            Reply(
                "8 10:15",
                """
                All lamps have been reachable again for ten minutes. The cause was an expired certificate,
                which will not happen again: there is now an alarm three weeks ahead. I am
                sorry for the hour and a half.

                Mara Lindqvist
                """,
                html="""
                <p>All lamps have been reachable again for <b>ten minutes</b>.</p>
                <p>The cause was an expired certificate, which will not happen again: there is now an alarm
                three weeks ahead. I am sorry for the hour and a half.</p><p>Mara Lindqvist</p>
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("8 10:31", "They obey. They are alive! Thank you."),
            Move("8 10:40", CLOSED, "Gateway is back; certificates are watched now.", by=ADMIN),
        ],
    ),
    Conversation(
        "outage-holmes",
        "8 09:11",
        who.HOLMES,
        "Your server certificate has expired",
        """
        Your gateway refuses connections with a TLS alert 45. The certificate was issued
        on the same day of the year on which you opened your shop; somebody set a reminder
        in a calendar and has since left the company. You will find it quickly.

        Sherlock Holmes
        """,
        tags=["app"],
        steps=[
            Note("8 09:40", "He is right, of course, including the calendar.", by=ADMIN),
            Merge("8 09:42", "outage", by=ADMIN),
        ],
    ),
    Conversation(
        "outage-harker",
        "8 09:36",
        who.HARKER,
        "Lamps do not switch on at dusk",
        """
        Hello, the schedule in the app says "lamps on at dusk" and "could not be
        reached" below it. I depend on the lamps being on at dusk. Please help soon.

        Mina Harker
        """,
        priority=HIGH,
        tags=["app", "schedule"],
        steps=[Merge("8 09:45", "outage", by=ADMIN)],
    ),
    Conversation(
        "submarine-sync",
        "2 16:20",
        who.NEMO,
        "App does not synchronise below the surface",
        """
        I grow herbs in a place without a connection for weeks at a time. When I surface,
        the app overwrites everything I noted meanwhile with the state of three weeks ago.
        This is not how a log is kept.

        N.
        """,
        tags=["app", "sync", "bug"],
        assignee=AGENT,
        steps=[
            Reply(
                "3 08:50",
                """
                Captain,

                that is not how it should be. Could you tell me which version stands under
                Settings, About, and whether the herbs were watered by hand or by the pump?

                Teo
                """,
                then=PENDING,
            ),
            Said("4 21:10", "4.2.0. By the pump. There is no shortage of water here, only of the right kind."),
            Note(
                "5 11:30",
                """
                Reproduced: flight mode for longer than 14 days and pump entries win over notes,
                whatever their dates. Reported to the app team as LOAM-871 with a recording.
                """,
            ),
            Reply(
                "5 11:52",
                """
                Captain,

                I could make it happen here: after fourteen days without a connection the pump's
                records push aside your notes. It is a bug of ours, and it is being mended. Until
                then "Export" before surfacing keeps a copy.

                Teo
                """,
                then=PENDING,
            ),
            Note("12 10:05", "Fixed in 4.2.2, in the stores since today.", by=ADMIN),
            Move("12 10:06", OPEN, "4.2.2 is out: tell him.", by=ADMIN),
            Reply(
                "12 10:31",
                """
                Captain, version 4.2.2 keeps the later entry, whoever wrote it. If you load the
                export once more, your three weeks come back.

                Teo
                """,
                then=PENDING,
            ),
            Said("18 05:40", "Surfaced. Everything is there. You have my respect, which I do not give often."),
            Reply("18 08:30", "Thank you, Captain. Calm seas.\n\nTeo", then=CLOSED),
        ],
    ),
    Conversation(
        "watson-two-questions",
        "4 09:48",
        who.WATSON,
        "Two things: password, and an invoice for my practice",
        """
        Dear all,

        two things. I cannot log in any more: the reset mail does not arrive (Holmes says
        that I have filed it under "V" for "violin", but I have not). And could I have the
        invoice of LL-20399 made out to my practice instead of to Baker Street?

        J. Watson, M. D.
        """,
        channel=Channel.EMAIL,
        tags=["account"],
        steps=[
            Assign("4 10:05", AGENT),
            Reply(
                "4 10:22",
                """
                Dear Dr Watson,

                first the login: our reset mails went to watson@army-medical.example, the address
                you had before. I have sent a new one to this address.

                The invoice I pass on to my colleague.

                Teo
                """,
                then=PENDING,
            ),
            Said(
                "4 13:15",
                "I am in, thank you. It was indeed the old address. For the invoice: Dr J. Watson,\n"
                "Queen Anne Street. Also VAT number, if there is a line for it.",
            ),
            Split(
                "4 13:40",
                [2],
                "watson-invoice",
                "Invoice LL-20399 for the practice of Dr Watson",
                steps=[
                    Assign("4 13:41", ADMIN),
                    Tag("4 13:42", ["billing", "invoice"]),
                    Reply(
                        "5 09:55",
                        """
                    Dear Dr Watson,

                    here is the corrected invoice, made out to your practice. The first one is void.

                    Mara Lindqvist
                    """,
                        by=ADMIN,
                        then=CLOSED,
                    ),
                ],
            ),
            Move("4 13:45", CLOSED, "Logged in; the invoice has a ticket of its own."),
        ],
    ),
    Conversation(
        "partner-api",
        "10 09:30",
        who.GEPPETTO,
        "Partner API answers 422 since this week",
        """
        Good day,

        our workshop sends orders through your partner API. Since two days some of them
        are refused with 422. The ones with a nose longer than 12 cm, as far as we see. We
        have changed nothing.

        Request id of one: 7c1f0e52-benchmark-77

        Geppetto, Bottega del Legno
        """,
        priority=HIGH,
        tags=["api", "partners"],
        ccs=["workshop@bottega-legno.example"],
        assignee=ADMIN,
        steps=[
            Reply(
                "10 10:02",
                """
                Dear Mr Geppetto,

                thank you for the request id, it shortens things. We see the refusal: a length
                over 120 mm is now compared with the box, not with the shelf. I am asking whether
                that was meant.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Note(
                "10 11:45",
                """
                It was not meant. The limit belongs to the small box only. Fix is reviewed and
                goes out after lunch; 14 orders of theirs are waiting.
                """,
                by=ADMIN,
            ),
            Move("10 13:20", OPEN, "Deployed.", by=ADMIN),
            Reply(
                "10 13:31",
                """
                The rule is corrected and live. Please send the refused orders again; the same
                idempotency keys are fine.

                Mara Lindqvist
                """,
                html="""
                <p>The rule is corrected and live. Please send the refused orders again; the same idempotency keys
                are fine:</p>
                <pre>POST /partner/orders
Idempotency-Key: (as before)</pre>
                <p>Mara Lindqvist</p>
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("10 14:10", "Thirteen of fourteen went through. The last one now says 409. That is honest, I think?"),
            Note("10 14:25", "409 because they had phoned it in meanwhile. Correct.", by=ADMIN),
            Reply(
                "10 14:33",
                """
                Honest indeed: that order exists already, somebody gave it to us by telephone
                this morning. Nothing is missing.

                Mara
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("10 15:01", "That was my son. He told me he had not. Thank you, all is clear."),
            Move("10 15:10", CLOSED, "All orders are in.", by=ADMIN),
        ],
    ),
    Conversation(
        "login-loop",
        "15 08:21",
        who.PETER,
        "App asks for my birthday, I do not have one",
        """
        The app wants a date of birth before it lets me in. I am not going to grow up and
        I am not going to say when. Is there another way?

        Peter
        """,
        tags=["app", "account"],
        steps=[
            Reply(
                "15 09:05",
                """
                Hello Peter,

                the field is optional since version 4.1. If it insists, the app is an old one:
                update it and it will let you in, ageless.

                Teo
                """,
                then=PENDING,
                settled=FAILED,
                words="454 4.7.1 <peter@never-land.example>: Relay access denied; gave up after 4 days",
            ),
            Note(
                "19 09:20",
                "Delivery given up after four days: their server refuses mail for its own domain. No phone number,"
                " only directions (second star to the right). Waiting for him to write again.",
            ),
        ],
    ),
    Conversation(
        "sad-basil",
        "16 11:40",
        who.LOTTE,
        "Sorrowful basil",
        """
        My basil hangs its head although the app says that everything is in order. I have
        done all I can think of.

        Lotte
        """,
        tags=["herb garden", "app"],
        steps=[
            Note("16 11:55", "Looks like the moisture sensor story of Mr Holmes. Merging."),
            Merge("16 11:56", "violet-light"),
            Unmerge("16 13:12"),
            Note("16 13:14", "Different problem after all: hers is an old sensor, his is a new lamp. Unmerged."),
            Assign("16 13:15", AGENT),
            Reply(
                "16 13:30",
                """
                Dear Lotte,

                basil that hangs its head in wet soil has had too much of a good thing. Please
                pull out the sensor, wipe it and put it back: if the app then shows another
                value, the sensor is the one that suffers, and we replace it.

                Teo
                """,
                then=PENDING,
            ),
            Said("17 20:15", "From 31 % to 78 % after wiping. So it was drowning, and I kept pouring."),
            Reply("18 09:30", "A new sensor is on its way. The basil forgives quickly.\n\nTeo", then=PENDING),
        ],
    ),
    Conversation(
        "violet-light",
        "15 13:22",
        who.HOLMES,
        "Grow light reports 0 lux in full light",
        """
        The grow light of my monkshood reports 0 lux while it is plainly lit. The sensor
        faces the wall. It has done so since your last update, which turned the
        picture in the manual by ninety degrees. I draw your attention to the curious
        incident of the arrow in the figure.

        S. H.
        """,
        tags=["herb garden", "documentation"],
        assignee=ADMIN,
        ccs=[who.WATSON.email],
        steps=[
            Reply(
                "15 14:05",
                """
                Dear Mr Holmes,

                but the arrow in the figure points at nothing. That is the curious incident; you
                are right again. The corrected page goes online today.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Note(
                "17 09:10", "Page 14 is corrected in all five languages but Japanese; the translator has it.", by=ADMIN
            ),
        ],
    ),
    Conversation(
        "export",
        "17 10:37",
        who.DARCY,
        "Export of all data of our estate",
        """
        Sir or Madam,

        kindly send me all data that your application holds of the Pemberley hothouses,
        in a format that can be read without it. I make the request once.

        Fitzwilliam Darcy
        """,
        tags=["privacy", "app"],
        priority=HIGH,
        steps=[
            Assign("17 11:00", ADMIN),
            Note("17 11:04", "Access request, we have a month. The steward is listed as second owner.", by=ADMIN),
            Reply(
                "17 11:20",
                """
                Dear Mr Darcy,

                you will receive a ZIP archive with CSV files within the week. As the account
                holds the data of a second person, may I ask for a word from your steward that
                they agree?

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("19 11:48", "He agrees, and wonders that he was asked. It speaks for you."),
            Note("21 10:20", "Archive is built and checked (212 MB). Link goes out today.", by=ADMIN),
        ],
    ),
    Conversation(
        "battery",
        "18 15:33",
        who.ISHMAEL,
        "Call me about the battery",
        """
        Call me. Some weeks ago, having little charge in my lantern and nothing particular
        to interest me ashore, I thought I would replace the battery myself. It is now
        rather round. Should I worry?

        Ishmael
        """,
        channel=Channel.API,
        priority=URGENT,
        tags=["safety", "battery"],
        steps=[
            Assign("18 15:36", AGENT),
            Note("18 15:38", "Swollen cell! Calling him now."),
            Reply(
                "18 15:52",
                """
                As I said on the phone: please switch it off, do not charge it, put it outside
                on stone or sand, and touch nothing. A courier with a proper box comes tomorrow
                morning. You get a new lantern, and no bill.

                Teo
                """,
                then=PENDING,
            ),
            Said("19 09:20", "The courier was here. He wore gloves. I am alone escaped to tell thee.", by=AGENT),
            Note("19 09:35", "Mara, for the product safety file: third-party cell, our charger cut off as it should."),
        ],
    ),
    Conversation(
        "dark-mode",
        "21 08:14",
        who.HARKER,
        "Please make a dark mode",
        """
        I keep my journal in your app, mostly after sunset, and the white screen is seen
        from far away. For reasons I would rather not go into, I do not want to be seen.

        Mina Harker
        """,
        priority=LOW,
        steps=[
            Reply(
                "21 08:50",
                """
                Dear Ms Harker,

                it is in the next version, due in two weeks. If you like, I add you to the test
                group, and you have it tonight.

                Teo
                """,
                then=PENDING,
            ),
        ],
    ),
    Conversation(
        "sensor-crash",
        "21 12:36",
        who.FRANKENSTEIN,
        "App crashes when I add the forty-first lamp",
        """
        Since today's update the app closes itself when I add another lamp to the group
        "Laboratory". Forty work. The forty-first does not. Log below, the whole of it follows.

            E loam.group: IndexError at GroupCache.insert(40)
            E loam.group: expected capacity 40, got 41

        V. Frankenstein
        """,
        priority=HIGH,
        tags=["app", "bug"],
        steps=[
            Said(
                "21 12:38",
                "The whole log, as promised.",
                files=[
                    text_file(
                        "loam-crash.log",
                        """
                         0.000 I loam.app: 4.3.0 started
                        39.204 I loam.group: "Laboratory" has 39 lamps
                        42.118 I loam.group: "Laboratory" has 40 lamps
                        45.730 E loam.group: IndexError at GroupCache.insert(40)
                        45.731 E loam.group: expected capacity 40, got 41
                        45.733 E loam.app: closing
                        """,
                    )
                ],
            ),
            Note("21 13:05", "Reproduced with 4.3.0: groups have a fixed size of 40. Reported as LOAM-902."),
            Assign("21 13:06", ADMIN),
            Reply(
                "21 13:20",
                """
                Dear Dr Frankenstein,

                thank you for the log, it names the very line. Until the fix is out, a second
                group "Laboratory 2" works, and a scene can switch both.

                Mara
                """,
                by=ADMIN,
            ),
            Said("21 13:41", 'It works. I have named it "Bride of Laboratory".'),
        ],
    ),
)
