import uuid

import pytest

from accounts.actors import Access, Actor, Door, operator, system
from inboxops.errors import Forbidden, NotFound

HERE, ELSEWHERE = uuid.UUID(int=1), uuid.UUID(int=2)


def actor_with(access):
    return Actor(door=Door.API, access=access, workspace_id=HERE)


@pytest.mark.parametrize("has", Access)
@pytest.mark.parametrize("needed", Access)
def test_each_level_includes_the_ones_below(has, needed):
    if has >= needed:
        actor_with(has).must(needed, HERE)
    else:
        with pytest.raises(Forbidden, match=needed.name.lower()):
            actor_with(has).must(needed, HERE)


@pytest.mark.parametrize("access", Access)
def test_elsewhere_there_is_nothing_however_far_the_rights_reach(access):
    with pytest.raises(NotFound):
        actor_with(access).must(Access.READ, ELSEWHERE)


@pytest.mark.parametrize(("actor", "door"), [(operator, Door.COMMAND), (system, Door.SYSTEM)])
def test_ops_and_the_program_itself_may_act_everywhere(actor, door):
    for workspace_id in (HERE, ELSEWHERE):
        actor().must(Access.ADMIN, workspace_id)
    assert (actor().door, actor().user_id, actor().token_id) == (door, None, None)
