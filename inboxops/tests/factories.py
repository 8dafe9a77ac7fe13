"""Rows for tests, made by the actions wherever there is one: a test world obeys the same rules as the real one."""

import factory

from accounts.actions import create_user
from accounts.actors import operator
from tickets.actions import Person, create_ticket
from workspaces.actions import add_member, create_workspace
from workspaces.models import Role


class UserFactory(factory.Factory):
    class Meta:
        model = dict

    email = factory.Sequence(lambda n: f"person{n}@team.example")
    name = factory.Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class, **kwargs):
        return create_user(actor=operator(), **kwargs)


class WorkspaceFactory(factory.Factory):
    class Meta:
        model = dict

    slug = factory.Sequence(lambda n: f"team-{n}")
    name = factory.Sequence(lambda n: f"Team {n}")

    @classmethod
    def _create(cls, model_class, **kwargs):
        return create_workspace(actor=operator(), **kwargs)


class MembershipFactory(factory.Factory):
    class Meta:
        model = dict

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.AGENT

    @classmethod
    def _create(cls, model_class, workspace, **kwargs):
        return add_member(workspace, actor=operator(), **kwargs)


class TicketFactory(factory.Factory):
    class Meta:
        model = dict

    workspace = factory.SubFactory(WorkspaceFactory)
    subject = factory.Sequence(lambda n: f"Question {n}")
    body = "Where is my order?"
    requester = factory.Sequence(lambda n: Person(f"customer{n}@shop.example", f"Customer {n}"))
    actor = factory.LazyFunction(operator)

    @classmethod
    def _create(cls, model_class, workspace, **kwargs):
        return create_ticket(workspace, **kwargs)
