# IAM of the stand-in: refusals first; boto3 is the client.
#
# SPDX-License-Identifier: Apache-2.0

import json
import time

import boto3
import pytest
from botocore.exceptions import ClientError

from harness import ACCOUNT, BASE_KEY, BASE_SECRET, description, role

DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
    "DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}, "StringLike": {"aws:userid": "*:alice"}}}]}


@pytest.fixture
def iam(lab):
    world = description()
    world["keys"][BASE_KEY]["may"] = ["iam:PutRolePolicy"]
    lab.write("world.json", json.dumps(world).encode())
    time.sleep(0.01)
    yield client(lab, aws_access_key_id=BASE_KEY, aws_secret_access_key=BASE_SECRET)
    lab.write("world.json", json.dumps(description()).encode())


def client(lab, service="iam", region="us-east-1", **keys):
    return boto3.client(service, region_name=region, endpoint_url=lab.url, verify=lab.path("ca.pem"), **keys)


def put(iam, **changed):
    return iam.put_role_policy(**{"RoleName": "Admin", "PolicyName": "p", "PolicyDocument": json.dumps(DENY)} | changed)


@pytest.mark.parametrize("changed, code", [
    ({"RoleName": "Nobody"}, "NoSuchEntity"),
    ({"RoleName": "ReadOnly"}, "NoSuchEntity"),
    ({"PolicyDocument": "{}"}, "MalformedPolicyDocument"),
    ({"PolicyDocument": json.dumps({**DENY, "Statement": []})}, "MalformedPolicyDocument"),
    ({"PolicyDocument": json.dumps(DENY).replace("DateLessThan", "DateSmaller")}, "MalformedPolicyDocument")])
def test_what_iam_does_not_take(iam, changed, code):
    with pytest.raises(ClientError) as refused:
        put(iam, **changed)
    assert refused.value.response["Error"]["Code"] == code


def test_whoever_may_not_and_whoever_signs_for_another_service(lab, iam):
    with pytest.raises(ClientError, match="AccessDenied"):
        put(client(lab, **lab.credential()))
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        put(client(lab, aws_access_key_id=BASE_KEY, aws_secret_access_key=BASE_SECRET[::-1]))


def test_a_deny_denies_whom_it_names(lab, iam):
    """The session's next role is refused; another person's session of the same role goes on."""
    alice = client(lab, "sts", "eu-central-1", **lab.credential())
    wanted = {"RoleArn": role("Next"), "RoleSessionName": "alice", "ExternalId": "ext-1"}
    assert alice.assume_role(**wanted)["Credentials"]
    put(iam, PolicyDocument=json.dumps(DENY).replace("*:alice", "*:bob"))
    assert alice.assume_role(**wanted)["Credentials"]
    put(iam)
    with pytest.raises(ClientError, match="explicit deny"):
        alice.assume_role(**wanted)
    assert lab.last()["role"] == role("Next") and ACCOUNT in lab.last()["role"]
    put(iam, PolicyDocument=json.dumps(DENY).replace("2100-", "2000-"))
    assert alice.assume_role(**wanted)["Credentials"]
