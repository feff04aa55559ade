#!/usr/bin/python3
"""
The session endpoint under load, with the real bridge. Run in the lab: the time of a cached answer at a bounded rate, and a
burst of SDK clients at once, as terraform makes them. Prints, asserts nothing. Run it as

    tests/lab/lab run tests/bench/endpoint.py [RATE [SECONDS]]
SPDX-License-Identifier: Apache-2.0
"""
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lab import cloud, codes, people, sshd  # noqa: E402

BURST = """\
import boto3, concurrent.futures, time
clients = [boto3.Session() for _ in range(200)]
begin = time.monotonic()
with concurrent.futures.ThreadPoolExecutor(200) as pool:
    keys = list(pool.map(lambda s: s.get_credentials().get_frozen_credentials().access_key, clients))
print(len(keys), len(set(keys)), time.monotonic() - begin)
"""


def main():
    rate, seconds = (sys.argv[1:] + ["1000", "10"][len(sys.argv) - 1:])[:2]
    who = people.take()
    codes.enrol(who.name)
    with tempfile.TemporaryDirectory() as folder:
        tool = f"{folder}/endpoint"
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", tool, str(Path(__file__).with_suffix(".c"))], check=True)
        with sshd.Session(who.name, who.password, codes.fresh(who.name)) as session:
            cloud.reset()
            given = session.run("/usr/bin/python3 -", text_in=BURST).out.split()
            calls = len(cloud.requests("AssumeRoleWithSAML"))
            print(f"200 SDK clients at once: {given[0]} answers, {given[1]} credential, {calls} call of STS, "
                  f"{float(given[2]):.2f} s")
            lines = dict(line.partition("=")[::2] for line in session.run("env").out.splitlines())
            port = lines["AWS_CONTAINER_CREDENTIALS_FULL_URI"].split(":")[2].split("/")[0]
            subprocess.run([tool, port, rate, seconds], text=True,
                           input=lines["AWS_CONTAINER_AUTHORIZATION_TOKEN"] + "\n")


if __name__ == "__main__":
    main()
