// The AWS SDK for JavaScript says who we are, with credentials from SOURCE: its default chain, the HTTP provider that containers
// use, or the profile "p".
// usage: who.mjs chain|http|profile, with the packages in $JUDGES
// SPDX-License-Identifier: Apache-2.0
import { createRequire } from "node:module";

const require = createRequire(`${process.env.JUDGES}/`);
const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");
const providers = require("@aws-sdk/credential-providers");
const sources = {
    chain: () => ({}),
    http: () => ({ credentials: providers.fromHttp() }),
    profile: () => ({ credentials: providers.fromProcess({ profile: "p" }) }),
};

const client = new STSClient(sources[process.argv[2]]());
console.log((await client.send(new GetCallerIdentityCommand({}))).Arn);
