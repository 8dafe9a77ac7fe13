"""Invoices, refunds, wholesale."""

from inboxops.demo import characters as who
from inboxops.demo.files import page
from inboxops.demo.script import (
    ADMIN,
    AGENT,
    BOUNCED,
    CLOSED,
    HIGH,
    LOW,
    OPEN,
    PENDING,
    URGENT,
    Archive,
    Assign,
    Conversation,
    Copy,
    Move,
    Note,
    Rank,
    Reply,
    Said,
    Tag,
)
from tickets.workflow import Channel

CONVERSATIONS = (
    Conversation(
        "scrooge",
        "1 14:02",
        who.SCROOGE,
        "Invoice LL-20377: 0.02 too much",
        """
        The sum of the lines on your invoice is 118.46. You charge 118.48. I want the two
        pence back, and an explanation.

        E. Scrooge
        """,
        tags=["billing", "rounding"],
        ccs=[who.CRATCHIT.email],
        steps=[
            Assign("1 14:30", ADMIN),
            Reply(
                "1 14:55",
                """
                Dear Mr Scrooge,

                VAT is rounded per line, not on the sum; with seven lines that can make two
                pence. It is lawful, but I see that it is not pretty. I have refunded them.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=CLOSED,
            ),
            Said("2 09:15", "The refund cost me a bank fee of five pence. Humbug!"),
            Note("2 09:40", "I will send him a voucher over five pence, with a candle.", by=ADMIN),
            Reply(
                "2 09:52",
                """
                Dear Mr Scrooge,

                then we owe you five. They are on their way by post, together with a candle, for
                the office. It is cold there, Mr Cratchit mentioned.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("12 18:30", "I have bought coal. And a goose. God bless you, and please cancel the complaint."),
            Reply("15 08:20", "Done, with joy. A merry season to all of you!\n\nMara", by=ADMIN, then=CLOSED),
            Archive("18 16:10", by=ADMIN),
        ],
    ),
    Conversation(
        "double-charge",
        "2 10:31",
        who.ELINOR,
        "Charged twice",
        """
        Hello. My card was charged twice for LL-20440, on the same day and within
        the same minute. I am sure that it is a mistake and would like to have it set
        right.

        Elinor Dashwood
        """,
        priority=HIGH,
        tags=["billing", "refund"],
        steps=[
            Assign("2 10:45", AGENT),
            Note("2 10:58", "Two payments, one order. The second was a retry after our shop timed out."),
            Reply(
                "2 11:10",
                """
                Dear Ms Dashwood,

                you are right, and I am sorry: our shop asked twice. The second payment is
                refunded; banks take one to three days to show it.

                Teo
                """,
                then=PENDING,
            ),
            Said("5 18:05", "It is back. Thank you for the quick and clear answer."),
            Move("8 08:40", CLOSED, "Refund has arrived."),
        ],
    ),
    Conversation(
        "wholesale",
        "3 11:30",
        who.SILVER,
        "Two hundred lamps fer me tavern",
        """
        Ahoy,

        I be lookin' fer two hundred brass lamps fer the Spy-glass, delivered at night
        and paid in coin. What's yer best price, and no questions?

        L. J. Silver
        """,
        tags=["wholesale", "sales"],
        assignee=ADMIN,
        steps=[
            Reply(
                "3 13:10",
                """
                Dear Mr Silver,

                for two hundred pieces the price is 31.50 each, delivery by day, payment by bank
                transfer. And one question: to which company may we make out the invoice?

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("3 23:58", "Ye drive a hard bargain. 30, an' I'll throw in a parrot."),
            Note("4 08:30", "31.00 is our floor at this number. No parrot.", by=ADMIN),
            Reply(
                "4 08:44",
                """
                Dear Mr Silver,

                31.00, without parrot. The offer stands for ten days.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("9 12:00", "Done. Spy-glass Tavern, Bristol docks. Pieces o' eight be on their way to yer bank."),
            Reply(
                "9 13:05", "The order is confirmed: LL-20540. Delivery in week three.\n\nMara", by=ADMIN, then=PENDING
            ),
            Note("17 14:15", "Payment is in. In eight instalments, but complete.", by=ADMIN),
            Said("21 10:51", "Sixty lamps be here. A hundred an' forty be not. Where be they, lass?"),
            Rank("21 11:02", URGENT, by=ADMIN),
            Note("21 11:08", "Pallets 2 and 3 are at the depot, they wait for a slot at the dock. Calling.", by=ADMIN),
            Reply(
                "21 11:40",
                """
                Dear Mr Silver,

                the other two pallets wait for a slot at your dock. They have one tomorrow at
                nine. Somebody with two hands should be there to sign.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("21 11:55", "I've two hands. It's the legs I be short of. Nine it is."),
        ],
    ),
    Conversation(
        "dunning",
        "5 13:20",
        who.CRATCHIT,
        "Reminder for a bill that is paid",
        """
        Dear Sirs, we have received a reminder for LL-20377, which Mr Scrooge paid on the
        day it came. May I ask you to look into it before he does?

        Respectfully
        Bob Cratchit
        """,
        tags=["billing"],
        steps=[
            Note("5 13:45", "Reminder run used yesterday's bank file. Ines has stopped the next one."),
            Reply(
                "5 13:58",
                """
                Dear Mr Cratchit,

                please throw it away: the reminder was printed from an old list. It is stopped,
                and nobody needs to hear of it.

                Teo
                """,
                then=CLOSED,
            ),
            Archive("15 16:30"),
        ],
    ),
    Conversation(
        "gift-card",
        "8 14:41",
        who.BRACKNELL,
        "A gift card. In a handbag.",
        """
        I was given a gift card, which my maid found in a handbag. A HANDBAG. It is worth
        fifty pounds, and your till refuses it. To lose one gift card may be regarded as a
        misfortune; to have it refused looks like carelessness.

        Augusta Bracknell
        """,
        tags=["gift cards"],
        steps=[
            Assign("8 15:02", AGENT),
            Reply(
                "8 15:15",
                """
                Dear Lady Bracknell,

                may I ask for the twelve characters on the back? The card is probably of the old
                kind, which only the telephone understands.

                Teo
                """,
                then=PENDING,
            ),
            Said("8 17:30", "I do not read out numbers. My nephew will. (LLGC-7731-0042)", by=AGENT),
            Reply(
                "9 08:25",
                """
                Dear Lady Bracknell,

                the card is good and worth 50.00. I have moved it to your account, where no
                handbag can get at it.

                Teo
                """,
                then=CLOSED,
            ),
        ],
    ),
    Conversation(
        "refund-late",
        "12 09:40",
        who.DULCINEA,
        "Refund to the wrong card",
        """
        The refund of LL-20502 went to a card that I have not had for a year. The bank
        says that only you can call it back. Could you, please?

        Dulcinea
        """,
        priority=HIGH,
        tags=["billing", "refund"],
        assignee=AGENT,
        steps=[
            Note("12 10:10", "Ines: can be called back within 30 days, form is with the payment provider."),
            Reply(
                "12 10:25",
                """
                Dear Dulcinea,

                we have called it back. As soon as it is here I need an account number from you;
                please do not send it by mail, there is a form in your account.

                Teo
                """,
                then=PENDING,
            ),
            Said("15 19:10", "I have filled in the form."),
            Note("17 16:00", "Money is back with us. Ines pays it out tomorrow."),
            Copy("17 16:05", [who.SANCHO.email]),
            Reply("18 13:30", "It has been paid out to the account in your form.\n\nTeo", then=PENDING),
            Said("21 09:45", "It arrived. You are more reliable than most knights."),
            Reply("21 10:10", "I shall have that framed.\n\nTeo", then=CLOSED),
        ],
    ),
    Conversation(
        "lost-wager",
        "18 11:52",
        who.PASSEPARTOUT,
        "Gas bill for a lamp left on for 80 days",
        """
        Dear friends,

        before we travelled I forgot to turn off the lamp in my room. It burned for eighty
        days. My master says that I pay for it. How much does your Passage lamp use, so
        that I know what I owe?

        Jean Passepartout
        """,
        channel=Channel.API,
        priority=LOW,
        tags=["advice"],
        ccs=[],
        steps=[
            Reply(
                "18 13:15",
                """
                Dear Mr Passepartout,

                4 watts for 80 days make 7.7 kilowatt hours, about the price of two coffees. It
                is an LED: you chose well.

                Teo
                """,
                then=PENDING,
                settled=BOUNCED,
                words=(
                    "552 5.2.2 <passepartout@reform-club.example>: The recipient's mailbox is full and cannot take"
                    " messages now"
                ),
            ),
            Note("18 13:25", "Mailbox full. Trying again next week, it is not urgent."),
        ],
    ),
    Conversation(
        "chargeback",
        "19 14:20",
        who.DANTES,
        "I did not order this. I want to know who did.",
        """
        On my statement there is a payment of 1,815.00 to you. I ordered nothing: I was
        away for fourteen years. Somebody has used my name. I want it stopped, and I want
        to know who it was. I have patience.

        Edmond Dantès
        """,
        priority=URGENT,
        tags=["billing", "fraud"],
        steps=[
            Assign("19 14:28", ADMIN),
            Note(
                "19 14:45",
                """
                Account was opened from three different places within an hour, delivery to a
                parcel locker in Marseille. Parcel is stopped. Names of others are for the
                police, not for him.
                """,
                by=ADMIN,
            ),
            Reply(
                "19 15:10",
                """
                Dear Mr Dantès,

                the parcel is stopped and the payment reversed. Please report it to the police;
                we hand over to them what we know, and to nobody else. Wait and hope: they are
                better at it than one might think.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("21 08:33", "Reported. File number 44-If. I shall wait, and hope. I am practised in both."),
            Note("21 09:05", "Police have called with that number. Sent them the log, signed by both of us.", by=ADMIN),
            Tag("21 09:06", ["billing", "fraud", "police"], by=ADMIN),
            Move("21 09:07", PENDING, "With the police now.", by=ADMIN),
            Move("21 15:55", OPEN, "Call back from the police: they need the locker's number, too.", by=ADMIN),
        ],
    ),
    Conversation(
        "invoice-copy",
        "21 14:58",
        who.BENNET,
        "Copy of an invoice",
        """
        Might I trouble you for a copy of the invoice for LL-20455? My father has used the
        first one as a bookmark, and will not say in which book.

        Elizabeth Bennet
        """,
        priority=LOW,
        tags=["billing", "invoice"],
        steps=[
            Reply(
                "21 15:20",
                """
                Dear Ms Bennet,

                here it is again. It may have a second life as a bookmark; we have more.

                Kind regards
                Teo Marsh
                """,
                files=[
                    page(
                        "Invoice LL-20455.pdf",
                        """
                        LANTERN & LOAM                               Invoice LL-20455

                        Miss E. Bennet, Longbourn


                        1   Glass shade "Gable", clear                          84.00
                            Carriage                                             6.50
                                                                          -------
                                                                            90.50

                        Paid with thanks.
                        """,
                    )
                ],
                then=PENDING,
            ),
        ],
    ),
)
