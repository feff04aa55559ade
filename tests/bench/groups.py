#!/usr/bin/python3
"""
What do groups cost? A login of somebody in two groups of a small directory (the second domain of the lab), beside one of somebody
in 1,600 groups, 100 of them in one another, in a tree of 10,000. Passwords alone, so that no code has to be waited for; the
real bridge and domain controllers. The requests of a login are counted on the line, and what Samba takes to work tokenGroups out is
shown beside: that is its own, and most of a login with many.
Prints, asserts nothing. Run in the lab: tests/lab/lab run /usr/bin/python3 tests/bench/groups.py
SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from asker import ask  # noqa: E402
from lab import awsfed, directory, labs, people, places, tap  # noqa: E402
from login import cpu_ms  # noqa: E402

GROUPS, NESTED = 10000, 100


def add_groups():
    """The rest of the groups, straight into the files of a domain controller that stands still; seconds that it took."""
    begin = time.monotonic()
    samdb = directory.samdb()
    norman = people.person("norman").dn
    samdb.transaction_start()
    for n in range(GROUPS - people.MANY_GROUPS):
        entry = {"dn": f"CN=More-{n:05},OU=Groups,{places.BASE_DN}", "objectClass": "group",
                 "sAMAccountName": f"More-{n:05}"}
        if n < NESTED:
            entry["member"] = f"CN=More-{n - 1:05},OU=Groups,{places.BASE_DN}" if n else norman
        samdb.add(entry)
    samdb.transaction_commit()
    return time.monotonic() - begin


def login(name, password):
    got, _ = ask("AUTHENTICATE", USER=name, PASSWORD=password.encode(), FACTORS=1, SERVICE="bench", RHOST="192.0.2.1",
                 TTY="bench")
    if got != "OK":
        raise SystemExit(f"{name}: {got}")


def measure(what, logins, dc, config, name, password):
    with tap.Tap(dc) as line:
        section = next(iter(config))
        awsfed.configure({**config, section: {**config[section], "servers": line.server},
                          "mfa": {"required": "enrolled"}})
        for _ in range(2):
            login(name, password)
        line.take()
        login(name, password)
        requests = [kind for kind, *_ in line.take()]
    awsfed.configure({**config, "mfa": {"required": "enrolled"}})
    login(name, password)
    before, took = (cpu_ms(awsfed.BRIDGE), cpu_ms(dc.service)), []
    for _ in range(logins):
        begin = time.monotonic()
        login(name, password)
        took.append((time.monotonic() - begin) * 1000)
    bridge_ms, dc_ms = ((after - start) / logins for after, start in zip((cpu_ms(awsfed.BRIDGE), cpu_ms(dc.service)),
                                                                        before))
    sam = name.rpartition("\\")[2]
    found = dc.samdb().search(dc.domain.base_dn, expression=f"(sAMAccountName={sam})", attrs=[])[0].dn
    begin = time.monotonic()
    groups = len(dc.samdb().search(found, scope=0, attrs=["tokenGroups"])[0]["tokenGroups"])
    samba_ms = (time.monotonic() - begin) * 1000
    tree = len(dc.samdb().search(dc.domain.base_dn, expression="(objectClass=group)", attrs=[]))
    p50 = sorted(took)[logins // 2]
    print(f"{what:6} in {groups:5} groups of {tree:5}: p50 {p50:7.2f} ms   CPU a login: bridge {bridge_ms:5.2f}, "
          f"directory {dc_ms:7.2f} ms   tokenGroups in Samba alone {samba_ms:7.2f} ms   requests: {' '.join(requests)}",
          flush=True)
    return p50, bridge_ms


def main():
    labs.start()
    directory.DC.stop()
    print(f"{GROUPS} groups, added in {add_groups():.0f} s")
    directory.DC.start(seconds=120)
    home = f"domain {places.DOMAIN}"
    alice = next(person for person in people.OF_LABS if person.name == "alice")
    norman = people.person("norman")
    few = measure("few", 100, labs.DC, labs.CONFIG, "LABS\\alice", alice.password)
    many = measure("many", 10, directory.DC1, {home: {}}, "norman", norman.password)
    print(f"ratio: {many[0] / few[0]:.1f} in time; {many[1] / max(few[1], 0.01):.1f} in the bridge's own CPU: "
          f"it reads {people.MANY_GROUPS + NESTED} SIDs more")


if __name__ == "__main__":
    main()
