"""Parcels: late, broken, wrong, wanted back."""

from inboxops.demo import characters as who
from inboxops.demo.files import photograph, text_file
from inboxops.demo.script import (
    ADMIN,
    AGENT,
    BOUNCED,
    CLOSED,
    HIGH,
    LOW,
    NORMAL,
    OPEN,
    PENDING,
    URGENT,
    Archive,
    Assign,
    Conversation,
    Copy,
    Merge,
    Move,
    Note,
    Rank,
    Reply,
    Said,
    Split,
    Tag,
)
from tickets.workflow import Channel

CONVERSATIONS = (
    Conversation(
        "flicker",
        "1 08:52",
        who.JO,
        "My Orchard reading lamp flickers",
        """
        Hello,

        I bought the Orchard reading lamp (order LL-20418) so that I could write at
        night, and for two weeks it was the best thing in the attic. Now it flickers,
        mostly when I am in the middle of a sentence. I have tried another socket.

        Is there something I can do, or is it broken?

        Jo March
        """,
        tags=["lamps", "warranty"],
        steps=[
            Assign("1 09:05", AGENT),
            Reply(
                "1 09:31",
                """
                Hello Jo,

                thank you for writing, and I am sorry about the interrupted sentences.
                Two quick questions that usually settle it:

                - Does it flicker at full brightness too, or only when dimmed?
                - Is the small round plug at the base pushed in until it clicks?

                Best wishes
                Teo, Lantern & Loam
                """,
                then=PENDING,
            ),
            Said(
                "1 20:14",
                """
                It clicks, and it flickers only when dimmed. At full brightness it is steady
                but then my sisters complain about the light under the door.
                """,
            ),
            Note(
                "2 08:40",
                """
                Batch 31 dimmers again. That makes four this month, see the tag. Mara, shall we
                still send single dimmers or the whole base?
                """,
            ),
            Note("2 09:02", "The whole base. I have asked the workshop about batch 31.", by=ADMIN),
            Tag("2 09:05", ["lamps", "warranty", "batch-31"]),
            Reply(
                "2 09:20",
                """
                Thank you, that tells us what it is: a dimmer from a batch that ages too fast.
                A new base is on its way to you, free of charge. You keep your shade and bulb;
                no tools are needed. The old base can go back in the same box with the label
                that is inside.

                Teo
                """,
                html="""
                <p>Thank you, that tells us what it is: a dimmer from a batch that ages too fast.</p>
                <ul><li>A <b>new base</b> is on its way to you, free of charge.</li>
                <li>You keep your shade and bulb; no tools are needed.</li>
                <li>The old base can go back in the same box with the label that is inside.</li></ul>
                <p>Teo</p>
                """,
                then=PENDING,
            ),
            Said("5 17:45", "It came today and is as steady as Beth. Thank you!\n\nJo"),
            Reply("8 08:31", "Wonderful. Happy writing!\n\nTeo", then=CLOSED),
        ],
    ),
    Conversation(
        "flicker-again",
        "1 19:50",
        who.LAURIE,
        "Lamp for Jo March flickers",
        """
        Hello, I am writing for my neighbour Jo, who bought the Orchard lamp and
        will not complain loudly enough. It flickers. Order LL-20418 I believe. Can you
        please help her?
        """,
        tags=["lamps"],
        steps=[
            Note("2 08:36", "Same lamp, same order as Jo's own mail. Merging, so that she gets one answer."),
            Merge("2 08:38", "flicker"),
        ],
    ),
    Conversation(
        "eighty-days",
        "1 10:03",
        who.FOGG,
        "Express delivery, by the 21st at quarter to nine",
        """
        Sir,

        I require twelve travelling lanterns (LL-20431), delivered to the Reform Club
        before the 21st day of my order. I have wagered a considerable sum on your
        punctuality. Kindly confirm.

        Phileas Fogg
        """,
        priority=HIGH,
        tags=["delivery", "express"],
        ccs=[who.PASSEPARTOUT.email],
        assignee=ADMIN,
        steps=[
            Reply(
                "1 10:40",
                """
                Dear Mr Fogg,

                eleven of the twelve are in stock and leave today. The twelfth follows from
                our second store and arrives in three to five days. Both come by express at no
                extra charge.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("1 11:02", "Eleven will not do. The wager says twelve. P. F."),
            Note("1 11:15", "He means it. Teo, is there one in the shop window?", by=ADMIN),
            Note("1 11:21", "There is. A bit dusty. I have cleaned it and it is in the box now."),
            Reply(
                "1 11:48",
                """
                Dear Mr Fogg,

                we have found the twelfth. All of them leave together with today's van; the
                tracking number is EX 0872 4411 and you will get a message at every stage.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("3 07:58", "The tracking page says Suez. Is that on the way? P. F."),
            Reply(
                "3 08:25",
                """
                Dear Mr Fogg,

                it says "Süd-Ost Zentrum", which is the carrier's depot and is abbreviated
                rather unhappily on their page. The parcel is where it should be, a day early.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("4 11:20", "Received. Twelve. My servant counted them twice. P. F."),
            Reply("4 11:34", "With a whole day to spare. Safe travels, Mr Fogg!\n\nMara", by=ADMIN, then=CLOSED),
            Said("5 09:10", "It appears that I have gained a day. I mention it for your records. P. F."),
            Move("5 09:30", CLOSED, "A thank-you, nothing left to do.", by=ADMIN),
            Archive("8 08:20", by=ADMIN),
        ],
    ),
    Conversation(
        "broken-glass",
        "2 12:44",
        who.BENNET,
        "Arrived in pieces",
        """
        Dear Sir or Madam,

        it is a truth universally acknowledged that a glass shade wrapped in a single
        sheet of paper must be in want of a better box. Mine (order LL-20455) arrived in
        eleven pieces. I have kept them all, should you doubt it.

        Elizabeth Bennet
        """,
        tags=["damaged", "glass"],
        steps=[
            Assign("2 13:30", AGENT),
            Reply(
                "2 13:41",
                """
                Dear Ms Bennet,

                I doubt nothing, and I apologise. A new shade leaves tomorrow, in the box it
                deserves. Please do not send the pieces back; wrapped well, they may go into
                the bin for residual waste, not into the bottle bank.

                Kind regards
                Teo Marsh
                """,
                then=PENDING,
            ),
            Said(
                "2 19:20",
                "Since you doubt nothing, here is the evidence all the same, as it stood before the last of it fell.",
                files=[photograph("Eleven pieces.png", (238, 214, 170), cracked=True)],
            ),
            Said("5 10:05", "It has arrived entire. I am quite reconciled.\n\nE. B."),
            Note(
                "5 10:20",
                "Third glass shade this week packed without the carton insert. Telling the warehouse; here is a list.",
                files=[
                    text_file(
                        "damaged-shades.csv",
                        """
                        order,day,shade,insert
                        LL-20455,2,Gable,no
                        LL-20461,3,Gable,no
                        LL-20488,4,Orchard,no
                        """,
                        "text/csv",
                    )
                ],
            ),
            Move("5 10:22", CLOSED, "Replacement arrived."),
        ],
    ),
    Conversation(
        "never-arrived",
        "3 09:27",
        who.CRUSOE,
        "Parcel has not arrived in four weeks",
        """
        Order LL-20102, a solar lantern. I watch the beach every day. Nothing. The
        tracking page has said "handed over to partner carrier" since the day I began
        to carve notches.

        R. Crusoe
        """,
        tags=["delivery", "lost"],
        assignee=AGENT,
        steps=[
            Reply(
                "3 10:12",
                """
                Hello Mr Crusoe,

                four weeks is too long even for an island. I have opened an inquiry with the
                carrier; they answer within five working days. You will hear from me then,
                whatever they say.

                Teo
                """,
                then=PENDING,
            ),
            Note("9 09:14", "Carrier: the boat did not land because of the weather, parcel went back. Asking where."),
            Move("9 09:15", OPEN, "The carrier answered."),
            Reply(
                "9 09:50",
                """
                Hello Mr Crusoe,

                the carrier says that the boat could not land, so the lantern is on its way
                back to us. I am sending a second one now with the next supply ship.
                If both should ever reach you, give one to a friend.

                Teo
                """,
                then=PENDING,
            ),
            Said("17 19:33", "One has come. I have also met somebody to give the other one to. He came on a Friday."),
            Reply("18 08:45", "That is the best news of the day. I am closing this with pleasure.\n\nTeo", then=CLOSED),
        ],
    ),
    Conversation(
        "wrong-colour",
        "4 13:15",
        who.ANNE,
        "The lamp is not the green it was in the picture",
        """
        Dear Lantern & Loam,

        I have waited for the Gable desk lamp with such anticipation, and now that it is
        here I am in the depths of despair. In the picture it is the green of spring
        birches. This is the green of boiled peas. Is there another one, or is it my
        imagination? I do have rather a lot of it.

        Anne Shirley (Anne with an e)
        """,
        tags=["returns", "lamps"],
        steps=[
            Reply(
                "4 14:20",
                """
                Dear Anne,

                it is not your imagination: there are two greens, "birch" and "pea", and the
                label on your box will say P. Somebody here took the wrong one from the shelf.

                The birch one goes out today. Please put the other into the same box when it
                comes; the return label is inside.

                Teo
                """,
                then=PENDING,
            ),
            Said(
                "8 16:02",
                "Oh! It is EXACTLY the green of spring birches. Thank you with all my heart. I have taken both.",
                files=[
                    photograph("birch 🌿.png", (176, 224, 132)),
                    photograph("pea (boiled).png", (124, 148, 62)),
                ],
            ),
            Reply("8 16:15", "Then all is well. Enjoy it, Anne with an e.\n\nTeo", then=CLOSED),
        ],
    ),
    Conversation(
        "whaling",
        "5 08:10",
        who.AHAB,
        "WHERE IS MY WHITE LAMP",
        """
        I ORDERED THE WHITE ONE. THE GREAT WHITE ONE. YOU SENT ME A GREY ONE. I SHALL NOT
        REST UNTIL I HAVE IT.
        """,
        priority=URGENT,
        tags=["wrong item"],
        ccs=[who.ISHMAEL.email],
        assignee=ADMIN,
        steps=[
            Rank("5 08:31", HIGH, by=ADMIN),
            Reply(
                "5 08:50",
                """
                Captain,

                the invoice of LL-20470 says "Leviathan floor lamp, dove grey", so that is what
                we packed. We will gladly exchange it; the white one has been out of stock for
                a while, though, and I do not know yet when we shall see it again.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("5 08:58", "THEN FIND IT. I WILL PAY A GOLD COIN TO WHOEVER SEES IT FIRST."),
            Note(
                "5 09:20", "The maker in Nantucket says two weeks. I would not promise it before we see it.", by=ADMIN
            ),
            Reply(
                "5 09:41",
                """
                Captain,

                the maker speaks of two weeks. I will write as soon as it is in our hands, and
                not earlier. You are welcome to keep the grey one lit until then.

                Mara
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("11 22:47", "DAY 3 OF THE SECOND WEEK. WHAT NEWS."),
            Reply("12 08:30", "It has left the maker. It is on a ship.\n\nMara", by=ADMIN, then=PENDING),
            Said("12 08:34", "WHICH SHIP."),
            Reply("12 09:05", "The Rachel. She is expected in a week.\n\nMara", by=ADMIN, then=PENDING),
            Note(
                "19 15:40",
                """
                Ishmael called: the Captain is calm and would like us to know that he is calm.
                Please let me have this one to the end.
                """,
                by=ADMIN,
            ),
            Said("21 14:22", "THE RACHEL IS IN PORT. I SEE HER MASTS FROM MY WINDOW."),
            Note("21 14:40", "It is in the incoming goods. I am picking it up myself.", by=ADMIN),
        ],
    ),
    Conversation(
        "treasure-chest",
        "9 10:26",
        who.HAWKINS,
        "Half of my order is missing",
        """
        Hello, of the six brass ship's lamps for our inn (LL-20533) only three were in
        the chest. The delivery note says six. There is also a note in it that says "15
        men", which I do not understand.

        Jim Hawkins, Admiral Benbow Inn
        """,
        tags=["delivery", "missing parts"],
        assignee=AGENT,
        steps=[
            Reply(
                "9 10:50",
                """
                Hello Jim,

                heavy orders go out in two parcels; the second one is a day behind the first.
                If it has not come by tomorrow evening, please write again. The note is from
                the packing team: they pack for fifteen men, and are a little proud of it.

                Teo
                """,
                then=PENDING,
            ),
            Said("11 09:05", "The second parcel came. There are two lamps in it. That makes five."),
            Note("11 09:30", "Scale at dispatch says 4.1 kg: two lamps, not three. Ours to fix."),
            Reply(
                "11 09:44",
                """
                Then one is with us: our own scale says so. The sixth leaves today by express.
                I am sorry for the sum that had to be done in two steps.

                Teo
                """,
                then=PENDING,
            ),
            Said("12 15:12", "Six! Thank you. One question more: can the lamps be dimmed, and with what?"),
            Reply(
                "12 15:40",
                """
                They can, with our Tide dimmer (one is enough for all six). It is not in the
                set; shall I send you an offer?

                Teo
                """,
                then=PENDING,
            ),
            Said("13 12:20", "Yes please, and delivery before the season begins, if you can."),
            Split(
                "15 08:40",
                [6, 7],
                "benbow-dimmer",
                "Offer: Tide dimmer for the Admiral Benbow Inn",
                steps=[
                    Assign("15 08:42", ADMIN),
                    Tag("15 08:43", ["sales", "offer"]),
                    Reply(
                        "15 10:30",
                        """
                    Dear Mr Hawkins,

                    one Tide dimmer for six lamps: 64.00, delivery within three days, and the
                    offer stands until the end of next month. Just answer "yes" to order.

                    Mara Lindqvist
                    """,
                        by=ADMIN,
                        then=PENDING,
                    ),
                    Said("19 18:10", "Yes! And mother says thank you."),
                ],
            ),
            Move("15 08:45", CLOSED, "All six are there; the dimmer has a ticket of its own."),
        ],
    ),
    Conversation(
        "return-label",
        "10 14:08",
        who.EMMA,
        "Return label, please",
        """
        I bought three lamps as presents, being quite certain what each of my friends
        would like. I was mistaken three times. May I have three return labels? Order
        LL-20561.

        Emma Woodhouse
        """,
        tags=["returns"],
        steps=[
            Reply(
                "10 14:30",
                """
                Dear Ms Woodhouse,

                one label is enough for all three: www.ws-123.example/returns/LL-20561, valid
                for 30 days. The money is back two days after the parcel is.

                Teo
                """,
                html="""
                <p>Dear Ms Woodhouse,</p>
                <p>one label is enough for all three:
                <a href="https://www.ws-123.example/returns/LL-20561">your return label</a>, valid for 30 days.
                The money is back two days after the parcel is.</p><p>Teo</p>
                """,
                then=CLOSED,
            ),
            Said("16 10:02", "The parcel went back five days ago and I have not seen the refund. Badly done!"),
            Note("16 10:20", "Arrived four days ago, booked on the wrong order (LL-20516). Asked Ines to correct it."),
            Assign("16 10:21", AGENT),
            Reply(
                "16 10:45",
                """
                Dear Ms Woodhouse,

                badly done indeed: two digits changed places and your refund waited at another
                order. It is booked now and should be in your account tomorrow.

                Teo
                """,
                then=PENDING,
            ),
        ],
    ),
    Conversation(
        "yellow-brick",
        "11 13:37",
        who.DOROTHY,
        "Wrong address, parcel already on its way",
        """
        Hi! My house has moved (there was a storm). Order LL-20577 is going to the old
        place. Can you still change the address? Everybody here says to ask the person in
        charge.

        Dorothy
        """,
        priority=HIGH,
        tags=["delivery", "address"],
        steps=[
            Assign("11 13:50", AGENT),
            Reply(
                "11 13:58",
                """
                Hi Dorothy,

                no wizard needed: the parcel is still in the depot and I can redirect it. What
                is the new address?

                Teo
                """,
                then=PENDING,
            ),
            Said("11 16:20", "1 Yellow Brick Road, first house after the poppies. There is no place like it."),
            Reply("11 16:41", "Done. It will be there in two days.\n\nTeo", then=CLOSED),
        ],
    ),
    Conversation(
        "portrait-light",
        "12 11:18",
        who.DORIAN,
        "Picture light: colours look older than they are",
        """
        The picture light I bought makes my portrait look considerably older. I would
        like one that flatters. Price is no object.

        D. G.
        """,
        priority=LOW,
        tags=["advice", "lamps"],
        steps=[
            Reply(
                "12 13:25",
                """
                Dear Mr Gray,

                you have the 4000 K version, which is honest. The 2700 K one is warmer and a
                good deal kinder. You can exchange the bulb alone; it is 9.50.

                Teo
                """,
                then=PENDING,
                settled=BOUNCED,
                words="550 5.1.1 <dorian@attic-studio.example>: Recipient address rejected: User unknown",
            ),
            Note(
                "12 13:31",
                "My answer bounced: no such user. The order has no phone number. Leaving it here in case he writes.",
            ),
        ],
    ),
    Conversation(
        "herb-kit-mould",
        "15 09:12",
        who.MOLE,
        "White fluff on the soil",
        """
        Hello. I live underground, and my herb garden (the small one) has grown
        a white fluff. Is it dangerous? The basil looks rather happy.

        Mole
        """,
        tags=["herb garden"],
        ccs=[who.RATTY.email],
        steps=[
            Reply(
                "15 09:40",
                """
                Hello Mr Mole,

                it is harmless and comes of damp air. Open the lid for an hour a day, water
                from below, and scratch the surface with a fork. If it is green rather than
                white, tell me.

                Teo
                """,
                then=PENDING,
            ),
            Said("18 17:22", "The fluff has gone. Ratty says that there is nothing like messing about with a fork."),
            Move("19 08:12", CLOSED),
        ],
    ),
    Conversation(
        "toad-speed",
        "16 15:01",
        who.TOAD,
        "I want the big one! The fast charger! Today!",
        """
        My dear fellows, I have seen the new Motor lantern with the fast charger in a
        shop window and I MUST have it. Poop-poop! Send six. Send them now. I shall pay
        double!
        """,
        channel=Channel.API,
        tags=["sales"],
        steps=[
            Note(
                "16 15:20",
                """
                Mr Badger called last week and asked us not to sell Mr Toad more than one of
                anything. I would answer kindly and slowly.
                """,
            ),
            Reply(
                "16 15:45",
                """
                Dear Mr Toad,

                one Motor lantern is reserved for you and costs what it costs everybody. Sleep
                on the other five, and write again if you still want them next week.

                Teo
                """,
                then=PENDING,
            ),
            Said("16 15:49", "Next WEEK? O bliss! O agony! Very well. One. Poop-poop!"),
            Reply("16 16:02", "It is on its way.\n\nTeo", then=CLOSED),
            Archive("19 16:20"),
        ],
    ),
    Conversation(
        "late-gift",
        "18 10:44",
        who.PIP,
        "Gift from an unknown sender",
        """
        I have received a very generous chandelier from you with no card. I have great
        expectations as to who sent it, and would like to be sure. Can you tell me?

        Philip Pirrip
        """,
        assignee=AGENT,
        steps=[
            Reply(
                "18 11:10",
                """
                Dear Mr Pirrip,

                the sender asked not to be named, and we keep that promise as we would keep
                yours. I can pass on a letter, if you like.

                Teo
                """,
                then=PENDING,
            ),
            Said("18 21:30", "Then please tell them that I am grateful, whoever she is."),
            Note("19 09:00", "It is not who he thinks. Passed on, without comment."),
        ],
    ),
    Conversation(
        "two-boxes",
        "19 11:05",
        who.RATTY,
        "Picnic lamp: lid does not close",
        """
        The lid of the picnic lamp (LL-20660) does not close over the hook. It is a small
        thing but the boat is smaller.

        Rat
        """,
        priority=LOW,
        tags=["lamps", "spare parts"],
        steps=[
            Reply(
                "19 13:20",
                "Hello Mr Rat, a new hook is in the post: the first ones were 3 mm too long.\n\nTeo",
                then=PENDING,
            ),
        ],
    ),
    Conversation(
        "croquet",
        "21 09:16",
        who.ALICE,
        "Lamp is too big. Then too small.",
        """
        Dear shop, the dimmable standard lamp I got is much too big for my room when I
        read on one side of the manual and much too small when I read on the other. Could
        somebody tell me how high it really is? I should like it to be just the right
        size, and to stay so.

        Alice
        """,
        tags=["advice", "lamps"],
        steps=[
            Reply(
                "21 10:02",
                """
                Dear Alice,

                it is a telescope: 92 cm when pushed together, 168 cm when pulled out, and the
                ring in the middle holds it wherever you like. One side of the manual shows the
                one, the other side the other. We shall print both on both.

                Teo
                """,
                then=PENDING,
            ),
            Said("21 13:48", "It stays! Curiouser and curiouser. May I keep the manual as it is? I like it."),
        ],
    ),
    Conversation(
        "not-delivered-today",
        "21 11:27",
        who.HUDSON,
        "Driver did not ring",
        """
        Your driver has left a card that says nobody was at home. I have been at home
        since 1887. Please ask him to ring next time, it is the bell with the bullet
        hole.

        Mrs Hudson
        """,
        tags=["delivery"],
        priority=NORMAL,
        steps=[
            Assign("21 11:50", AGENT),
            Copy("21 11:51", [who.WATSON.email]),
            Reply(
                "21 11:58",
                """
                Dear Mrs Hudson,

                I have spoken with the depot: a second attempt today, with a note for the
                driver about the bell.

                Teo
                """,
                then=PENDING,
            ),
            Said("21 15:20", "He rang. He also asked about the bullet hole. All is well, thank you.", by=AGENT),
        ],
    ),
    Conversation(
        "wings",
        "21 16:31",
        who.WENDY,
        "Night-lights: safe to leave on?",
        """
        Hello, are your star night-lights safe to leave on all night in a nursery, with
        the window open? The children insist on both.

        Wendy Darling
        """,
        channel=Channel.API,
        tags=["advice", "safety"],
    ),
)
