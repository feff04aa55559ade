#!/usr/bin/python3
"""
What does a login cost? Logins a second through PAM in one process, with the real module, bridge, keeper, store and
domain controller, beside the raw libldap loop: the same bind and the same read on warm connections, and nothing else.
Beside nslcd's pam_ldap where it is installed. Each code works once, so each round has its own people.
Prints, asserts nothing. Run in the lab: tests/lab/lab run /usr/bin/python3 tests/bench/login.py
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lab import awsfed, certificates, codes, directory, names, people, places  # noqa: E402

AT_A_TIME = (1, 8, 32)
TURN = 50
PAM_LDAP = pathlib.Path(os.environ.get("PAM_LDAP", "/usr/lib/x86_64-linux-gnu/security/pam_ldap.so"))
STACK = "auth required {module}\naccount required {module}\n"


def compile_tool(folder):
    tool = folder / "login"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", str(tool), str(places.REPO / "tests/bench/login.c"),
                    "-lpam", "-lldap", "-llber", "-pthread"], check=True)
    return tool


def fresh_codes(who):
    """One for each; when the step is nearly over the next is waited for, so that all of a round are good."""
    left = codes.PERIOD - time.time() % codes.PERIOD
    if left < 10:
        time.sleep(left + 0.1)
    return [codes.fresh(person.name) for person in who]


def cpu_ms(service):
    """What a service's processes have used of the processors so far."""
    ticks = 0
    for pid in service.members():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


class Figures:
    """What several runs of one kind took together."""

    def __init__(self):
        self.seconds, self.took, self.refused = 0.0, [], 0
        self.bridge_ms = self.directory_ms = 0.0

    def run(self, tool, mode, threads, lines):
        before = cpu_ms(awsfed.BRIDGE), cpu_ms(directory.DC)
        done = subprocess.run([str(tool), *map(str, mode), str(threads)], input="".join(lines), text=True,
                              capture_output=True)
        self.bridge_ms += cpu_ms(awsfed.BRIDGE) - before[0]
        self.directory_ms += cpu_ms(directory.DC) - before[1]
        if done.returncode:
            raise SystemExit(f"{mode[0]} at {threads}: {done.returncode} {done.stderr}")
        seconds, *took = [float(word) for word in done.stdout.split()]
        self.seconds += seconds
        self.took += [one for one in took if one >= 0]
        self.refused += sum(one < 0 for one in took)

    @property
    def rate(self):
        return len(self.took) / self.seconds

    def show(self, what, threads, raw=None):
        ordered = sorted(self.took)
        p50, p95, p99 = (ordered[len(ordered) * part // 100] for part in (50, 95, 99))
        ratio = f"{self.rate / raw.rate:5.2f}" if raw else "     "
        print(f"{what:12} {threads:3}  {self.rate:7.1f}/s  p50 {p50:6.1f}  p95 {p95:6.1f}  p99 {p99:6.1f} ms  {ratio}"
              f"   CPU a login: bridge {self.bridge_ms / len(self.took):5.2f}, directory"
              f" {self.directory_ms / len(self.took):5.2f} ms"
              + (f"  {self.refused} REFUSED" if self.refused else ""), flush=True)


def compare(tool, folder, threads, who, uri):
    """In turns of some people each, so that whatever else the machine does falls on both alike."""
    raw, ours = Figures(), Figures()
    for first in range(0, len(who), TURN):
        turn = who[first:first + TURN]
        raw.run(tool, ("raw", uri, certificates.CA_FILE), threads,
                [f"{person.dn}\t{person.password}\t-\n" for person in turn])
        ours.run(tool, ("pam", folder, "awsfed"), threads,
                 [f"{person.name}\t{person.password}\t{code}\n" for person, code in zip(turn, fresh_codes(turn))])
    raw.show("libldap", threads)
    ours.show("pam_awsfed", threads, raw)


def main():
    who = [person for person in people.THROW_AWAY if not (places.RUN / "taken" / person.name).exists()]
    awsfed.configure({f"domain {places.DOMAIN}": {"connections": "32"}} if "--wide" in sys.argv else None)
    for person in who:
        codes.seed(person.name)
    with tempfile.TemporaryDirectory(dir=places.RUN) as name:
        folder = pathlib.Path(name)
        tool = compile_tool(folder)
        for service, module in (("awsfed", places.PAM_MODULE), ("ldap", PAM_LDAP)):
            (folder / service).write_text(STACK.format(module=module))
        uri = f"ldaps://{places.DC1[1]}"
        print(f"{len(who)} logins each, in turns; the ratio is to the raw loop's logins a second")
        # The first login of a person in a while costs AD a write of its own (lastLogonTimestamp).
        Figures().run(tool, ("raw", uri, certificates.CA_FILE), 8, [f"{p.dn}\t{p.password}\t-\n" for p in who])
        for threads in AT_A_TIME:
            compare(tool, folder, threads, who, uri)
        if PAM_LDAP.exists():
            names.come_from("nslcd")
            for threads in AT_A_TIME:
                figures = Figures()
                figures.run(tool, ("pam", folder, "ldap"), threads,
                            [f"{person.name}\t{person.password}\t-\n" for person in who])
                figures.show("pam_ldap", threads)
            names.come_back()
    awsfed.configure()


if __name__ == "__main__":
    main()
