"""`/v1/docs`, as a person sees it."""

import pytest
from playwright.sync_api import expect

from inboxops.api.document import document

OPERATIONS = [
    (path, method, operation) for path, item in document()["paths"].items() for method, operation in item.items()
]


@pytest.fixture
def docs(page):
    page.goto("/v1/docs")
    expect(page.locator(".opblock")).to_have_count(len(OPERATIONS))
    return page


def test_every_call_is_shown(docs):
    for path, method, operation in OPERATIONS:
        block = docs.locator(f".opblock-{method}", has=docs.locator(f'[data-path="{path}"]'))
        expect(block.locator(".opblock-summary-description")).to_have_text(operation["summary"])
    expect(docs.locator(".errors-wrapper")).to_have_count(0)


def test_a_call_can_be_tried_with_a_token(docs, told):
    docs.get_by_role("button", name="Authorize").click()
    docs.get_by_label("Value").fill(told["token"])
    docs.locator(".auth-btn-wrapper button.authorize").click()
    docs.locator(".auth-btn-wrapper button.btn-done").click()

    block = docs.locator("#operations-Tickets-listTickets")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()

    answer = block.locator(".live-responses-table .response").first
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    expect(answer).to_contain_text('"ticketNumber"')
