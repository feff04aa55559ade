// Judges of what an AWS account is set up with. Standard input: a JSON list of questions; standard output: the list of their answers.
//   {"template": T}                 the faults of a CloudFormation template, by AWS's registry of resource types
//   {"terraform": D, "values": {}}  {"faults", "said"}: HashiCorp's parser on a document in Terraform's JSON syntax
//   {"trust": P}                    the faults of a trust policy      {"policy": P}  of a role's own
//   {"request": R, …}               "Allowed" and the like, or the errors: a simulation of IAM's decision (@cloud-copilot/iam-simulate)
// usage: judge_setup.mjs, with the packages in js/ of the build folder, $JUDGES
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { faultsOf } from "./cloudformation.mjs";
import { readingOf } from "./terraform.mjs";

const require = createRequire(`${process.env.JUDGES}/`);
const { runSimulation } = require("@cloud-copilot/iam-simulate");
const { validateIdentityPolicy, validateTrustPolicy } = require("@cloud-copilot/iam-policy");
let registry;

// The registry and the parser take their time to load: only where they are asked.
function readTemplate(template) {
    registry ??= require("@aws-cdk/aws-service-spec").loadAwsServiceSpecSync();
    return faultsOf(template, registry);
}

async function decide(question) {
    const decided = await runSimulation({
        serviceControlPolicies: [], resourceControlPolicies: [], identityPolicies: [], ...question,
    }, { simulationMode: "Strict" });
    return decided.errors ?? decided.overallResult;
}

async function judge(question) {
    if ("template" in question) return readTemplate(question.template);
    if ("terraform" in question) return readingOf(question.terraform, require("@cdktf/hcl2json"), question.values);
    if ("trust" in question) return validateTrustPolicy(question.trust);
    if ("policy" in question) return validateIdentityPolicy(question.policy);
    return decide(question);
}

const answers = [];
for (const question of JSON.parse(readFileSync(0, "utf8"))) answers.push(await judge(question));
process.stdout.write(JSON.stringify(answers), () => process.exit(0)); // the parser's WebAssembly would wait for more
