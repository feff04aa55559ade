"""PAM service files of the jump host: the ones that people enter by.

Root and the local users are ignored by pam_awsfed and go on to pam_unix; everybody else's fate is decided by
pam_awsfed alone. Only `ignore` moves on: an error of any kind denies.
SPDX-License-Identifier: Apache-2.0
"""
from lab import changes, places

SERVICES = ("sshd", "su", "sudo", "login", "passwd")

_STACK = """\
auth      [success=done ignore=ignore default=die]                        {module}
auth      required    pam_unix.so
account   [success=ok new_authtok_reqd=ok ignore=ignore default=die]      {module}
account   required    pam_unix.so
password  [success=done ignore=ignore default=die]                        {module}
password  required    pam_unix.so sha512
session   required    {module}
session   optional    pam_unix.so
"""
_BEFORE = {
    "su": "auth      sufficient  pam_rootok.so\n",
    "login": "auth      requisite   pam_nologin.so\n",
    "sshd": "account   required    pam_nologin.so\n",
}


def write(service, options="", stack=_STACK):
    """A service file; options go to each line of pam_awsfed."""
    module = f"{places.PAM_MODULE} {options}".strip()
    changes.write(f"/etc/pam.d/{service}", _BEFORE.get(service, "") + stack.format(module=module))


def write_sample(service):
    """The service file that administrators are given, with the module that was built."""
    sample = (places.REPO / "conf" / "pam.d" / service).read_text()
    changes.write(f"/etc/pam.d/{service}", sample.replace("pam_awsfed.so", str(places.PAM_MODULE)))


def set_up():
    for service in SERVICES:
        write(service)
