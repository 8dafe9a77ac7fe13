import pytest

from accounts.actions import grant_staff
from accounts.actors import operator
from accounts.models import AccountEvent
from inboxops.tests.factories import UserFactory


@pytest.fixture
def user(db):
    return UserFactory()


def test_a_user_is_let_into_the_back_office_and_no_further(user):
    user = grant_staff(user, actor=operator())

    assert (user.is_staff, user.is_superuser) == (True, False)


def test_twice_is_one_event(user):
    grant_staff(user, actor=operator())
    grant_staff(user, actor=operator())

    assert AccountEvent.objects.filter(user=user, kind="user.staff_granted").count() == 1
