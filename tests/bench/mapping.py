#!/usr/bin/python3
"""
What do 10,000 role sections cost: to read, and at a login of somebody with 1,500 groups? Prints, asserts nothing.
usage: mapping.py [ROUNDS]; AWSFED_BUILD names the build folder.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AWSFED_BUILD", ROOT / "build"))
LIBRARIES = [BUILD / f"lib{name}.a" for name in ("bridge", "ldap", "mfa", "conf", "base")]
PACKAGES = ("ini_config", "p11-kit-1", "jansson", "libcrypto", "krb5", "krb5-gssapi")

HEAD = """[domain corp.example.com]
service-bind = simple
service-dn = CN=awsfed,DC=corp,DC=example,DC=com
service-password-file = /etc/awsfed/service.password
servers = dc1.corp.example.com
[mfa]
seal-key = /etc/awsfed/seal.key
[saml]
entity-id = https://jump.corp.example.com/awsfed
key = /etc/awsfed/saml.key
certificate = /etc/awsfed/saml.crt
[aws]
region = eu-central-1
"""


def section(n):
    account = 100000000000 + n
    return (f"[role r{n}]\narn = arn:aws:iam::{account}:role/Admin\ngroups = AWS-G{n}\nusers = u{n}\n"
            f"provider = arn:aws:iam::{account}:saml-provider/awsfed\ntags = Department=%{{ad:department}}\n")


def main():
    rounds = sys.argv[1] if len(sys.argv) > 1 else "2000"
    with tempfile.TemporaryDirectory() as folder:
        config, tool = pathlib.Path(folder, "etc"), pathlib.Path(folder, "mapping")
        config.mkdir(mode=0o755)
        (config / "awsfed.conf").write_text(HEAD + "".join(section(n) for n in range(10000)))
        libs = subprocess.run(["pkg-config", "--libs", *PACKAGES], check=True, capture_output=True, text=True)
        subprocess.run(["cc", "-O2", "-std=c11", "-D_GNU_SOURCE", "-I", ROOT, "-o", tool,
                        ROOT / "tests/bench/mapping.c", *LIBRARIES, *libs.stdout.split(), "-lldap", "-llber",
                        "-lresolv", "-pthread"], check=True)
        subprocess.run([tool, config, rounds], check=True)


if __name__ == "__main__":
    main()
