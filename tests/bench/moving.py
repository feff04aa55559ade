#!/usr/bin/python3
"""
How long does everybody's move take, and in how much memory? 100,000 people from SQLite to PostgreSQL: awsfed-admin mfa export and
mfa import by a bridge that runs as it always does, while somebody logs in again and again; the longest of their logins is told.
Prints, asserts nothing. Run in the lab: tests/lab/lab run /usr/bin/python3 tests/bench/moving.py [PEOPLE]
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from asker import authenticate  # noqa: E402
from lab import accounts, awsfed, codes, people, places, postgres  # noqa: E402
import mfa as bench  # noqa: E402


class Visitor(threading.Thread):
    """Somebody who tries a wrong code all the time; what the longest answer took beyond the second that a denial takes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.person, self.longest, self.over = people.take(), 0.0, threading.Event()
        codes.enrol(self.person.name)

    def run(self):
        while not self.over.is_set():
            begin = time.monotonic()
            authenticate(self.person.name, self.person.password, codes.wrong(self.person.name))
            self.longest = max(self.longest, time.monotonic() - begin)


def timed(*words):
    """Run awsfed-admin mfa; seconds, and the largest it was, in MiB."""
    begin = time.monotonic()
    done = subprocess.run(["/usr/bin/time", "-f", "%M", "awsfed-admin", "mfa", *map(str, words)], text=True,
                          capture_output=True, env={"PATH": places.PATH})
    took = time.monotonic() - begin
    if done.returncode:
        sys.exit(done.stderr)
    visible = (done.stdout.strip() or done.stderr.splitlines()[0])
    return took, int(done.stderr.split()[-1]) / 1024, visible


def bridge_peak():
    """The largest that the bridge's processes together have been since their start, in MiB."""
    total = 0
    for pid in awsfed.BRIDGE.members():
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        total += int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
    return total / 1024


def enrol(folder, people_wanted):
    """Fill the bridge's own store, as its user and with its key."""
    uid = accounts.BRIDGE_USER[1]
    key = folder / "seal.key"
    key.write_text((awsfed.CONFIG / "keys/seal.key").read_text())
    key.chmod(0o600)
    os.chown(key, uid, uid)
    subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--", bench.compile_tool(folder), "ours",
                    f"sqlite:{awsfed.STATE}/mfa.db", key, "/etc/pam.d", str(people_wanted), "0"], check=True)


def main():
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    folder = pathlib.Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    postgres.start()
    enrol(folder, wanted)
    awsfed.configure()
    for to, change in (("PostgreSQL", {"mfa": {"store": postgres.URI}}), ("SQLite", None)):
        parcel = folder / f"parcel-{to}"
        took, size, said = timed("export", parcel)
        print(f"export to {to}: {said}: {took:.1f} s, the command {size:.0f} MiB, the bridge and its keeper {bridge_peak():.0f} MiB, "
              f"the file {parcel.stat().st_size / 2**20:.0f} MiB")
        awsfed.configure(change)
        visitor = Visitor()
        visitor.start()
        took, size, said = timed("import", "--format", "sealed", "--replace", parcel)
        visitor.over.set()
        visitor.join()
        print(f"import into {to}: {said}: {took:.1f} s, the command {size:.0f} MiB, the bridge and its keeper {bridge_peak():.0f} MiB; "
              f"the longest login meanwhile {visitor.longest:.1f} s")
    awsfed.configure()


if __name__ == "__main__":
    main()
