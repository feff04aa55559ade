#!/usr/bin/python3
# The AWS stand-in: STS over HTTPS for the lab, as strict as the project's AWS rules and a little stricter than AWS.
# Prints `ready` when it listens; ends on SIGTERM. README.md says what it is and how to steer it.
#
# SPDX-License-Identifier: Apache-2.0

import argparse
import os
import signal
import sys
import threading

from control import control_server
from credentials import Credentials
from faults import Faults
from journal import Journal
from metadata_service import MetadataServer
from server import StsServer, tls_context
from sts import Sts
from world import World


def _arguments():
    parser = argparse.ArgumentParser(description="AWS STS stand-in for the lab")
    parser.add_argument("--listen", required=True, action="append", metavar="ADDRESS:PORT", help="may be repeated")
    parser.add_argument("--cert", required=True, help="PEM certificate (chain) for HTTPS")
    parser.add_argument("--key", required=True, help="PEM key of it")
    parser.add_argument("--world", required=True, help="JSON description, see world.py")
    parser.add_argument("--control", required=True, metavar="127.0.0.1:PORT|unix:PATH")
    parser.add_argument("--metadata", action="append", default=[], metavar="ADDRESS:PORT",
                        help="plain HTTP for instance metadata and the container endpoint; may be repeated")
    parser.add_argument("--log", help="append one JSON line a request")
    parser.add_argument("--state", help="write the issued credentials here, mode 0600")
    return parser.parse_args()


def main():
    arguments = _arguments()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        world = World(arguments.world)
        faults, journal = Faults(), Journal(arguments.log)
        credentials = Credentials(world, arguments.state)
        sts = Sts(world, credentials)
        context = tls_context(arguments.cert, arguments.key)
        servers = [control_server(arguments.control, faults, journal)]
        for address in arguments.listen:
            host, _, port = address.rpartition(":")
            servers.append(StsServer((host.strip("[]"), int(port)), context, sts, faults, journal))
        for address in arguments.metadata:
            host, _, port = address.rpartition(":")
            servers.append(MetadataServer((host, int(port)), world.machine, credentials, faults, journal))
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"standin: {error}")
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    print("ready", flush=True)
    stop.wait()
    faults.reset()
    for server in servers:
        server.shutdown()
        server.server_close()
    if arguments.control.startswith("unix:"):
        os.unlink(arguments.control[len("unix:"):])


if __name__ == "__main__":
    main()
