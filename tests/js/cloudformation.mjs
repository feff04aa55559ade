// A template's faults by AWS's own registry of resource types: sections, types, properties, values, and what refers to what.
// SPDX-License-Identifier: Apache-2.0

const SECTIONS = ["AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Conditions", "Resources", "Outputs"];
const PARAMETER = ["Type", "Default", "Description", "AllowedPattern", "ConstraintDescription"];
const RESOURCE = ["Type", "Properties", "DependsOn", "Condition", "Metadata"];
const NO_VALUE = "AWS::NoValue";
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const LIMITS = { Parameters: 200, Resources: 500, text: 1024 * 1024 };

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param db what loadAwsServiceSpecSync gives; @returns texts, none for a template that is right. */
export function faultsOf(template, db) {
    const faults = [];
    const parameters = template.Parameters ?? {};
    const conditions = template.Conditions ?? {};
    const resources = template.Resources ?? {};
    const fault = (at, what) => faults.push(`${at}: ${what}`);
    const only = (at, object, keys) => {
        for (const key of Object.keys(object)) if (!keys.includes(key)) fault(at, `unknown: ${key}`);
    };
    const named = (at, object) => {
        for (const key of Object.keys(object)) if (!/^[A-Za-z0-9]{1,255}$/.test(key)) fault(at, `not letters and digits: ${key}`);
    };

    // What a Ref stands for: true for a list of texts, false for a text, undefined where there is no such thing.
    function isList(name) {
        if (name === "AWS::AccountId" || name === "AWS::Partition") return false;
        if (name in parameters) return /^(CommaDelimitedList|List<.*>)$/.test(parameters[name].Type);
        return name in resources ? false : undefined;
    }

    function checkFunction(at, name, value, check) {
        if (name === "Ref") {
            if (value === NO_VALUE) return;
            const list = isList(value);
            if (list === undefined) fault(at, `Ref to nothing: ${value}`);
            else check(list ? [""] : "");
        } else if (name === "Fn::If") {
            if (value.length !== 3 || !(value[0] in conditions)) fault(at, `Fn::If of no condition: ${value[0]}`);
            for (const one of value.slice(1)) check(one);
        } else if (name === "Fn::Join") {
            if (value.length !== 2 || typeof value[0] !== "string") fault(at, "Fn::Join wants a separator and a list");
            checkValue(`${at}.Fn::Join`, value[1], { type: "array", element: { type: "string" } });
            check("");
        } else {
            fault(at, `a function that this judge does not know: ${name}`);
        }
    }

    function checkCondition(at, value) {
        const [[name, of], ...more] = Object.entries(value);
        if (more.length > 0) fault(at, "more than one function");
        else if (name === "Fn::Not" && of.length === 1) checkCondition(at, of[0]);
        else if (name === "Fn::Equals" && of.length === 2) for (const one of of) checkValue(at, one, { type: "string" });
        else fault(at, `not a condition: ${name}`);
    }

    function checkProperties(at, value, properties) {
        if (!isObject(value)) return fault(at, "not an object");
        only(at, value, Object.keys(properties));
        for (const [key, about] of Object.entries(properties)) {
            if (key in value) checkValue(`${at}.${key}`, value[key], about.type);
            else if (about.required) fault(at, `lacks ${key}`);
        }
    }

    // JSON of any form, which functions may stand in.
    function checkJson(at, value) {
        const [name] = isObject(value) ? Object.keys(value) : [];
        if (name === "Ref" || name?.startsWith("Fn::")) checkFunction(at, name, value[name], () => {});
        else if (typeof value === "object") for (const key in value) checkJson(`${at}.${key}`, value[key]);
    }

    function checkValue(at, value, type) {
        const [name, ...more] = isObject(value) ? Object.keys(value) : [];
        if (more.length === 0 && (name === "Ref" || name?.startsWith("Fn::")))
            return checkFunction(at, name, value[name], (one) => checkValue(at, one, type));
        switch (type.type) {
        case "string":
            if (typeof value !== "string") fault(at, "not a text");
            else if (value !== "" && type.allowedValues?.includes(value) === false) fault(at, `not one of ${type.allowedValues}`);
            return undefined;
        case "integer":
            return Number.isInteger(value) ? undefined : fault(at, "not an integer");
        case "json":
            return isObject(value) ? checkJson(at, value) : fault(at, "not an object");
        case "array":
            if (!Array.isArray(value)) return fault(at, "not a list");
            return value.forEach((one, i) => checkValue(`${at}[${i}]`, one, type.element));
        case "ref":
            return checkProperties(at, value, db.get("typeDefinition", type.reference.$ref).properties);
        case "union":
            return isObject(value) ? checkValue(at, value, type.types.find((one) => one.type === "json")) : fault(at, "not an object");
        default:
            return fault(at, `a type that this judge does not know: ${type.type}`);
        }
    }

    only("template", template, SECTIONS);
    if (JSON.stringify(template, null, 2).length > LIMITS.text) fault("template", "too long");
    for (const section of ["Parameters", "Resources"]) {
        named(section, template[section] ?? {});
        if (Object.keys(template[section] ?? {}).length > LIMITS[section]) fault(section, "too many");
    }
    for (const [key, about] of Object.entries(parameters)) {
        only(key, about, PARAMETER);
        if (!["String", "CommaDelimitedList"].includes(about.Type)) fault(key, `a parameter of no type: ${about.Type}`);
        for (const [name, text] of Object.entries(about)) checkValue(`${key}.${name}`, text, { type: "string" });
        if (about.AllowedPattern && about.Default && !new RegExp(`^(?:${about.AllowedPattern})$`).test(about.Default))
            fault(key, "its default does not fit its pattern");
    }
    named("Conditions", conditions);
    for (const [key, value] of Object.entries(conditions)) checkCondition(key, value);
    if (Object.keys(resources).length === 0) fault("Resources", "there are none");
    for (const [key, about] of Object.entries(resources)) {
        const [spec] = db.lookup("resource", "cloudFormationType", "equals", about.Type ?? "");
        only(key, about, RESOURCE);
        if (spec) checkProperties(key, about.Properties, spec.properties);
        else fault(key, `no such type: ${about.Type}`);
        for (const other of about.DependsOn ?? []) if (!(other in resources) || other === key) fault(key, `depends on ${other}`);
    }
    return faults;
}
