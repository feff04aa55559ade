"""Where things are: the tree, the build, and the lab's own addresses and files.

SPDX-License-Identifier: Apache-2.0
"""
import os
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("AWSFED_BUILD") or REPO / "build").resolve()
HERE = REPO / "tests" / "lab"
CACHE = BUILD / "lab-cache"  # provisioned domains, kept between runs
STATE = BUILD / os.environ.get("LAB_NAME", "lab")  # the running lab, as seen from the host
LOGS = STATE / "log"  # outlive the lab, so that a failure can be read about
SYSTEM_LOG = LOGS / "system.log"  # what was sent to /dev/log

RUN = Path("/run/awsfed-lab")  # inside the lab; that it exists is how one knows to be inside
PKI = RUN / "pki"


@dataclass(frozen=True)
class Domain:
    name: str
    netbios: str

    @property
    def realm(self):
        return self.name.upper()

    @property
    def base_dn(self):
        return ",".join(f"DC={label}" for label in self.name.split("."))


CORP = Domain("corp.example.com", "CORP")
LABS = Domain("labs.example.net", "LABS")  # the second one, for tests that ask for it
REALM, DOMAIN, NETBIOS, BASE_DN = CORP.realm, CORP.name, CORP.netbios, CORP.base_dn

JUMP = ("127.0.0.1", "jump.corp.example.com")
JUMP_PASSWORD = "127.0.0.2"  # the same sshd with PasswordAuthentication yes
DC1 = ("127.0.0.10", "dc1.corp.example.com")
LABS1 = ("127.0.0.11", "labs1.labs.example.net")
STRANGER = ("127.0.0.12", "stranger.corp.example.com")  # a slapd, for referrals
JOINED_NAME = "JUMP"  # the jump host's own account in the domain, for those who bind with its keytab
DB = ("127.0.0.30", "db.corp.example.com")  # where a test wants PostgreSQL
REGION = "eu-central-1"
STS = ("127.0.0.20", f"sts.{REGION}.amazonaws.com", "sts.us-east-1.amazonaws.com",
       "signin.aws.amazon.com", "iam.amazonaws.com")

# Where AWS has the instance's metadata and its containers' credentials, and where a lab in place has them, which may
# not take such addresses.
METADATA = ("169.254.169.254", "169.254.170.2")
METADATA_NEARBY = ("127.0.0.40", "127.0.0.41")

OTHER_REGION = "us-east-1"  # where STS is tried next

PAM_MODULE = BUILD / "pam_awsfed.so"
BRIDGE = BUILD / "awsfed-bridge"
LOGIN = BUILD / "awsfed-login"
ADMIN = BUILD / "awsfed-admin"

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class LabError(Exception):
    """Something of the lab did not work; the text is for a person."""


def inside():
    return RUN.is_dir()


def in_place():
    """Inside a lab without namespaces: ports and /etc are the host's."""
    return (RUN / "in-place").exists()


def ssh_port():
    return 2222 if in_place() else 22
