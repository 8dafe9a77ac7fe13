from tickets.models import TicketEvent


def test_an_archived_ticket_leaves_the_inbox_and_comes_back(api, ticket):
    archived = api.post(f"tickets/{ticket.pk}/archive")

    assert archived.status_code == 200
    assert archived.json()["archivedAt"] is not None
    assert api.get("tickets").json() == []
    assert api.get("tickets", {"search": "lamp"}).json() == []
    assert [row["id"] for row in api.get("tickets", {"archived": "true"}).json()] == [str(ticket.pk)]
    assert [row["id"] for row in api.get("tickets", {"archived": "all"}).json()] == [str(ticket.pk)]

    assert api.post(f"tickets/{ticket.pk}/unarchive").json()["archivedAt"] is None
    assert len(api.get("tickets").json()) == 1


def test_repeats_are_harmless_and_leave_no_trace(api, ticket):
    for verb, kind in (("archive", "ticket.archived"), ("unarchive", "ticket.unarchived")):
        first = api.post(f"tickets/{ticket.pk}/{verb}").json()
        assert api.post(f"tickets/{ticket.pk}/{verb}").json() == first
        assert TicketEvent.objects.filter(kind=kind).count() == 1


def test_the_status_is_another_matter(api, ticket):
    api.post(f"tickets/{ticket.pk}/archive")

    assert api.get(f"tickets/{ticket.pk}").json()["status"] == "open"


def test_an_empty_object_is_as_good_as_no_body(api, ticket, problem):
    assert api.post(f"tickets/{ticket.pk}/archive", {}).status_code == 200
    problem(api.post(f"tickets/{ticket.pk}/archive", {"when": "now"}), 400, "invalid")
