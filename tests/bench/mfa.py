#!/usr/bin/python3
"""
What does one code cost with 1, 1,000 and 100,000 enrolled people? Verified and used up durably: awsfed's limits, keeper process
and store, in SQLite and in PostgreSQL; and beside them, in the same run, pam_oath with a line a person in users.oath and
pam_google_authenticator with a file a person. All go through a PAM transaction (awsfed's has pam_permit in it) and lie in the
same folder. Left out of awsfed: the socket to the bridge and the domain controller, which the other two have not.
Prints, asserts nothing. As root. usage: mfa.py [RUNS [PEOPLE…]]; AWSFED_BUILD names the build folder, BENCH_STORES=sqlite leaves
PostgreSQL out.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from lab.codes import code_at, step_now  # noqa: E402

BUILD = pathlib.Path(os.environ.get("AWSFED_BUILD", ROOT / "build")).resolve()
ROUNDS = 5
STORES = os.environ.get("BENCH_STORES", "sqlite postgresql").split()
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # 12345678901234567890
PACKAGES = ("ini_config", "p11-kit-1", "ldap", "liboath", "libpskc", "sqlite3", "libpq", "libqrencode", "libp11", "libcurl",
            "libcrypto", "expat", "jansson", "libsystemd", "libseccomp", "libmicrohttpd")


def compile_tool(folder):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *PACKAGES], capture_output=True, text=True, check=True).stdout
    tool = folder / "tool"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", f"-I{ROOT}", "-o", tool, ROOT / "tests/bench/mfa.c",
                    *(BUILD / f"lib{name}.a" for name in ("bridge", "ldap", "mfa", "conf", "base")), *flags.split(),
                    "-lpam", "-pthread"], check=True)
    return tool


class Postgres:
    """A server of our own on a local socket, with fsync as it is by default."""

    def __init__(self, folder):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.place = folder / "server"
        self.place.mkdir()
        shutil.chown(self.place, "postgres", "postgres")
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        quiet = {"stdout": subprocess.DEVNULL, "cwd": "/", "check": True}
        subprocess.run([*user, found / "initdb", "-D", self.place / "data", "-A", "trust", "-U", "awsfed", "-E", "UTF8",
                        "--locale=C"], **quiet)
        self.control = [*user, found / "pg_ctl", "-s", "-w", "-D", self.place / "data", "-l", self.place / "log"]
        subprocess.run([*self.control, "-o", f"-k {self.place} -c listen_addresses=''", "start"], **quiet)
        subprocess.run([found / "createdb", "-h", self.place, "-U", "awsfed", "awsfed"], **quiet)
        self.uri = f"postgresql://awsfed@/awsfed?host={self.place}"

    def stop(self):
        subprocess.run([*self.control, "-m", "immediate", "stop"], cwd="/", check=False)


def write_services(folder):
    services = folder / "services"
    services.mkdir()
    (services / "permit").write_text("auth required pam_permit.so\n")
    (services / "oath").write_text(f"auth required pam_oath.so usersfile={folder}/users.oath window=2 digits=6\n")
    (services / "google").write_text(
        f"auth required pam_google_authenticator.so user=root allowed_perm=0600 secret={folder}/homes/${{USER}}\n")
    return services


def write_states(folder, people):
    """A fresh users.oath of all, and a google-authenticator file each."""
    raw = b"12345678901234567890".hex()
    (folder / "users.fresh").write_text("".join(f"HOTP/T30/6 u{n} - {raw}\n" for n in range(people)))
    (folder / "google.fresh").write_text(f'{SECRET}\n" WINDOW_SIZE 3\n" DISALLOW_REUSE\n" TOTP_AUTH\n')
    homes = folder / "homes"
    homes.mkdir(exist_ok=True)
    for n in range(people):
        home = homes / f"u{n}"
        if not home.exists():
            shutil.copyfile(folder / "google.fresh", home)
            home.chmod(0o600)


def take(tool, *arguments):
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: {done.stderr}")
    return list(map(float, done.stdout.split()))


def current_code(runs):
    """One that is good for the whole of a measurement."""
    left = 30 - time.time() % 30
    if left < min(20, 1 + runs / 10):
        time.sleep(left + 0.1)
    return code_at(SECRET, step_now())


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    sizes = [int(text) for text in sys.argv[2:]] or [1, 1000, 100000]
    folder = pathlib.Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    postgres = None
    try:
        tool, services = compile_tool(folder), write_services(folder)
        key = folder / "seal.key"
        key.write_text(secrets.token_hex(32) + "\n")
        key.chmod(0o600)
        stores = {"awsfed, SQLite": f"sqlite:{folder}/mfa.db"}
        if "postgresql" in STORES:
            postgres = Postgres(folder)
            stores["awsfed, PostgreSQL"] = postgres.uri
        for people in sizes:
            write_states(folder, people)
            kinds = {name: lambda n, store=store: take(tool, "ours", store, key, services, people, n)
                     for name, store in stores.items()}
            kinds["pam_oath"] = lambda n: take(tool, "pam", services, "oath", people, min(n, 1000000 // people),
                                               folder / "users.fresh", folder / "users.oath", current_code(n))
            kinds["pam_google_authenticator"] = lambda n: take(tool, "pam", services, "google", people, n,
                                                               folder / "google.fresh", folder / "homes/%s", current_code(n))
            times = {name: [] for name in kinds}
            for _ in range(ROUNDS):  # in turn, so that whatever else the machine does meets all of them
                for name, run in kinds.items():
                    times[name] += run(max(1, runs // ROUNDS))
            base = statistics.median(times["awsfed, SQLite"])
            for name, sample in times.items():
                sample.sort()
                median = statistics.median(sample)
                print(f"{people:7} people  {name:26} {median:9.0f} us median {sample[len(sample) * 99 // 100]:9.0f} us p99 "
                      f"{median / base:7.2f} x awsfed with SQLite")
    finally:
        if postgres:
            postgres.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
