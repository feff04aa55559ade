"""Whatever the configuration and the directory say: what we send is taken by AWS, or refused before it is sent.

Random roles over random attributes. A section is refused when it is read, with file and line; or its credentials are given; or the
person is told which value AWS would not take. What must never be there is a request that AWS refused.

AWSFED_SEED repeats a run.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import random
import subprocess

SEED = int(os.environ.get("AWSFED_SEED", "5"))
ROLES = 60
ATTRIBUTES = ("department", "title", "company", "physicalDeliveryOfficeName", "employeeType")

# Texts with what is in the set of AWS, beside it, at its limits, and what XML, JSON, forms and shells read as their own.
LITERALS = ("", "a", "ops", "x" * 64, "x" * 65, "x" * 256, "x" * 257, "a b", "a+b=c,d.e@f-g_h", "a&b", "<b>", "]]>", "é", "名前",
            "a\u00a0b", "a*b", "a:b/c", "'\"", "${aws:username}", "%", "aws:x", "🔑", "\\")
TEMPLATES = ("%{user}", "%{upn}", "%{sid}", "%{domain}", "%{host}", "%{rhost}", "%{tty}", "%{service}", "%{session}",
             "%{mfa}", "%{mfa-time}", *(f"%{{ad:{name}}}" for name in ATTRIBUTES), "%{nobody}", "%{user")
VALUES = ("R & D", "Platform", "a", "Müller", "x" * 64, "<script>", "a*", "100%", "名前", "a/b:c", "tab\tin", " blanks ")


def text(rng):
    return "".join(rng.choice(rng.choice((LITERALS, TEMPLATES, TEMPLATES))) for _ in range(rng.randint(1, 2)))


def policy(rng, folder, number):
    resource = rng.choice(("*", "arn:aws:s3:::homes/%{user}/*", f"arn:aws:s3:::{text(rng)}"))
    statement = {"Effect": rng.choice(("Allow", "Deny", "allow")), "Action": "s3:*", "Resource": resource}
    if rng.random() < 0.1:
        del statement[rng.choice(list(statement))]
    path = folder / f"policy-{number}.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2))
    return str(path)


def section(rng, lab, folder, number):
    """A role's section, most of it right."""
    arn = lab.cloud.role_arn(lab.cloud.DEV, "ReadOnly")
    keys = {"arn": arn, "provider": lab.cloud.provider_arn(rng.choice((lab.cloud.DEV,) * 9 + (lab.cloud.PROD,))),
            "groups": "Staff"}
    tags = {rng.choice(("Team", "Cost Center", "é", "名", "x" * 128, "x" * 129, "aws:no", "A&B")): text(rng)
            for _ in range(rng.randint(0, 2))}
    maybe = {
        "session-name": lambda: text(rng),
        "source-identity": lambda: text(rng),
        "duration": lambda: f"{rng.choice((899, 900, 901, 3600, 7201, 43200, 43201))}s",
        "tags": lambda: ", ".join(f'"{key}={value}"' for key, value in tags.items()) if tags else None,
        "transitive-tags": lambda: f'"{rng.choice([*tags, "Other"])}"' if rng.random() < 0.5 else None,
        "policy": lambda: policy(rng, folder, number),
        "policy-arns": lambda: rng.choice(("arn:aws:iam::aws:policy/ReadOnlyAccess",
                                           f"arn:aws:iam::{lab.cloud.DEV}:policy/p/x",
                                           f"arn:aws:iam::{lab.cloud.PROD}:policy/x", "nonsense")),
        "region": lambda: rng.choice((lab.places.OTHER_REGION, "cn-north-1")),
    }
    for key in rng.sample(list(maybe), rng.randint(1, 3)):
        keys[key] = maybe[key]()
    return keys


def loads(lab, folder, name, keys):
    """Is the configuration taken with this section? If not, then for a reason with file and line."""
    lab.awsfed.write_config({f"role {name}": keys}, folder)
    ran = subprocess.run(["awsfed-admin", "-c", folder, "check"], capture_output=True, text=True,
                         env={"PATH": lab.places.PATH})
    if ran.returncode != 0:
        assert f"{folder}/awsfed.conf:" in ran.stdout + ran.stderr, (keys, ran)
    return ran.returncode == 0


def set_attributes(lab, who, rng):
    import ldb
    message = ldb.Message(ldb.Dn(lab.directory.samdb(), who.dn))
    for name in ATTRIBUTES[:-1]:  # nobody has the last one
        message[name] = ldb.MessageElement(rng.choice(VALUES), ldb.FLAG_MOD_REPLACE, name)
    lab.directory.samdb().modify(message)


def test_aws_never_refuses_what_is_sent(lab, person, bridge, aws, tmp_path):
    """I-61: of random roles some are refused when they are read, some for this person, and no request by AWS."""
    rng = random.Random(SEED)
    tmp_path.chmod(0o755)
    set_attributes(lab, person, rng)
    drawn = {f"p{number}": section(rng, lab, tmp_path, number) for number in range(ROLES)}
    taken = {name: keys for name, keys in drawn.items() if loads(lab, tmp_path, name, keys)}
    lab.awsfed.configure({f"role {name}": keys for name, keys in taken.items()})
    given, told = [], []
    with lab.sshd.Session(person.name, person.password, lab.codes.fresh(person.name)):
        for name, keys in taken.items():
            ran = lab.awsfed.as_user(person.name, ["awsfed-login", "credential-process", "--role", name])
            (given if ran.returncode == 0 else told).append(name)
            if ran.returncode != 0:
                assert f"[role {name}] cannot be used for you" in ran.stderr, (keys, ran.stderr)
    sent = aws.requests("AssumeRoleWithSAML")
    refused = [request for request in sent if request["status"] != 200]
    assert not refused, refused
    assert len(sent) == len(given)
    # Each of the three is there, or the test proves less than it says.
    assert len(drawn) > len(taken) and len(given) >= 5 and told, (len(drawn), len(taken), given, told)
