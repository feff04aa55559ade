#!/usr/bin/python3
"""
What does using up a code cost with 1, 1,000 and 100,000 people in one PostgreSQL? Load and durable swap, over a local
socket, beside the same in SQLite. Prints, asserts nothing. usage: mfa_postgres.py [RUNS]; AWSFED_BUILD names the build
folder. As root, or as a user who may run PostgreSQL.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AWSFED_BUILD", ROOT / "build")).resolve()
BIN = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
AS = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] if os.geteuid() == 0 else []
COPY = """INSERT INTO {person} (sid, name, name_key, enrolled, version, record)
  SELECT 'S-1-5-21-1-2-3-' || n, 'u' || n || '@x', 'u' || n || '@x', 1, 1, p.record
  FROM {person} p, {series} WHERE p.sid = 'S-1-5-21-1-2-3-0'"""


def compile_tool(folder):
    libraries = subprocess.run(["pkg-config", "--cflags", "--libs", "libpq", "sqlite3", "liboath", "libcrypto"],
                               capture_output=True, text=True, check=True).stdout.split()
    tool = folder / "tool"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", f"-I{ROOT}", "-o", tool, ROOT / "tests/bench/mfa_postgres.c",
                    BUILD / "libmfa.a", BUILD / "libconf.a", BUILD / "libbase.a", *libraries, "-pthread"], check=True)
    return tool


def measure(tool, store, people, runs):
    out = subprocess.run([tool, store, str(people), str(runs)], capture_output=True, text=True, check=True).stdout
    times = sorted(map(float, out.split()))
    return f"{statistics.median(times):8.0f} us median, {times[len(times) * 99 // 100]:8.0f} us p99"


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    folder = pathlib.Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    place = folder / "server"
    place.mkdir()
    if AS:
        shutil.chown(place, "postgres", "postgres")
    quiet = {"stdout": subprocess.DEVNULL, "cwd": "/", "check": True}
    control = [*AS, BIN / "pg_ctl", "-s", "-w", "-D", place / "data", "-l", place / "log"]
    subprocess.run([*AS, BIN / "initdb", "-D", place / "data", "-A", "trust", "-U", "awsfed", "-E", "UTF8",
                    "--locale=C"], **quiet)
    subprocess.run([*control, "-o", f"-k {place} -c listen_addresses=''", "start"], **quiet)
    psql = [BIN / "psql", "-q", "-h", place, "-U", "awsfed", "-d"]
    try:
        subprocess.run([*psql, "postgres", "-c", "CREATE DATABASE awsfed"], **quiet)
        tool = compile_tool(folder)
        postgres, sqlite = f"postgresql://awsfed@/awsfed?host={place}", f"sqlite:{folder}/mfa.db"
        for store in (postgres, sqlite):
            subprocess.run([tool, store, "0", "0"], check=True)
        last = 1
        for people in (1, 1000, 100000):
            subprocess.run([*psql, "awsfed", "-c", COPY.format(
                person="awsfed.person", series=f"generate_series({last}, {people - 1}) n")], **quiet)
            with sqlite3.connect(folder / "mfa.db") as db:
                db.execute("WITH RECURSIVE s(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM s WHERE n < ?) "
                           + COPY.format(person="person", series="s") + " AND n < ?", (last, people - 1, people))
            last = people
            for name, store in (("PostgreSQL", postgres), ("SQLite", sqlite)):
                print(f"{people:7} people, {name:10} {measure(tool, store, people, runs)}")
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], cwd="/", check=False)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
