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
LAB = HERE / "lab"
ENVIRONMENT = {**os.environ, "LAB_NAME": "lab-of-test"}

# A machine to work in place on: everything that it could change lies in overlays, and it has a network of
# its own, but no right to make namespaces or mounts, as in a plain container.
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


def lab(*words):
    done = subprocess.run([LAB, *words], env=ENVIRONMENT, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def snapshot():
    done = subprocess.run([sys.executable, HERE / "snapshot.py"], text=True, capture_output=True, check=True)
    return done.stdout.splitlines()


def differences(before, after):
    return sorted({f"- {line}" for line in set(before) - set(after)} | {f"+ {line}" for line in set(after) - set(before)})


@pytest.fixture(autouse=True)
def root():
    assert os.geteuid() == 0, "this test makes a lab: run it as root"


def test_up_and_down_in_namespaces_change_nothing():
    """A whole life of a lab, with a login in it, and the host's files, mounts and addresses are the same."""
    def mounts_and_addresses():
        addresses = subprocess.run(["ip", "address"], text=True, capture_output=True, check=True).stdout
        return Path("/proc/self/mountinfo").read_text(), [
            line for line in addresses.splitlines() if "valid_lft" not in line]

    files, others = snapshot(), mounts_and_addresses()
    lab("up")
    try:
        told = lab("run", sys.executable, "-c", (
            "from lab import codes, people, sshd\n"
            "print(sshd.login('alice', people.person('alice').password, codes.fresh('alice'),"
            " command='sudo -n true; touch in-home /var/tmp/left; id -un').output)"))
    finally:
        lab("down")
    assert told.split()[-1] == "alice"
    assert differences(files, snapshot()) == []
    assert mounts_and_addresses() == others


def in_a_plain_container(tmp_path, script):
    """Run a script there; $LAB is the lab's command and $SNAPSHOT prints the listing."""
    environment = {**ENVIRONMENT, "LAB": str(LAB), "SNAPSHOT": f"{sys.executable} {HERE / 'snapshot.py'} /etc /run /var /home"}
    done = subprocess.run(
        ["unshare", "-mnpif", "--mount-proc", "--propagation", "private", "sh", "-c", PLAIN_CONTAINER, "sh",
         str(tmp_path), script],
        env=environment, text=True, capture_output=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_in_place_everything_is_put_back(tmp_path):
    """Without the right to make namespaces the lab says so, works, and undoes what it did."""
    told = in_a_plain_container(tmp_path, """
        $SNAPSHOT >/tmp/before.$$
        $LAB up
        getent passwd alice
        $LAB run /usr/bin/python3 -c "
from lab import codes, people, sshd
print(sshd.login('alice', people.person('alice').password, codes.fresh('alice'), command='id -un').output)"
        $LAB down
        test ! -e /dev/log
        $SNAPSHOT >/tmp/after.$$
        diff /tmp/before.$$ /tmp/after.$$
        rm /tmp/before.$$ /tmp/after.$$
        """)
    assert "in place" in told
    assert "alice:x:2001:" in told


def test_in_place_a_crash_is_undone_by_the_next_down(tmp_path):
    """The journal of changes outlives the processes: everything is killed, then `down` puts it all back."""
    told = in_a_plain_container(tmp_path, """
        $SNAPSHOT >/tmp/before.$$
        $LAB up
        kill -9 $(cat /run/awsfed-lab/*.pid | cut -d' ' -f1)
        $LAB down
        test ! -e /dev/log
        $SNAPSHOT >/tmp/after.$$
        diff /tmp/before.$$ /tmp/after.$$
        rm /tmp/before.$$ /tmp/after.$$
        """)
    assert "the lab is down" in told
