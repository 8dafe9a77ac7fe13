"""Customers who write in German, French, Spanish or Japanese, and are answered so."""

from inboxops.demo import characters as who
from inboxops.demo.script import (
    ADMIN,
    AGENT,
    CLOSED,
    HIGH,
    LOW,
    OPEN,
    PENDING,
    URGENT,
    Assign,
    Conversation,
    Move,
    Note,
    Rank,
    Reply,
    Said,
)
from tickets.workflow import Channel

CONVERSATIONS = (
    Conversation(
        "tower",
        "2 09:25",
        who.RAPUNZEL,
        "Lieferung in den vierten Stock ohne Aufzug",
        """
        Guten Tag,

        ich habe die große Stehleuchte bestellt (LL-20448) und wohne sehr weit oben. Es
        gibt keinen Aufzug und, streng genommen, auch keine Treppe. Kann der Fahrer etwas
        an einem Seil befestigen? Das Seil stelle ich.

        Viele Grüße
        Rapunzel Turmer
        """,
        tags=["Lieferung"],
        assignee=AGENT,
        steps=[
            Reply(
                "2 10:05",
                """
                Guten Tag Frau Turmer,

                die Leuchte kommt in zwei Teilen zu je 4 kg. Der Fahrer darf sie an ein Seil
                binden, wenn Sie von oben ziehen. Bitte ziehen Sie langsam.

                Herzliche Grüße
                Teo Marsh
                """,
                then=PENDING,
            ),
            Said("4 12:30", "Beide Teile sind oben, und die Haare sind noch dran. Vielen Dank!"),
            Move("4 13:00", CLOSED, "Angekommen."),
        ],
    ),
    Conversation(
        "alm",
        "5 16:48",
        who.HEIDI,
        "Solarlaterne lädt im Winter nicht",
        """
        Liebes Team,

        auf der Alm scheint die Sonne jetzt nur noch drei Stunden, und die Laterne geht
        aus, bevor der Großvater mit dem Käse fertig ist. Gibt es eine größere Solarzelle?
        Die Ziegen haben an der alten übrigens schon geknabbert.

        Heidi
        """,
        tags=["Solar", "Ersatzteile"],
        steps=[
            Said("7 11:12", "Nachtrag: Jetzt haben sie sie ganz gefressen."),
            Note("8 08:25", "Zelle als Verschleißteil schicken; Ziegen deckt die Garantie nicht, die Kulanz schon."),
            Reply(
                "8 08:50",
                """
                Liebe Heidi,

                eine doppelt so große Zelle ist unterwegs, auf unsere Kosten. Bitte hoch
                aufhängen: Höher als eine Ziege auf den Hinterbeinen.

                Teo
                """,
                html="""
                <p>Liebe Heidi,</p>
                <p>eine <em>doppelt so große</em> Zelle ist unterwegs, auf unsere Kosten. Bitte hoch aufhängen:
                Höher als eine Ziege auf den Hinterbeinen.</p><p>Teo</p>
                """,
                then=PENDING,
            ),
            Said("12 19:20", "Sie hängt am Dachfirst und leuchtet bis ins Tal. Danke, auch vom Geißenpeter!"),
            Move("15 08:15", CLOSED),
        ],
    ),
    Conversation(
        "cannonball",
        "9 11:55",
        who.MUENCHHAUSEN,
        "Ihre Leuchte und die Kanonenkugel",
        """
        Verehrte Herrschaften,

        als ich jüngst auf einer Kanonenkugel über die feindliche Festung ritt, leuchtete
        mir Ihre Taschenlaterne so hell, dass ich mitten im Fluge umkehren konnte. Ich
        bitte um die Aufnahme dieses Berichts in Ihre Kundenstimmen.

        Freiherr von Münchhausen
        """,
        priority=LOW,
        tags=["Lob"],
        steps=[
            Note("9 13:00", "Mara, das ist für dich. Stimmt das alles?"),
            Note("9 13:12", "Jedes Wort über die Laterne.", by=ADMIN),
            Reply(
                "9 13:40",
                """
                Sehr geehrter Herr Baron,

                wir danken für den Bericht und nehmen den Teil über die Helligkeit gern auf. Für
                den Teil über die Kugel fehlt uns noch ein Zeuge.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=CLOSED,
            ),
        ],
    ),
    Conversation(
        "swing",
        "17 13:26",
        who.EFFI,
        "Gartenlicht summt",
        """
        Sehr geehrte Damen und Herren,

        das Licht an unserer Schaukel summt seit gestern, am lautesten nachts. Man könnte
        meinen, es spuke. Ist das gefährlich?

        Effi Briest
        """,
        tags=["Garten", "Sicherheit"],
        priority=HIGH,
        steps=[
            Assign("17 13:40", AGENT),
            Reply(
                "17 13:55",
                """
                Sehr geehrte Frau Briest,

                ein Spuk ist es nicht: So summt ein Netzteil, in das Feuchtigkeit geraten ist.
                Bitte ziehen Sie den Stecker, und zwar vom Haus aus. Ein neues Netzteil (IP67)
                geht heute an Sie heraus.

                Teo Marsh
                """,
                then=PENDING,
            ),
            Said("19 10:15", "Es ist da, und es ist still. Mein Mann sagt, das sei ein weites Feld, aber ich danke."),
        ],
    ),
    Conversation(
        "candlesticks",
        "3 14:33",
        who.VALJEAN,
        "Deux chandeliers en argent",
        """
        Bonjour,

        vous m'avez livré deux chandeliers que je n'ai pas payés. Je souhaite régler la
        facture. Je n'en ai reçu aucune et cela m'empêche de dormir.

        Jean Valjean
        """,
        tags=["facture"],
        assignee=ADMIN,
        steps=[
            Note(
                "3 15:10", "Ordered as a present by the Bishop of Digne, paid in full. He asks us to say so.", by=ADMIN
            ),
            Reply(
                "3 15:30",
                """
                Bonjour Monsieur,

                ils sont à vous : c'est un cadeau, déjà réglé par un client de Digne. Vous ne
                devez rien à personne.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("3 21:05", "Alors je les garderai toute ma vie. Merci."),
            Move("4 08:20", CLOSED, "Rien à payer.", by=ADMIN),
        ],
    ),
    Conversation(
        "balcony",
        "11 10:09",
        who.CYRANO,
        "Une lampe pour un balcon, livrée sous un autre nom",
        """
        Bonjour,

        je voudrais offrir une lanterne de balcon à une dame, mais que la carte soit signée
        d'un autre. Est-ce possible ? Le texte fait quatre pages, en alexandrins.

        Cyrano
        """,
        tags=["cadeau"],
        steps=[
            Assign("11 10:30", AGENT),
            Reply(
                "11 10:52",
                """
                Bonjour Monsieur,

                la carte fait 300 caractères, mais nous pouvons joindre une lettre. Quant à la
                signature, c'est vous qui l'écrivez.

                Teo Marsh
                """,
                then=PENDING,
            ),
            Said("11 12:40", "C'est un peu court, jeune homme ! Mais soit : une lettre, et signez « Christian »."),
            Reply("11 13:20", "C'est parti ce jour, lettre comprise.\n\nTeo", then=CLOSED),
        ],
    ),
    Conversation(
        "balcony-thanks",
        "17 17:25",
        who.ROXANE,
        "Qui a écrit cette lettre ?",
        """
        Bonjour, j'ai reçu de votre part une lanterne et une lettre admirable. Pouvez-vous
        me dire qui l'a écrite ? Le style m'est familier, le nom ne l'est pas.

        Roxane
        """,
        tags=["cadeau", "privacy"],
        steps=[
            Note("18 08:55", "Belongs to Cyrano's order. We do not name senders, see Mr Pirrip. Wording, Mara?"),
            Reply(
                "18 10:05",
                """
                Bonjour Madame,

                nous ne nommons jamais un expéditeur. Mais un message de votre part lui
                parviendra, quel que soit son nom.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
            Said("20 18:50", "Alors dites-lui seulement : j'ai deviné. Depuis longtemps."),
        ],
    ),
    Conversation(
        "marseille",
        "21 10:33",
        who.DANTES,
        "Lanterne étanche pour la navigation",
        """
        Bonjour, je cherche une lanterne étanche, qui flotte, et qui résiste à une chute
        de quinze mètres dans la mer. C'est pour un ami.

        E. D.
        """,
        channel=Channel.API,
        tags=["advice"],
        steps=[
            Reply(
                "21 11:15",
                """
                Bonjour Monsieur,

                le modèle « If » : IP68, il flotte, et nous l'avons laissé tomber de vingt
                mètres. L'ami, espérons-le, n'aura pas à l'essayer.

                Teo
                """,
                then=PENDING,
            ),
        ],
    ),
    Conversation(
        "windmills",
        "4 16:12",
        who.QUIJOTE,
        "¡Gigantes en mi jardín!",
        """
        Muy señores míos:

        las lámparas solares con aspas que me vendieron se mueven de noche y agitan los
        brazos como gigantes. He atacado a dos de ellas. ¿Hay repuestos?

        Alonso Quijano
        """,
        priority=URGENT,
        tags=["jardín", "repuestos"],
        ccs=[who.SANCHO.email],
        assignee=AGENT,
        steps=[
            Rank("4 16:30", HIGH),
            Reply(
                "4 16:55",
                """
                Estimado don Alonso:

                son molinillos: giran con el viento para cargar la batería. Le enviamos dos
                juegos de aspas nuevos. En la base hay un freno; échelo por la noche.

                Teo Marsh
                """,
                then=PENDING,
            ),
            Said("5 20:40", "¿Molinillos? Eso quisiera el sabio Frestón que creyéramos."),
            Said("8 09:35", "Señor, soy Sancho, que llamo por mi amo: que son molinos, ya se lo dije yo.", by=AGENT),
            Note("8 09:50", "Sancho will hold the brake. Blades sent twice, just in case."),
            Move("8 09:52", CLOSED, "Aspas enviadas."),
            Move("10 08:30", OPEN, "El paquete volvió: dirección incompleta."),
            Reply(
                "10 08:48",
                """
                Estimado don Alonso:

                el paquete ha vuelto: «un lugar de cuyo nombre no quiero acordarme» no le basta
                al cartero. ¿Nos da el nombre del pueblo?

                Teo Marsh
                """,
                then=PENDING,
            ),
            Said("12 21:15", "Argamasilla de Alba. Pero no se lo diga a nadie."),
            Reply("15 09:10", "Ya va de camino, con toda discreción.\n\nTeo", then=PENDING),
        ],
    ),
    Conversation(
        "sancho-invoice",
        "15 12:30",
        who.SANCHO,
        "Factura a nombre de una ínsula",
        """
        Hola. Mi amo dice que pronto seré gobernador y que la factura de las aspas
        vaya a nombre de la ínsula Barataria. ¿Puede ser? Con el IVA que toque.

        Sancho Panza
        """,
        tags=["facturación"],
        steps=[
            Assign("15 13:20", ADMIN),
            Reply(
                "15 13:45",
                """
                Estimado señor Panza:

                puede ser en cuanto nos diga el NIF de la ínsula. Hasta entonces va a su nombre.

                Mara Lindqvist
                """,
                by=ADMIN,
                then=PENDING,
            ),
        ],
    ),
    Conversation(
        "bamboo",
        "4 10:40",
        who.KAGUYA,
        "竹のランプについて",
        """
        お世話になっております。

        先日注文した竹のランプ（注文番号 LL-20466）ですが、満月の夜だけ明るさが
        二倍になります。故障でしょうか。とても美しいので困ってはいません。

        竹取かぐや
        """,
        tags=["ランプ"],
        steps=[
            Note("4 11:20", "The light sensor adds moonlight instead of subtracting it. Known, harmless, setting 7."),
            Assign("4 11:21", AGENT),
            Reply(
                "5 10:40",
                """
                竹取様

                お問い合わせありがとうございます。故障ではなく、光センサーの設定です。
                設定7を「オフ」にすると通常の明るさになります。お好みでそのままでも
                安全にお使いいただけます。

                Lantern & Loam
                Teo
                """,
                then=PENDING,
            ),
            Said("7 22:10", "ありがとうございます。このままにします。まもなく月へ帰りますので。"),
            Move("8 08:55", CLOSED),
        ],
    ),
    Conversation(
        "dumplings",
        "18 09:22",
        who.MOMOTARO,
        "ハーブ栽培キットの数が違います",
        """
        はじめまして。ハーブ栽培キットを三つ（犬、猿、雉の分）注文しましたが、
        二つしか届いていません。鬼ヶ島へ出発する前に受け取れますか。

        桃太郎
        """,
        priority=HIGH,
        tags=["配送"],
        steps=[
            Assign("18 09:45", AGENT),
            Reply(
                "19 09:45",
                """
                桃太郎様

                ご不便をおかけして申し訳ございません。三つ目のキットは本日、速達で
                発送いたしました。ご出発には間に合います。

                Teo
                """,
                then=PENDING,
            ),
            Said("21 15:40", "届きました。雉がとても喜んでいます。お礼にきびだんごを送ります。"),
        ],
    ),
)
