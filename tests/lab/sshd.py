"""The real sshd with our PAM stack, and the real ssh in front of it.

SPDX-License-Identifier: Apache-2.0
"""
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lab import changes, people, places
from lab.places import LabError
from lab.service import Service, answers_tcp
from lab.terminal import Conversation, converse

CONFIG = places.RUN / "sshd_config"
_HOST_KEY = places.RUN / "ssh_host_ed25519_key"
_KNOWN_HOSTS = places.RUN / "ssh_known_hosts"

SSHD = Service(
    "sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", CONFIG],
    ready=lambda: answers_tcp(places.JUMP[0], places.ssh_port()))


def set_up():
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(_HOST_KEY)], check=True)
    changes.directory("/run/sshd")
    CONFIG.write_text(f"""\
Port {places.ssh_port()}
ListenAddress {places.JUMP[0]}
ListenAddress {places.JUMP_PASSWORD}
HostKey {_HOST_KEY}
PidFile none
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
PubkeyAuthentication yes
PermitRootLogin yes
PrintMotd no
UseDNS no
MaxStartups 200
MaxSessions 50
LogLevel VERBOSE
SetEnv AWS_PAGER=cat
Match LocalAddress {places.JUMP_PASSWORD}
    PasswordAuthentication yes
""")
    key = Path(f"{_HOST_KEY}.pub").read_text().split()
    names = ("jump", places.JUMP[1], places.JUMP_PASSWORD)
    hosts = names if places.ssh_port() == 22 else [f"[{n}]:{places.ssh_port()}" for n in names]
    _KNOWN_HOSTS.write_text(f"{','.join(hosts)} {key[0]} {key[1]}\n")
    changes.write("/etc/ssh/ssh_config.d/awsfed-lab.conf", f"""\
Host {" ".join(names)}
    Port {places.ssh_port()}
    GlobalKnownHostsFile {_KNOWN_HOSTS}
    UserKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    NumberOfPasswordPrompts 1
""")
    SSHD.start()


def _ssh(user, *options, host="jump"):
    """Of an option that is said twice, ssh takes the first."""
    return ["/usr/bin/ssh", *options, "-o", "PreferredAuthentications=keyboard-interactive", "-l", user, host]


def login(user, *answers, command="true", host="jump", options=(), timeout=30):
    """ssh as a person would, answering its prompts in turn; the Outcome of it and of the command."""
    return converse([*_ssh(user, *options, host=host), command], answers, timeout)


def password_login(user, password, command="true"):
    """ssh by the `password` method, for which sshd answers every prompt of PAM with the same string."""
    return login(user, password, command=command, host=places.JUMP_PASSWORD,
                 options=("-o", "PreferredAuthentications=password"))


def authorize_key(user):
    """A key pair with which the user may log in; the private key's file."""
    key = places.RUN / f"ssh-key-{user}"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    uid = people.person(user).uid
    folder = Path("/home") / user / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(f"{key}.pub", folder / "authorized_keys")
    for path in (folder, folder / "authorized_keys"):
        os.chown(path, uid, uid)
    return key


def key_login(user, command="true"):
    """ssh by public key, as a person who is asked nothing."""
    key = authorize_key(user)
    return login(user, command=command, options=("-i", str(key), "-o", "PreferredAuthentications=publickey"))


@dataclass
class Ran:
    status: int
    out: str
    err: str


class Session:
    """
    One ssh login that stays open; each run() is a further channel on it, so that sshd has authenticated once
    and PAM has opened one session. Use it in `with`.
    """

    def __init__(self, user, *answers, options=(), timeout=30):
        self.user = user
        self.folder = tempfile.mkdtemp(prefix="ssh-", dir=places.RUN)
        self.socket = f"{self.folder}/s"
        self.master = Conversation(
            [*_ssh(user, "-M", "-S", self.socket, *options), "echo in; exec cat"], timeout)
        for text in answers:
            if self.master.next_prompt() is None:
                break
            self.master.answer(text)
        self.greeting = self.master.read_until(r"(?m)^in\r?$")
        if not self.greeting.rstrip().endswith("in"):
            raise LabError(f"{user} cannot log in: {self.master.outcome.transcript}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def run(self, command, timeout=60, text_in=""):
        done = subprocess.run(
            ["/usr/bin/ssh", "-S", self.socket, f"{self.user}@jump", command],
            text=True, capture_output=True, timeout=timeout, input=text_in, env={"PATH": places.PATH})
        return Ran(done.returncode, done.stdout, done.stderr)

    def terminal(self, command, *answers, timeout=30):
        """Run a command of this session on a terminal, answering its prompts."""
        return converse(["/usr/bin/ssh", "-tt", "-S", self.socket, f"{self.user}@jump", command],
                        answers, timeout)

    def close(self):
        """End the connection and wait until it is gone."""
        subprocess.run(["/usr/bin/ssh", "-S", self.socket, "-O", "exit", f"{self.user}@jump"],
                       capture_output=True, env={"PATH": places.PATH})
        self.master.close()
        shutil.rmtree(self.folder, ignore_errors=True)
