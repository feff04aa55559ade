"""One-time codes as an authenticator application makes them (RFC 6238, SHA-1, six digits, 30 seconds).

A code works once and so does everything before it, so which steps were used is remembered for each user; a
fresh one is taken from the window that the bridge accepts, and only when that is used up is time waited for.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import fcntl
import hashlib
import hmac
import json
import re
import subprocess
import time
from urllib.parse import parse_qs, unquote, urlsplit

from lab import places
from lab.places import LabError

PERIOD = 30
_SEEDS = places.RUN / "seeds.json"


def code_at(seed, step):
    """The code of a time step; seed in base32."""
    key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset:offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1000000:06}"


def step_now():
    return int(time.time()) // PERIOD


class _Book:
    """The file of seeds and used steps, held under a lock while in use."""

    def __enter__(self):
        self.file = open(_SEEDS, "a+")
        fcntl.flock(self.file, fcntl.LOCK_EX)
        self.file.seek(0)
        self.people = json.loads(self.file.read() or "{}")
        return self.people

    def __exit__(self, *_):
        self.file.seek(0)
        self.file.truncate()
        json.dump(self.people, self.file)
        self.file.close()


def parse_uri(text):
    """The seed (base32) and the label of the otpauth URI somewhere in a text."""
    uri = re.search(r"otpauth://\S+", text)
    if not uri:
        raise LabError(f"no otpauth URI in: {text}")
    parts = urlsplit(uri.group())
    query = parse_qs(parts.query)
    expected = {"digits": "6", "period": str(PERIOD), "algorithm": "SHA1"}
    for name, value in expected.items():
        if query.get(name, [value]) != [value]:
            raise LabError(f"an enrolment with {name}={query[name]}, which the lab does not use")
    return query["secret"][0], unquote(parts.path.lstrip("/"))


def enrol(user, *options):
    """Enrol as an administrator does; what awsfed-admin printed."""
    done = subprocess.run(["awsfed-admin", "mfa", "enrol", *options, user],
                          text=True, capture_output=True, env={"PATH": places.PATH})
    if done.returncode:
        raise LabError(f"cannot enrol {user}: {done.stderr or done.stdout}")
    keep(user, done.stdout)
    return done.stdout


def keep(user, told):
    """The seed in what awsfed-admin printed of an enrolment, for fresh()."""
    seed, _ = parse_uri(told)
    with _Book() as people:
        used = people.get(user, {}).get("used", 0)
        people[user] = {"seed": seed, "used": used}


def seed(user):
    """Somebody's seed in base32; who is not enrolled yet is enrolled now."""
    with _Book() as people:
        known = people.get(user)
    if not known:
        enrol(user)
        return seed(user)
    return known["seed"]


def fresh(user):
    """A code of that user's that was never given out and is good now; it counts as used from here on."""
    secret = seed(user)
    while True:
        now = time.time()
        step = int(now) // PERIOD
        # The step before is good until this one ends: not close to the end.
        first = step - 1 if PERIOD - now % PERIOD > 8 else step
        with _Book() as people:
            chosen = max(first, people[user]["used"] + 1)
            if chosen <= step + 1:
                people[user]["used"] = chosen
                return code_at(secret, chosen)
        time.sleep(PERIOD - now % PERIOD + 0.05)


def wrong(user):
    """Six digits that no step near now has."""
    secret = seed(user)
    near = {code_at(secret, step_now() + n) for n in range(-5, 6)}
    return next(f"{n:06}" for n in range(100000, 1000000) if f"{n:06}" not in near)
