"""PostgreSQL, for tests that want it: a server with the lab's certificate, made at its first start.

Not among world.SERVICES: most tests do without, and making it takes two seconds.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from lab import accounts, certificates, changes, places
from lab.places import LabError
from lab.service import Service

ROOT = places.RUN / "postgres"
_CLUSTER = "awsfed-lab"  # its name, which each of its processes shows
PASSWORD = "not in any log 7d1c"
PASSFILE = Path("/etc/awsfed/pgpass")
URI = (f"postgresql://awsfed@{places.DB[1]}/awsfed"
       f"?sslrootcert={certificates.CA_FILE}&passfile={PASSFILE}")


def _bin():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise LabError("PostgreSQL is not installed: make deps")
    return found[-1]


def _as_postgres(argv):
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--",
            *map(str, argv)]


def sql(text, database="awsfed"):
    """What psql prints for a statement of the administrator's, over the local socket."""
    done = subprocess.run(
        _as_postgres([_bin() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", ROOT, "-U",
                      "postgres", "-d", database, "-c", text]),
        text=True, capture_output=True, cwd="/", env={"PATH": places.PATH})
    if done.returncode:
        raise LabError(f"psql: {done.stderr}")
    return done.stdout.strip()


def answers():
    try:
        return sql("SELECT 1", "postgres") == "1"
    except LabError:
        return False


class _Server(Service):
    def members(self):
        """Its processes have sessions of their own each; what they share is what they call themselves."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_of_ours(pid)]


def _is_of_ours(pid):
    """The server has its folder among its arguments, and so has each child until it shows what it is."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return line.startswith(f"postgres: {_CLUSTER}: ".encode()) or f"\0-D\0{ROOT}/data\0".encode() in line


SERVER = _Server("postgres", lambda: _as_postgres([_bin() / "postgres", "-D", ROOT / "data"]),
                 ready=answers, stop_signal=signal.SIGINT)


def use_certificate(name):
    """Which of the certificates it shows, from its next start on."""
    user = pwd.getpwnam("postgres")
    for suffix in ("pem", "key"):
        target = ROOT / f"server.{suffix}"
        target.write_bytes((places.PKI / f"{name}.{suffix}").read_bytes())
        target.chmod(0o600)
        os.chown(target, user.pw_uid, user.pw_gid)


def _make():
    user = pwd.getpwnam("postgres")
    changes.directory(ROOT)
    os.chown(ROOT, user.pw_uid, user.pw_gid)
    subprocess.run(
        _as_postgres([_bin() / "initdb", "-D", ROOT / "data", "-A", "peer", "-U", "postgres", "-E", "UTF8",
                      "--locale=C", "--no-sync"]),
        check=True, cwd="/", stdout=subprocess.DEVNULL, env={"PATH": places.PATH})
    with open(ROOT / "data" / "postgresql.conf", "a") as file:
        file.write(f"listen_addresses = '{places.DB[0]}'\nunix_socket_directories = '{ROOT}'\n"
                   "max_connections = 60\nshared_buffers = 16MB\nfsync = on\nssl = on\n"
                   f"ssl_cert_file = '{ROOT}/server.pem'\nssl_key_file = '{ROOT}/server.key'\n"
                   f"cluster_name = '{_CLUSTER}'\nlogging_collector = off\nlog_timezone = 'UTC'\n")
    (ROOT / "data" / "pg_hba.conf").write_text(
        "local all postgres peer\nhostssl awsfed awsfed 127.0.0.0/8 scram-sha-256\n")
    certificates.issue("db", places.DB[1])
    certificates.issue("db-other-ca", places.DB[1], authority="other-ca")
    use_certificate("db")
    uid = accounts.BRIDGE_USER[1]
    changes.write(PASSFILE, f"{places.DB[1]}:5432:awsfed:awsfed:{PASSWORD}\n", 0o600, (uid, uid))


def start():
    """The server runs, and has an empty database of awsfed's role."""
    if not (ROOT / "data").exists():
        _make()
    if not SERVER.leader():
        SERVER.start()
    sql("DROP DATABASE IF EXISTS awsfed WITH (FORCE)", "postgres")
    sql("DROP ROLE IF EXISTS awsfed", "postgres")
    sql(f"CREATE ROLE awsfed LOGIN PASSWORD '{PASSWORD}'", "postgres")
    sql("CREATE DATABASE awsfed OWNER awsfed ENCODING 'UTF8' TEMPLATE template0", "postgres")


def crash():
    """As a host that loses its power; start() or SERVER.start() recovers it."""
    SERVER.kill()
    (ROOT / "data" / "postmaster.pid").unlink(missing_ok=True)
    for left in ROOT.glob(".s.PGSQL.*"):
        left.unlink()


def remove():
    SERVER.kill()
    shutil.rmtree(ROOT, ignore_errors=True)
