// node-saml judges a SAML response of ours, as a service provider that knows nothing but our certificate and names.
// usage: judge_saml.mjs RESPONSE CERTIFICATE ISSUER AUDIENCE RECIPIENT [SECONDS-FROM-NOW]
// Exit status 0: accepted, with the attributes as JSON on standard output. 3: refused, with the reason. Else a fault of ours.
// The packages are in js/ of the build folder, $JUDGES.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { SAML } = createRequire(`${process.env.JUDGES}/`)("@node-saml/node-saml");
const [path, certificate, issuer, audience, recipient, later = "0"] = process.argv.slice(2);

// The judge's clock, which it reads through Date alone.
const shift = 1000 * Number(later);
const RealDate = Date;
globalThis.Date = class extends RealDate {
    constructor(...when) {
        super(...(when.length > 0 ? when : [RealDate.now() + shift]));
    }

    static now() {
        return RealDate.now() + shift;
    }
};

const judge = new SAML({
    issuer: audience, // the service provider's own name
    audience,
    idpCert: readFileSync(certificate, "utf8"),
    callbackUrl: recipient,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: false, // AWS wants the assertion signed
    signatureAlgorithm: "sha256",
    acceptedClockSkewMs: 0,
});

try {
    const response = readFileSync(path).toString("base64");
    const { profile } = await judge.validatePostResponseAsync({ SAMLResponse: response });
    // Whose certificate it is is the service provider's own affair: node-saml only tells who says to have written it.
    if (profile.issuer !== issuer) throw new Error(`issued by ${profile.issuer}`);
    console.log(JSON.stringify({ nameID: profile.nameID, attributes: profile.attributes }));
} catch (error) {
    console.log(error.message);
    process.exit(3);
}
