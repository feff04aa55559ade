"""Who there is: the directory's people and groups, and the accounts of the jump host.

Each person is a case: what is special about them is said once, here, and the directory, the
accounts and the tests take it from here. The passwords are known to the lab alone.
SPDX-License-Identifier: Apache-2.0
"""
from dataclasses import dataclass

from lab import places
from lab.places import LabError

SERVICE_NAME = "svc-awsfed"
SERVICE_PASSWORD = "Svc-bind-4-lookups"
ADMINISTRATOR_PASSWORD = "Lab-administrator-7"
BREAKGLASS = "breakglass"
BREAKGLASS_PASSWORD = "Glass-to-break-9"
BREAKGLASS_UID = 1999

# Distinguished-name parts of the folders of the tree, below the domain.
OUS = ("OU=People", "OU=Groups", "OU=Impostors", "OU=Services")


@dataclass(frozen=True)
class Person:
    name: str
    groups: tuple = ()
    state: str = "good"  # good, disabled, expired, must-change, locked, password-expired
    uid: int = 0  # 0 = no account made for them on the jump host
    enrolled: bool = True

    @property
    def password(self):
        return f"{self.name.capitalize()}'s secret-42"

    @property
    def dn(self):
        return f"CN={self.name},OU=People,DC=corp,DC=example,DC=com"


@dataclass(frozen=True)
class Group:
    name: str  # sAMAccountName
    ou: str = "OU=Groups"
    cn: str = ""  # name if empty
    groups: tuple = ()  # it is a member of these

    @property
    def dn(self):
        return f"CN={self.cn or self.name},{self.ou},DC=corp,DC=example,DC=com"


GROUPS = (
    Group("AWS-Prod-Admins"),
    Group("AWS-Dev-ReadOnly"),
    Group("Platform", groups=("AWS-Prod-Admins",)),
    Group("Staff"),
    Group("AWS-Billing"),  # nobody is in it: a role that exists and is nobody's
    # The same name elsewhere in the tree (I-21); AD keeps only sAMAccountName apart.
    Group("Not-AWS-Prod-Admins", ou="OU=Impostors", cn="AWS-Prod-Admins"),
    Group("Not-AWS-Dev-ReadOnly", ou="OU=Impostors", cn="AWS-Dev-ReadOnly"),
)

THROW_AWAY = tuple(
    Person(f"u{n:02}", ("Staff", "AWS-Dev-ReadOnly"), uid=2100 + n) for n in range(1, 401)
)

# So many that a careless client would need a request for each.
MANY_GROUPS = 1500

PEOPLE = (
    Person("alice", ("Platform", "AWS-Dev-ReadOnly", "Staff"), uid=2001),
    Person("bob", ("Staff",), uid=2002),
    Person("carol", ("AWS-Dev-ReadOnly",), "disabled", uid=2003),
    Person("dave", ("AWS-Dev-ReadOnly",), "expired", uid=2004),
    Person("erin", ("AWS-Dev-ReadOnly",), "must-change", uid=2005),
    Person("frank", ("AWS-Dev-ReadOnly",), "locked", uid=2006),
    Person("gina", ("AWS-Dev-ReadOnly",), "password-expired", uid=2007),
    Person("ivan", ("AWS-Dev-ReadOnly",), uid=2008, enrolled=False),
    Person("mallory", ("Not-AWS-Prod-Admins", "Not-AWS-Dev-ReadOnly"), uid=2009),
    Person("norman", ("AWS-Dev-ReadOnly",), uid=2010),  # and in MANY_GROUPS others
    # In the directory, but the host knows the name as a system account (I-20) or not at all.
    Person("backup", ("AWS-Prod-Admins",), enrolled=False),
    Person("zoe", ("AWS-Dev-ReadOnly",), enrolled=False),
) + THROW_AWAY

@dataclass(frozen=True)
class OfLabs:
    """Somebody of the second domain. Groups are theirs there, whatever has the same name in the first."""
    name: str
    groups: tuple = ()
    upn: str = ""

    @property
    def password(self):
        return f"{self.name.capitalize()}'s labs-secret-42"


DEEP = 200  # groups in one another, Deep-000 in Deep-001 in Deep-002…

OF_LABS = (
    OfLabs("alice", ("AWS-Prod-Admins", "Ops")),  # a namesake
    OfLabs("olga", ("Ops", "Deep-000"), "olga.long@example.org"),
)

BY_NAME = {person.name: person for person in PEOPLE}


def person(name):
    return BY_NAME[name]


def take():
    """A throw-away person whom nobody was given before: no watermark, no failures."""
    taken = places.RUN / "taken"
    taken.mkdir(exist_ok=True)
    for candidate in THROW_AWAY:
        try:
            (taken / candidate.name).touch(exist_ok=False)
            return candidate
        except FileExistsError:
            pass
    raise LabError("all throw-away people are taken: people.py can make more")
