import pytest

from accounts.actions import change_password, create_user
from accounts.actors import operator
from accounts.models import AccountEvent
from inboxops.errors import Invalid

PASSWORD = "correct horse battery"


@pytest.fixture
def user(db):
    return create_user(email="eve@team.example", password="the password before", actor=operator())


def test_the_new_password_counts_and_the_old_one_does_not(user):
    user = change_password(user, password=PASSWORD, actor=operator())

    assert user.check_password(PASSWORD)
    assert not user.check_password("the password before")
    assert AccountEvent.objects.filter(user=user, kind="user.password_changed").count() == 1


def test_an_unsafe_one_changes_nothing(user):
    with pytest.raises(Invalid):
        change_password(user, password="short", actor=operator())

    user.refresh_from_db()
    assert user.check_password("the password before")
    assert not AccountEvent.objects.filter(kind="user.password_changed").exists()
