"""The lab leaves the machine as it found it, in namespaces and in place. Run outside of the lab, as root.

SPDX-License-Identifier: Apache-2.0
"""
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from lab import namespaces  # noqa: E402

LAB = HERE / "lab"
ENVIRONMENT = {**os.environ, "LAB_NAME": "lab-of-test"}

POSSIBLE = namespaces.possible()

# Mounts and addresses as a host has them, shared with whoever is started, but which nobody else changes meanwhile.
LIFE = """
mount -n --make-rshared /
ip link set lo up
note() { cat /proc/self/mountinfo; ip address; }
note >$NOTES/before
$LAB up
trap '$LAB down' EXIT
$LAB run /usr/bin/python3 -c "$SCRIPT"
trap - EXIT
$LAB down
note >$NOTES/after
diff $NOTES/before $NOTES/after
"""

# A machine to work in place on, where this one allows namespaces: everything that it could change lies in overlays, and
# it has a network of its own, but no right to make namespaces or mounts, as in a plain container.
PLAIN_CONTAINER = """
set -e
stage=$1; shift
mount -n -t tmpfs none "$stage"
for folder in etc var usr/local run root home; do
    mkdir -p "$stage/$folder" "$stage/.u/$folder" "$stage/.w/$folder"
    mount -n -t overlay none -o "lowerdir=/$folder,upperdir=$stage/.u/$folder,workdir=$stage/.w/$folder" "$stage/$folder"
    mount -n --move "$stage/$folder" "/$folder"
done
mkdir "$stage/dev"
mount -n -t tmpfs none "$stage/dev"
for node in null zero full random urandom tty; do
    touch "$stage/dev/$node"
    mount -n --bind "/dev/$node" "$stage/dev/$node"
done
mknod -m 666 "$stage/dev/ptmx" c 5 2
mkdir "$stage/dev/pts" "$stage/dev/shm"
mount -n --rbind /dev/pts "$stage/dev/pts"
ln -s /proc/self/fd "$stage/dev/fd"
mount -n --move "$stage/dev" /dev
ip link set lo up
exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin -- sh -ec "$@"
"""


def snapshot():
    done = subprocess.run([sys.executable, HERE / "snapshot.py"], text=True, capture_output=True, check=True)
    return done.stdout.splitlines()


def differences(before, after):
    return sorted({f"- {line}" for line in set(before) - set(after)} | {f"+ {line}" for line in set(after) - set(before)})


@pytest.fixture(autouse=True)
def root():
    assert os.geteuid() == 0, "this test makes a lab: run it as root"


@pytest.mark.skipif(not POSSIBLE, reason="this machine refuses namespaces; what is done in place is proved below")
def test_up_and_down_in_namespaces_change_nothing(tmp_path):
    """A whole life of a lab, with a login in it, and the host's files, mounts and addresses are the same."""
    files = snapshot()
    done = subprocess.run(
        ["unshare", "-mn", "--propagation", "private", "sh", "-ec", LIFE], text=True, capture_output=True, timeout=120,
        env={**ENVIRONMENT, "LAB": str(LAB), "NOTES": str(tmp_path), "SCRIPT": (
            "from lab import codes, people, sshd\n"
            "print(sshd.login('alice', people.person('alice').password, codes.fresh('alice'),"
            " command='sudo -n true; touch in-home /var/tmp/left; id -un').output)")})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split()[-1] == "alice"
    assert differences(files, snapshot()) == []


# Around each script: what is there afterwards is what was there before; a process may take a moment to end.
AROUND = """
note() { $SNAPSHOT >$1; ls -d /dev/log >>$1 2>&1 || true; }
note $NOTES/before
%s
for _ in $(seq 50); do
    note $NOTES/after
    cmp -s $NOTES/before $NOTES/after && break
    sleep 0.1
done
diff $NOTES/before $NOTES/after
"""


def in_a_plain_container(tmp_path, script):
    """Run a script there, which is here when this machine is one, and see that nothing is left; $LAB is the lab's command."""
    notes, stage = tmp_path / "notes", tmp_path / "stage"
    notes.mkdir()
    stage.mkdir()
    environment = {**ENVIRONMENT, "LAB": str(LAB), "NOTES": str(notes), "SNAPSHOT": " ".join(
        map(str, (sys.executable, "-B", HERE / "snapshot.py", "processes", "/etc", "/run", "/var", "/home", "/usr/local/bin",
                  "/usr/local/sbin")))}
    inside = ["unshare", "-mnpif", "--mount-proc", "--propagation", "private", "sh", "-c", PLAIN_CONTAINER, "sh", str(stage)]
    done = subprocess.run([*(inside if POSSIBLE else ["sh", "-ec"]), AROUND % script],
                          env=environment, text=True, capture_output=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_in_place_everything_is_put_back(tmp_path):
    """Without the right to make namespaces the lab says so, works, and undoes what it did."""
    told = in_a_plain_container(tmp_path, """
        $LAB up
        getent passwd alice
        $LAB run /usr/bin/python3 -c "
from lab import codes, people, sshd
print(sshd.login('alice', people.person('alice').password, codes.fresh('alice'), command='id -un').output)"
        $LAB down
        """)
    assert "in place" in told
    assert "alice:x:2001:" in told


def test_in_place_who_is_told_to_end_undoes_it(tmp_path):
    """By a terminal that closes, by a container that is stopped: `run` takes down what it brought up."""
    told = in_a_plain_container(tmp_path, """
        for signal in TERM HUP; do
            $LAB run /usr/bin/python3 -c "
import time
from lab.service import Service
Service('left-by-a-test', ['sleep', '60'], ready=lambda: True).start()
open('$NOTES/up', 'w').write('up')
time.sleep(60)" &
            for _ in $(seq 600); do [ -s $NOTES/up ] && break; sleep 0.1; done
            rm $NOTES/up
            kill -s $signal $!
            wait $! && exit 1
            test ! -e /run/awsfed-lab
        done
        """)
    assert told.count("the lab is down") == 2


def test_in_place_a_crash_is_undone_by_the_next_down(tmp_path):
    """The journal of changes outlives the processes: everything is killed, then `down` puts it all back."""
    told = in_a_plain_container(tmp_path, """
        $LAB up
        kill -9 $(cat /run/awsfed-lab/*.pid | cut -d' ' -f1)
        $LAB down
        """)
    assert "the lab is down" in told
