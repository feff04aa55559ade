"""What a CloudFormation template of ours makes, once its parameters have values.

SPDX-License-Identifier: Apache-2.0
"""


def _resolve(value, parameters, conditions):
    """The intrinsic functions that the template uses, as CloudFormation resolves them; anything else is an error."""
    if isinstance(value, list):
        return [_resolve(one, parameters, conditions) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return parameters[value["Ref"]]
    if set(value) == {"Fn::If"}:
        name, yes, no = value["Fn::If"]
        return _resolve(yes if conditions[name] else no, parameters, conditions)
    assert not any(key.startswith("Fn::") for key in value), value
    return {key: _resolve(one, parameters, conditions) for key, one in value.items()}


def resources_of(template, kind, **given):
    """The properties of the resources of a type, AWS::IAM::Role say, resolved as with these parameters."""
    parameters = {"AWS::NoValue": None}
    for name, about in template["Parameters"].items():
        assert set(about) <= {"Type", "Default", "Description", "AllowedPattern"} and about["Type"] in ("String", "CommaDelimitedList")
        value = given[name] if name in given else about["Default"]
        parameters[name] = value.split(",") if about["Type"] == "CommaDelimitedList" else value
    conditions = {}
    for name, about in template["Conditions"].items():
        (separator, reference), empty = about["Fn::Not"][0]["Fn::Equals"][0]["Fn::Join"], about["Fn::Not"][0]["Fn::Equals"][1]
        conditions[name] = separator.join(parameters[reference["Ref"]]) != empty
    assert all(key.isalnum() for key in template["Resources"])
    assert all(set(about.get("DependsOn", [])) <= set(template["Resources"]) for about in template["Resources"].values())
    return [_resolve(about["Properties"], parameters, conditions)
            for about in template["Resources"].values() if about["Type"] == kind]


def roles_of(template, **given):
    """{path and name: properties} of the roles, resolved as with these parameters."""
    return {role["Path"] + role["RoleName"]: role for role in resources_of(template, "AWS::IAM::Role", **given)}
