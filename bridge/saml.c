/*
 * The SAML response and the IdP metadata, written byte by byte in canonical form. Namespaces are
 * declared where Exclusive C14N would render them: on each topmost element that uses the prefix.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/saml.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "bridge/instant.h"
#include "bridge/xml.h"

#define NS_ASSERTION "urn:oasis:names:tc:SAML:2.0:assertion"
#define NS_PROTOCOL  "urn:oasis:names:tc:SAML:2.0:protocol"
#define NS_METADATA  "urn:oasis:names:tc:SAML:2.0:metadata"
#define NS_DS        "http://www.w3.org/2000/09/xmldsig#"
#define C14N         "http://www.w3.org/2001/10/xml-exc-c14n#"
#define PERSISTENT   "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
#define AWS_PREFIX   "https://aws.amazon.com/SAML/Attributes/"

/*
 * Everybody who gets this far proved a password and a one-time code. The class for the latter, TimeSyncToken,
 * is defined for hardware devices only (DeviceType in its schema), which a phone is not; so the
 * assertion claims the password over TLS, which is always true, and the code is told in session tags.
 */
#define AUTHN_CLASS "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

struct partition {
    const char *name, *audience, *recipient;
};

static const struct partition partitions[] = {
    {"aws", "urn:amazon:webservices", "https://signin.aws.amazon.com/saml"},
    {"aws-us-gov", "urn:amazon:webservices:govcloud", "https://signin.amazonaws-us-gov.com/saml"},
    {"aws-cn", "urn:amazon:webservices:cn-north-1", "https://signin.amazonaws.cn/saml"},
};

/* One response in the making: the assertion is digested in two pieces, around its signature to be. */
struct writer {
    const struct saml_request *request;
    const struct partition *partition;
    char response_id[SAML_ID_SIZE], id[SAML_ID_SIZE];
    char issued[INSTANT_SIZE], not_before[INSTANT_SIZE], not_after[INSTANT_SIZE],
        authn[INSTANT_SIZE];
    struct fed_secret head; /* from <saml:Assertion> to its Issuer */
    struct fed_secret body; /* from Subject to </saml:Assertion> */
};

static const struct partition *
find_partition(const char *name)
{
    for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++) {
        if (strcmp(partitions[i].name, name) == 0)
            return &partitions[i];
    }
    return NULL;
}

const char *
saml_recipient(const char *partition)
{
    const struct partition *p = find_partition(partition);

    return p != NULL ? p->recipient : NULL;
}

/* xs:dateTime in UTC, saml-core-2.0 1.3.3. Years of five digits are no time of ours. */
static int
format_time(char to[INSTANT_SIZE], int64_t seconds)
{
    if (seconds < 0 || seconds > INT64_C(253402300799) || !instant_write(seconds, to))
        return FED_E_INVALID;
    return 0;
}

/* 128 random bits, saml-core-2.0 1.3.4; an xs:ID begins with no digit. */
static int
make_id(char to[SAML_ID_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return FED_E_CRYPTO;
    *to++ = '_';
    for (size_t i = 0; i < sizeof(random); i++) {
        *to++ = hex[random[i] >> 4];
        *to++ = hex[random[i] & 0xf];
    }
    *to = '\0';
    return 0;
}

static void
put_base64(struct xml *xml, const void *data, size_t len)
{
    char text[1024]; /* a digest, or a signature of up to 6144 bits */

    if (len > 768) {
        xml->error = FED_E_CRYPTO;
        return;
    }
    int n = EVP_EncodeBlock((unsigned char *)text, data, (int)len);
    xml_bytes(xml, text, (size_t)n);
}

/* Digest both pieces as if nothing stood between them: the enveloped-signature transform. */
static int
digest(const struct writer *w, unsigned char *to, unsigned *ret_len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int r = ctx == NULL ? FED_E_NOMEM : FED_E_CRYPTO;

    if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
        EVP_DigestUpdate(ctx, w->head.data, w->head.len) == 1 &&
        EVP_DigestUpdate(ctx, w->body.data, w->body.len) == 1 &&
        EVP_DigestFinal_ex(ctx, to, ret_len) == 1)
        r = 0;
    EVP_MD_CTX_free(ctx);
    return r;
}

static void
put_element(struct xml *xml, const char *open, const char *text, const char *close)
{
    xml_raw(xml, open);
    xml_text(xml, text);
    xml_raw(xml, close);
}

static void
put_value_of(struct xml *xml, const char *markup, const char *value)
{
    xml_raw(xml, markup);
    xml_value(xml, value);
    xml_raw(xml, "\"");
}

static int
write_head(struct writer *w)
{
    struct xml xml = {.to = &w->head};

    xml_raw(&xml, "<saml:Assertion xmlns:saml=\"" NS_ASSERTION "\"");
    put_value_of(&xml, " ID=\"", w->id);
    put_value_of(&xml, " IssueInstant=\"", w->issued);
    xml_raw(&xml, " Version=\"2.0\">");
    put_element(&xml, "<saml:Issuer>", w->request->issuer, "</saml:Issuer>");
    return xml.error;
}

/* saml-profiles-2.0 4.1.4.2: one bearer confirmation, with recipient and end. */
static void
put_subject(struct xml *xml, const struct writer *w)
{
    xml_raw(xml, "<saml:Subject>");
    put_element(xml, "<saml:NameID Format=\"" PERSISTENT "\">", w->request->name_id,
        "</saml:NameID><saml:SubjectConfirmation "
        "Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">");
    put_value_of(xml, "<saml:SubjectConfirmationData NotOnOrAfter=\"", w->not_after);
    put_value_of(xml, " Recipient=\"", w->partition->recipient);
    xml_raw(xml, "></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>");
}

static void
put_conditions(struct xml *xml, const struct writer *w)
{
    put_value_of(xml, "<saml:Conditions NotBefore=\"", w->not_before);
    put_value_of(xml, " NotOnOrAfter=\"", w->not_after);
    put_element(xml, "><saml:AudienceRestriction><saml:Audience>", w->partition->audience,
        "</saml:Audience></saml:AudienceRestriction></saml:Conditions>");
}

static void
put_authn_statement(struct xml *xml, const struct writer *w)
{
    put_value_of(xml, "<saml:AuthnStatement AuthnInstant=\"", w->authn);
    put_value_of(xml, " SessionIndex=\"", w->id);
    xml_raw(xml, "><saml:AuthnContext><saml:AuthnContextClassRef>" AUTHN_CLASS
                 "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>");
}

static void
open_attribute(struct xml *xml, const char *name, const char *name_rest)
{
    xml_raw(xml, "<saml:Attribute Name=\"" AWS_PREFIX);
    xml_value(xml, name);
    xml_value(xml, name_rest);
    xml_raw(xml, "\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">");
}

static void
put_attribute(struct xml *xml, const char *name, const char *name_rest, const char *value)
{
    open_attribute(xml, name, name_rest);
    put_element(xml, "<saml:AttributeValue>", value, "</saml:AttributeValue></saml:Attribute>");
}

static void
put_role(struct xml *xml, const struct saml_request *request)
{
    open_attribute(xml, "Role", "");
    put_element(xml, "<saml:AttributeValue>", request->role_arn, ",");
    xml_text(xml, request->provider_arn);
    xml_raw(xml, "</saml:AttributeValue></saml:Attribute>");
}

static void
put_duration(struct xml *xml, const struct saml_request *request)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%" PRId64, request->duration_s);
    put_attribute(xml, "SessionDuration", "", digits);
}

static void
put_attributes(struct xml *xml, const struct saml_request *request)
{
    xml_raw(xml, "<saml:AttributeStatement>");
    put_role(xml, request);
    put_attribute(xml, "RoleSessionName", "", request->session_name);
    put_duration(xml, request);
    if (request->source_identity != NULL)
        put_attribute(xml, "SourceIdentity", "", request->source_identity);
    for (size_t i = 0; i < request->n_tags; i++)
        put_attribute(xml, "PrincipalTag:", request->tags[i].key, request->tags[i].value);
    if (request->n_transitive != 0) {
        open_attribute(xml, "TransitiveTagKeys", "");
        for (size_t i = 0; i < request->n_transitive; i++)
            put_element(
                xml, "<saml:AttributeValue>", request->transitive[i], "</saml:AttributeValue>");
        xml_raw(xml, "</saml:Attribute>");
    }
    xml_raw(xml, "</saml:AttributeStatement>");
}

static int
write_body(struct writer *w)
{
    struct xml xml = {.to = &w->body};

    put_subject(&xml, w);
    put_conditions(&xml, w);
    put_authn_statement(&xml, w);
    put_attributes(&xml, w->request);
    xml_raw(&xml, "</saml:Assertion>");
    return xml.error;
}

/*
 * SignedInfo is canonicalised apart from its parent, so its canonical form declares the prefix that it
 * uses. It is sent like that too, though its parent has the declaration already: repeating it is
 * allowed, and the bytes signed are then the bytes sent.
 */
static int
write_signed_info(const struct writer *w, struct fed_secret *to)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned sum_len = 0;
    struct xml xml = {.to = to};

    xml.error = digest(w, sum, &sum_len);
    xml_raw(&xml, "<ds:SignedInfo xmlns:ds=\"" NS_DS "\">"
                  "<ds:CanonicalizationMethod Algorithm=\"" C14N "\"></ds:CanonicalizationMethod>"
                  "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/"
                  "xmldsig-more#rsa-sha256\"></ds:SignatureMethod>");
    put_value_of(&xml, "<ds:Reference URI=\"#", w->id);
    xml_raw(&xml,
        "><ds:Transforms><ds:Transform Algorithm=\"" NS_DS "enveloped-signature\"></ds:Transform>"
        "<ds:Transform Algorithm=\"" C14N "\"></ds:Transform></ds:Transforms>"
        "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>"
        "<ds:DigestValue>");
    if (xml.error == 0)
        put_base64(&xml, sum, sum_len);
    xml_raw(&xml, "</ds:DigestValue></ds:Reference></ds:SignedInfo>");
    return xml.error;
}

static int
put_signature(struct xml *xml, const struct writer *w)
{
    struct fed_secret info = FED_SECRET_INIT(4096), signature = FED_SECRET_INIT(768);

    int r = write_signed_info(w, &info);
    if (r == 0)
        r = w->request->sign(w->request->sign_arg, info.data, info.len, &signature);
    if (r == 0) {
        xml_raw(xml, "<ds:Signature xmlns:ds=\"" NS_DS "\">");
        xml_bytes(xml, info.data, info.len);
        xml_raw(xml, "<ds:SignatureValue>");
        put_base64(xml, signature.data, signature.len);
        xml_raw(xml, "</ds:SignatureValue>");
        if (w->request->certificate_b64 != NULL)
            put_element(xml, "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>",
                w->request->certificate_b64, "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>");
        xml_raw(xml, "</ds:Signature>");
        r = xml->error;
    }
    fed_secret_done(&signature);
    fed_secret_done(&info);
    return r;
}

/* No InResponseTo: nobody asked. Destination says what the confirmation's Recipient says. */
static int
write_response(const struct writer *w, struct fed_secret *to)
{
    struct xml xml = {.to = to};

    xml_raw(&xml, "<samlp:Response xmlns:samlp=\"" NS_PROTOCOL "\"");
    put_value_of(&xml, " Destination=\"", w->partition->recipient);
    put_value_of(&xml, " ID=\"", w->response_id);
    put_value_of(&xml, " IssueInstant=\"", w->issued);
    xml_raw(&xml, " Version=\"2.0\">");
    put_element(&xml, "<saml:Issuer xmlns:saml=\"" NS_ASSERTION "\">", w->request->issuer,
        "</saml:Issuer>");
    xml_raw(&xml,
        "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">"
        "</samlp:StatusCode></samlp:Status>");
    xml_bytes(&xml, w->head.data, w->head.len);
    int r = xml.error != 0 ? xml.error : put_signature(&xml, w);
    if (r != 0)
        return r;
    xml_bytes(&xml, w->body.data, w->body.len);
    xml_raw(&xml, "</samlp:Response>");
    return xml.error;
}

static int
prepare(struct writer *w)
{
    const struct saml_request *request = w->request;
    /* After a step of our clock backwards, a login would lie in the future, which nobody accepts. */
    int64_t authn_s = request->authn_s < request->now_s ? request->authn_s : request->now_s;

    w->partition = find_partition(request->partition);
    if (w->partition == NULL || request->duration_s < 900 || request->duration_s > 43200)
        return FED_E_INVALID;
    if (format_time(w->issued, request->now_s) != 0 ||
        format_time(w->not_before, request->now_s - SAML_BEFORE_S) != 0 ||
        format_time(w->not_after, request->now_s + SAML_AFTER_S) != 0 ||
        format_time(w->authn, authn_s) != 0)
        return FED_E_INVALID;
    int r = make_id(w->response_id);
    return r != 0 ? r : make_id(w->id);
}

int
saml_response(const struct saml_request *request, struct fed_secret *ret, char ret_id[SAML_ID_SIZE])
{
    struct writer w = {.request = request};
    struct fed_secret whole = FED_SECRET_INIT(SAML_RESPONSE_MAX);

    fed_secret_init(&w.head, SAML_RESPONSE_MAX);
    fed_secret_init(&w.body, SAML_RESPONSE_MAX);
    int r = prepare(&w);
    if (r != 0 || (r = write_head(&w)) != 0 || (r = write_body(&w)) != 0 ||
        (r = write_response(&w, &whole)) != 0)
        goto out;
    r = fed_secret_add(ret, whole.data, whole.len);
    if (r == 0)
        memcpy(ret_id, w.id, SAML_ID_SIZE);
out:
    fed_secret_done(&whole);
    fed_secret_done(&w.body);
    fed_secret_done(&w.head);
    return r;
}

/*
 * The schema wants a SingleSignOnService, but nobody is ever sent here: the bridge takes its responses to AWS
 * itself. An entityID that is an https address serves as the location; else one that never resolves.
 */
static const char *
sign_on_location(const char *entity_id)
{
    return strncmp(entity_id, "https://", 8) == 0 ? entity_id : "https://awsfed.invalid/";
}

int
saml_metadata(const char *entity_id, const char *const *certificates_b64, size_t n,
    int64_t valid_until_s, struct fed_secret *ret)
{
    struct fed_secret whole = FED_SECRET_INIT(ret->limit);
    struct xml xml = {.to = &whole};
    char until[INSTANT_SIZE];

    if (n < 1 || n > 2 || *entity_id == '\0' || format_time(until, valid_until_s) != 0)
        return FED_E_INVALID;
    xml_raw(&xml, "<md:EntityDescriptor xmlns:md=\"" NS_METADATA "\"");
    put_value_of(&xml, " entityID=\"", entity_id);
    put_value_of(&xml, " validUntil=\"", until);
    xml_raw(&xml, "><md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\" "
                  "protocolSupportEnumeration=\"" NS_PROTOCOL "\">");
    for (size_t i = 0; i < n; i++)
        put_element(&xml,
            "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"" NS_DS "\">"
            "<ds:X509Data><ds:X509Certificate>",
            certificates_b64[i],
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>");
    xml_raw(&xml,
        "<md:NameIDFormat>" PERSISTENT "</md:NameIDFormat>"
        "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"");
    put_value_of(&xml, " Location=\"", sign_on_location(entity_id));
    xml_raw(&xml, "></md:SingleSignOnService></md:IDPSSODescriptor></md:EntityDescriptor>\n");
    int r = xml.error != 0 ? xml.error : fed_secret_add(ret, whole.data, whole.len);
    fed_secret_done(&whole);
    return r;
}
