import pytest
from django.contrib.auth import authenticate

from accounts.actions import create_user
from accounts.actors import operator
from accounts.errors import EmailTaken
from accounts.models import AccountEvent, User
from inboxops.errors import Invalid

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


def test_a_user_is_known_by_the_address_and_has_an_event():
    user = create_user(email=" Eve@team.example ", name=" Eve ", actor=operator())

    assert (user.email, user.name, user.is_staff, user.is_superuser) == ("Eve@team.example", "Eve", False, False)
    event = AccountEvent.objects.get(user=user)
    assert (event.kind, event.actor_label) == ("user.created", "command line")


def test_without_a_password_nobody_can_log_in():
    user = create_user(email="eve@team.example", actor=operator())

    assert not user.has_usable_password()
    assert authenticate(username="eve@team.example", password="") is None


def test_the_login_does_not_care_about_case():
    create_user(email="Eve@team.example", password=PASSWORD, actor=operator())

    assert authenticate(username="eve@TEAM.example", password=PASSWORD) is not None
    assert authenticate(username="eve@team.example", password=PASSWORD.upper()) is None


def test_an_address_has_one_user_whatever_its_case():
    create_user(email="Eve@team.example", actor=operator())

    with pytest.raises(EmailTaken):
        create_user(email="eve@TEAM.example", actor=operator())
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "email", ["", "eve", "eve@", "@team.example", "eve@team", "a b@c.example", "x" * 250 + "@a.example"]
)
def test_what_is_no_address_is_refused(email):
    with pytest.raises(Invalid) as refused:
        create_user(email=email, actor=operator())

    assert [error.pointer for error in refused.value.errors] == ["/email"]


@pytest.mark.parametrize("password", ["", "short", "1234567890123", "password123", "eve@team.example"])
def test_an_unsafe_password_is_refused(password):
    with pytest.raises(Invalid) as refused:
        create_user(email="eve@team.example", password=password, actor=operator())

    assert [error.code for error in refused.value.errors] == ["weak_password"]
    assert not User.objects.exists()


def test_no_event_holds_the_password():
    create_user(email="eve@team.example", password=PASSWORD, actor=operator())

    assert PASSWORD not in str(list(AccountEvent.objects.values()))
