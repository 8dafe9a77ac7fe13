"""The workspace itself: read by its id, its slug or as `current`, renamed by its admins."""

import uuid

import pytest

from workspaces.models import WorkspaceEvent

URL = "/v1/workspaces/{}"


@pytest.fixture
def names(workspace):
    return {"id": str(workspace.pk), "ID": str(workspace.pk).upper(), "slug": workspace.slug}


def test_a_workspace_has_exactly_the_documented_fields(api, workspace):
    response = api.get(URL.format(workspace.slug))

    assert response.status_code == 200
    assert set(response.json()) == {"id", "slug", "name", "createdAt"}
    assert response.json()["id"] == str(workspace.pk)
    assert (response.json()["slug"], response.json()["name"]) == ("acme", "Acme Support")
    assert response.json()["createdAt"].endswith("Z")


@pytest.mark.parametrize("in_path", ["id", "ID", "slug"])
@pytest.mark.parametrize("in_header", ["id", "ID", "slug"])
def test_path_and_header_may_each_be_id_or_slug(api, names, in_path, in_header):
    response = api.get(URL.format(names[in_path]) + "/tickets", headers={"x-workspace-id": names[in_header]})

    assert response.status_code == 200


def test_a_missing_header_is_named(api, workspace, problem):
    problem(api.get(URL.format(workspace.slug), headers={"x-workspace-id": None}), 400, "workspace_header_missing")


@pytest.mark.parametrize(
    "header", ["", "rival", "acme,acme", "ACME", "current", "*", "00000000-0000-0000-0000-000000000000"]
)
def test_a_header_that_names_another_workspace_is_refused(api, workspace, problem, header):
    problem(api.get(URL.format(workspace.slug), headers={"x-workspace-id": header}), 400, "workspace_mismatch")


@pytest.mark.parametrize("path", ["rival", "ACME", "acme%20", "%61cmee", "0", "{hex}", "*"])
def test_a_path_that_names_another_workspace_is_refused(api, workspace, problem, path):
    response = api.get(URL.format(path.format(hex=workspace.pk.hex)), headers={"x-workspace-id": workspace.slug})

    problem(response, 400, "workspace_mismatch")


def test_path_and_header_that_agree_on_a_workspace_not_ours_are_not_found(api, problem):
    for name in ("rival", str(uuid.uuid4()), "current-of-nobody"):
        problem(api.get(URL.format(name), headers={"x-workspace-id": name}), 404, "not_found")


# Current


@pytest.mark.parametrize("header", [None, "id", "ID", "slug"])
def test_current_needs_no_header_and_takes_a_right_one(api, workspace, names, header):
    response = api.get(URL.format("current"), headers={"x-workspace-id": names.get(header)})

    assert response.json()["id"] == str(workspace.pk)


@pytest.mark.parametrize("header", ["", "rival", "nobody", "current", "ACME"])
def test_current_refuses_a_header_that_is_wrong(api, problem, outsider, header):
    problem(api.get(URL.format("current"), headers={"x-workspace-id": header}), 400, "workspace_mismatch")


def test_current_is_no_name_for_a_workspace_elsewhere(api, problem):
    problem(api.get(URL.format("current/tickets"), headers={"x-workspace-id": "current"}), 404, "not_found")
    problem(api.get(URL.format("current/members")), 400, "workspace_mismatch")


# Renaming


def test_an_admin_renames_the_workspace(admin_api, workspace):
    response = admin_api.patch(URL.format(workspace.slug), {"name": "  Acme & Söhne "})

    assert response.json()["name"] == "Acme & Söhne"
    workspace.refresh_from_db()
    assert (workspace.name, workspace.slug) == ("Acme & Söhne", "acme")
    event = WorkspaceEvent.objects.get(kind="workspace.renamed")
    assert event.data == {"before": "Acme Support", "after": "Acme & Söhne"}
    assert (event.door, event.actor_id, event.token_id) == ("api", admin_api.membership.user_id, admin_api.row.pk)


def test_the_same_name_again_is_no_event(admin_api, workspace):
    assert admin_api.patch(URL.format(workspace.slug), {"name": workspace.name}).status_code == 200
    assert not WorkspaceEvent.objects.filter(kind="workspace.renamed").exists()


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({}, "/name", "required"),
        ({"name": ""}, "/name", "blank"),
        ({"name": " \t "}, "/name", "blank"),
        ({"name": None}, "/name", "null"),
        ({"name": "x" * 201}, "/name", "too_long"),
        ({"name": "a", "slug": "b"}, "/slug", "unknown_field"),
        ({"name": "a", "id": "b"}, "/id", "unknown_field"),
    ],
)
def test_a_name_that_is_none_is_refused(admin_api, workspace, problem, sent, pointer, code):
    document = problem(admin_api.patch(URL.format(workspace.slug), sent), 400, "invalid")

    assert [(error["pointer"], error["code"]) for error in document["errors"]] == [(pointer, code)]
