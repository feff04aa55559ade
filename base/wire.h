/*
 * The protocol between the bridge and whoever asks it: the PAM module and the two commands.
 *
 * TRANSPORT. A Unix socket of type SOCK_SEQPACKET: one message is one packet, so there is no
 * framing to lose and a torn message cannot shift the next. The asker sends one request and gets
 * one reply; then it may send the next on the same connection. The bridge knows who asks from
 * SO_PEERCRED alone; nothing in a message says who the sender is.
 *
 * MESSAGE. A header of 16 bytes, then fields. All numbers are big-endian.
 *
 *     offset  size  what
 *     0       2     the bytes 'A' 'F'
 *     2       1     version, now 1
 *     3       1     type, see wire_type; a reply has its request's type with the high bit set
 *     4       8     request number, chosen at random by the asker and repeated in the reply; both
 *                   sides log it
 *     12      4     length of what follows; header and fields are exactly the packet
 *
 * FIELD. Tag (2 bytes), length of the value (4 bytes), value. Tags ascend; a tag may appear again only
 * directly after itself and only if it is marked MANY. Values have one of four kinds:
 *
 *     NUMBER  8 bytes
 *     TEXT    UTF-8 with exactly one NUL, its last byte (so a value is a C string where it lies)
 *     BYTES   anything, up to the tag's limit
 *     GROUP   fields again, by the same rules; a group holds no group
 *
 * Every tag has a limit on its value's size, and a message one on its own. A request also says which
 * tags it may and must have (wire.c, requests). A message that breaks any of these rules, or
 * comes out of turn, ends its connection without a reply and no other connection.
 *
 * REPLY. WIRE_STATUS always: 0 or the number of an error in base/err.h. WIRE_MESSAGE: a line for
 * the person. The other fields are listed at the request.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

enum {
    WIRE_VERSION = 1,
    WIRE_HEADER_SIZE = 16,
    WIRE_REQUEST_MAX = 16 * 1024,  /* a request; nobody has that much to say */
    WIRE_MESSAGE_MAX = 160 * 1024, /* a reply: some 800 roles; below the default socket buffer */
    WIRE_REPLY_BIT = 0x80,
};

/*
 * Requests; after the arrow, the fields of a successful reply. [x] may be absent, x... may repeat.
 * "root" may be asked by uid 0 only, "admin" by uid 0 and the admin group, "self" by anybody, about
 * themselves: the account is the one of the peer's uid.
 */
enum wire_type {
    /* root, self: USER [PASSWORD] [CODE] FACTORS SERVICE [RHOST] [TTY] [APPENDED] [NO_DIALOGUE] -> RECEIPT [CODE_LENGTH] [MESSAGE];
     * APPENDED: PASSWORD has the code at its end, and CODE_LENGTH says how many of its bytes that was. Status NOT_ENROLLED with
     * PENDING NOTICE: the password is right, and ASK_ENROL_AT_LOGIN may follow, unless NO_DIALOGUE says that nothing can be
     * shown and asked */
    ASK_AUTHENTICATE = 1,
    /* root, self: USER [RECEIPT] SERVICE [RHOST] [TTY] -> [MESSAGE] */
    ASK_ACCOUNT = 2,
    /* root: USER [RECEIPT] SERVICE [RHOST] [TTY] -> SESSION [ENVIRONMENT...] [MESSAGE] */
    ASK_SESSION_OPEN = 3,
    /* root: SESSION -> nothing */
    ASK_SESSION_CLOSE = 4,
    /* root: USER PASSWORD NEW_PASSWORD [CODE] SERVICE [RHOST] [TTY] [RECEIPT] -> [MESSAGE]; a receipt
     * (an expired password at login) or a code must be there: guessing here needs the token too */
    ASK_CHANGE_PASSWORD = 5,
    /* self: PASSWORD CODE [TTY] -> as STATUS */
    ASK_SIGN_IN = 6,
    /* self: -> USER SID EXPIRES STARTED FACTORS CODE_TIME [RHOST] [ROLE_NAME] */
    ASK_STATUS_OF = 7,
    /* self: -> USER [CODE_NEEDED] EXPIRES ROLE... [NOTICE]; the role of ASK_USE has IN_USE. NOTICE: why there is none; CODE_NEEDED:
     * for want of a code, which ASK_SIGN_IN takes */
    ASK_ROLES = 8,
    /* self: [ROLE_NAME] [DURATION] -> CREDENTIAL fields, ROLE_NAME ACCOUNT [REGION] EXPIRES */
    ASK_CREDENTIALS = 9,
    /* self: -> nothing */
    ASK_LOGOUT = 10,
    /* admin: USER [LABEL] [REPLACE] [DIGITS] [PERIOD] [ALGORITHM] [ADD] [SID] -> USER SID URI SEED; ADD: beside the tokens
     * there are; SID: whose the name is, where no service identity can ask */
    ASK_ENROL = 11,
    /* admin: USER [ROLE_NAME] -> SID STEP... (a line each) */
    ASK_EXPLAIN = 12,
    /* admin: -> [MESSAGE] TICKET... ; its ROLE_NAME is the one that the session endpoint gives. MESSAGE: what of the bridge has ended,
     * and the remedy */
    ASK_SESSIONS = 13,
    /* admin: USER [ROLE_NAME ROLE_ARN] [APPLY] -> SID COUNT (tickets ended) REVOCATION... (a role that they have, and the policy that ends
     * what was given of it; with APPLY also APPLIED: whether AWS has it now, and in MESSAGE why not). With ROLE_ARN that role of the
     * configuration alone, whether they have it or not; no REVOCATION where there is none */
    ASK_REVOKE = 14,
    /* admin: USER -> nothing: failure counts are forgotten */
    ASK_UNLOCK = 15,
    /* admin: USER [TOKEN] -> nothing: the enrolment, or one token of it, is deleted */
    ASK_UNENROL = 16,
    /* admin: [USER] -> ENROLMENT... [MESSAGE]: every token of everybody, or of one person */
    ASK_ENROLMENTS = 17,
    /* self: ROLE_NAME -> ROLE_NAME ROLE_ARN ACCOUNT [ALIAS] [REGION] EXPIRES; from now on the role of the session endpoint
     * and of role-less ASK_CREDENTIALS, in every session of the uid, until the ticket's end */
    ASK_USE = 30,
    /* self: [ROLE_NAME] [DURATION] [CONSOLE_SERVICE] -> ROLE_NAME ACCOUNT CONSOLE_URL; the URL is a secret, good for 15 minutes;
     * DURATION is the console session's */
    ASK_CONSOLE = 40,
    /* root: USER PENDING [CODE] [CODE2] SERVICE [RHOST] [TTY] -> RECEIPT CODE_LENGTH [NOTICE] [MESSAGE]: two codes of the token that the
     * NOTICE of ASK_AUTHENTICATE showed, or none, to go on without. After a wrong pair (DENIED) there is another try, of
     * WIRE_ENROL_TRIES in all */
    ASK_ENROL_AT_LOGIN = 50,
    /* self: PASSWORD CODE [TTY] -> RECOVERY_CODE...: ten new ones, in the place of the old */
    ASK_RECOVERY_CODES = 70,
    /* admin: USER -> RECOVERY_CODE... */
    ASK_RECOVERY_CODES_OF = 71,
    /* self: PASSWORD CODE [TTY] [PICTURE_KIND] -> USER URI SEED [PICTURE]: a token that waits for its two codes. CODE is
     * a one-time code, a recovery code, or, of somebody who has none, an enrolment ticket */
    ASK_ENROL_SELF = 72,
    /* self: CODE CODE2 -> [RECOVERY_CODE...]: two codes of the waiting token, one after the other */
    ASK_ENROL_CONFIRM = 73,
    /* admin: USER [SID] -> EXPIRES ENROL_TICKET */
    ASK_ENROL_TICKET = 74,
    /* admin: USER SEED [CODE_TIME] [LABEL] [DIGITS] [PERIOD] [ALGORITHM] PARCEL_NUMBER ARRIVAL -> SID: a token from
     * elsewhere, for somebody who has none, joins the arrival; codes up to CODE_TIME were used. SEED is base32,
     * PARCEL_NUMBER the line it comes from */
    ASK_IMPORT = 76,
    /* admin: USER CODE CODE2 -> nothing: follow a token whose clock is off */
    ASK_RESYNC = 75,
    /* admin: [PLACE] -> [MESSAGE...] COUNT PLACE MORE REFUSED: of a page of all people, how many were sealed anew with the first
     * seal key; REFUSED do not open, a MESSAGE each. MORE: ask again, with PLACE */
    ASK_RESEAL = 77,
    /* admin: [PARCEL_HEAD PARCEL_NUMBER PLACE] -> [MESSAGE...] PARCEL_HEAD PARCEL_NUMBER PLACE [PIECE...] MORE REFUSED: a page of
     * a parcel (mfa/parcel.h); the next one is asked for with what this one has. PARCEL_NUMBER is the next page's first.
     * REFUSED: people whose seeds do not open, a MESSAGE each; they make the parcel worthless */
    ASK_EXPORT = 85,
    /* admin: [REPLACE] [DRY_RUN] [PARCEL_HEAD] [SKIPPED] -> ARRIVAL: an import begins (mfa/arrival.h), of a parcel or of what
     * ASK_IMPORT brings; one that was under way is forgotten. SKIPPED 1: leave out whom the directory does not know */
    ASK_ARRIVAL_BEGIN = 86,
    /* admin: PARCEL_NUMBER PIECE... ARRIVAL -> nothing: pieces from that number on */
    ASK_ARRIVAL_PIECES = 87,
    /* admin: ARRIVAL -> [MESSAGE...] COUNT [STEP...] MORE REFUSED MERGED SAME SKIPPED: all have come. REFUSED: nobody was put into the
     * store, a MESSAGE tells of each; STEP: names of those whom a parcel enrols; MORE: ask again, for the rest */
    ASK_ARRIVAL_END = 88,
    /* admin: ACCESS_KEY [TICKET_ID] -> [TICKET] [HELD]: whose is the credential with that access key id, of those that are
     * cached (HELD: the role and the session); or else, is the ticket of that id still good */
    ASK_WHOIS = 90,
    /* admin: [SID] -> PERSON... [NEXT]: everybody who is enrolled, by SID, those after that one; NEXT is what to ask with
     * for more. Of a person STATUS is the error that keeps them out, or from being known, STEP... the names of their roles */
    ASK_PEOPLE = 91,
};

/* Tags in the order in which they stand in a message. X(name, tag, kind, many, value size limit) */
#define WIRE_TAGS(X)                                                                               \
    X(STATUS, 1, NUMBER, false, 8)                                                                 \
    X(MESSAGE, 2, TEXT, true, 1024)                                                                \
    X(USER, 10, TEXT, false, 257)                                                                  \
    X(SID, 11, TEXT, false, 192)                                                                   \
    X(PASSWORD, 12, BYTES, false, 511)                                                             \
    X(NEW_PASSWORD, 13, BYTES, false, 511)                                                         \
    X(CODE, 14, BYTES, false, 64)                                                                  \
    X(FACTORS, 15, NUMBER, false, 8)                                                               \
    X(SERVICE, 16, TEXT, false, 65)                                                                \
    X(RHOST, 17, TEXT, false, 256)                                                                 \
    X(TTY, 18, TEXT, false, 128)                                                                   \
    X(RECEIPT, 19, TEXT, false, 65)                                                                \
    X(SESSION, 20, TEXT, false, 65)                                                                \
    X(ENVIRONMENT, 21, TEXT, true, 1024)                                                           \
    X(ROLE_NAME, 30, TEXT, false, 129)                                                             \
    X(ROLE_ARN, 31, TEXT, false, 2049)                                                             \
    X(ACCOUNT, 32, TEXT, false, 13)                                                                \
    X(ALIAS, 33, TEXT, false, 129)                                                                 \
    X(REGION, 34, TEXT, false, 65)                                                                 \
    X(DURATION, 35, NUMBER, false, 8)                                                              \
    X(CODE_NEEDED, 36, NUMBER, false, 8)                                                           \
    X(CACHED_UNTIL, 37, NUMBER, false, 8)                                                          \
    X(DEFAULT, 38, NUMBER, false, 8)                                                               \
    X(ACCESS_KEY, 40, TEXT, false, 129)                                                            \
    X(SECRET_KEY, 41, TEXT, false, 257)                                                            \
    X(SESSION_TOKEN, 42, TEXT, false, 65536)                                                       \
    X(EXPIRES, 43, NUMBER, false, 8)                                                               \
    X(STARTED, 44, NUMBER, false, 8)                                                               \
    X(CODE_TIME, 45, NUMBER, false, 8)                                                             \
    X(COUNT, 46, NUMBER, false, 8)                                                                 \
    X(LABEL, 50, TEXT, false, 129)                                                                 \
    X(REPLACE, 51, NUMBER, false, 8)                                                               \
    X(URI, 52, TEXT, false, 1024)                                                                  \
    X(SEED, 53, TEXT, false, 257)                                                                  \
    X(STEP, 54, TEXT, true, 1024)                                                                  \
    X(ROLE, 60, GROUP, true, 8192)                                                                 \
    X(TICKET, 61, GROUP, true, 8192)                                                               \
    X(ENROLMENT, 62, GROUP, true, 8192)                                                            \
    X(IN_USE, 70, NUMBER, false, 8)                                                                \
    X(CONSOLE_SERVICE, 80, TEXT, false, 33)                                                        \
    X(CONSOLE_URL, 81, TEXT, false, 16384)                                                         \
    X(POLICY, 100, TEXT, false, 2049)                                                              \
    X(REVOCATION, 101, GROUP, true, 8192)                                                          \
    X(CODE2, 110, BYTES, false, 64)                                                                \
    X(RECOVERY_CODE, 111, TEXT, true, 32)                                                          \
    X(ENROL_TICKET, 112, TEXT, false, 33)                                                          \
    X(PICTURE, 113, TEXT, false, 32768)                                                            \
    X(PICTURE_KIND, 114, NUMBER, false, 8)                                                         \
    X(DIGITS, 115, NUMBER, false, 8)                                                               \
    X(PERIOD, 116, NUMBER, false, 8)                                                               \
    X(ALGORITHM, 117, NUMBER, false, 8)                                                            \
    X(ADD, 118, NUMBER, false, 8)                                                                  \
    X(TOKEN, 119, NUMBER, false, 8)                                                                \
    X(DRY_RUN, 120, NUMBER, false, 8)                                                              \
    X(APPENDED, 130, NUMBER, false, 8)                                                             \
    X(CODE_LENGTH, 131, NUMBER, false, 8)                                                          \
    X(NO_DIALOGUE, 132, NUMBER, false, 8)                                                          \
    X(PENDING, 133, TEXT, false, 65)                                                               \
    X(NOTICE, 134, TEXT, false, 49152)                                                             \
    X(PARCEL_HEAD, 150, TEXT, false, 80)                                                           \
    X(PARCEL_NUMBER, 151, NUMBER, false, 8)                                                        \
    X(PLACE, 152, BYTES, false, 512)                                                               \
    X(PIECE, 153, BYTES, true, 4096)                                                               \
    X(MORE, 154, NUMBER, false, 8)                                                                 \
    X(ARRIVAL, 155, BYTES, false, 16)                                                              \
    X(REFUSED, 156, NUMBER, false, 8)                                                              \
    X(MERGED, 157, NUMBER, false, 8)                                                               \
    X(SAME, 158, NUMBER, false, 8)                                                                 \
    X(SKIPPED, 159, NUMBER, false, 8)                                                              \
    X(TICKET_ID, 160, TEXT, false, 65)                                                             \
    X(SESSION_ARN, 161, TEXT, false, 2049)                                                         \
    X(HELD, 162, GROUP, false, 8192)                                                               \
    X(TOKENS, 163, NUMBER, false, 8)                                                               \
    X(CODES_LEFT, 164, NUMBER, false, 8)                                                           \
    X(CODES_MADE, 165, NUMBER, false, 8)                                                           \
    X(PERSON, 166, GROUP, true, 8192)                                                              \
    X(NEXT, 167, TEXT, false, 192)                                                                 \
    X(APPLY, 168, NUMBER, false, 8)                                                                \
    X(APPLIED, 169, NUMBER, false, 8)

enum wire_tag {
#define WIRE_TAG_ENUM(name, tag, kind, many, limit) WIRE_##name = (tag),
    WIRE_TAGS(WIRE_TAG_ENUM)
#undef WIRE_TAG_ENUM
};

/* Bits of WIRE_FACTORS: which factors are asked for, and in STATUS_OF which were proved. */
enum wire_factor { WIRE_FACTOR_PASSWORD = 1, WIRE_FACTOR_CODE = 2, WIRE_FACTOR_RECOVERY = 4 };

/* How often somebody may try to type two codes of the token that their first login set up. */
enum { WIRE_ENROL_TRIES = 3 };

/* APPLIED: has AWS a policy now? */
enum wire_applied { WIRE_APPLIED_NO, WIRE_APPLIED_YES, WIRE_APPLIED_UNKNOWN };

/* PICTURE_KIND: what the terminal shows of a QR code; absent or 0 is none. */
enum wire_picture { WIRE_PICTURE_PLAIN = 1, WIRE_PICTURE_COLOUR = 2 };

/* ---- Reading: a view on bytes that stay the caller's ---- */

struct wire_msg {
    unsigned type;    /* as on the wire, reply bit included; 0 in a group */
    uint64_t request; /* 0 in a group */
    const unsigned char *fields;
    size_t fields_len;
};

/*
 * Check a whole message by every rule above; nothing is allocated, and after success no getter can
 * fail on malformed bytes. A request must also fit its row in wire.c. The bytes must outlive
 * the view. 0 or FED_E_PROTO. Any bytes are safe.
 */
FED_MUST_USE int wire_parse(const void *data, size_t len, struct wire_msg *ret_msg);

/* The first value of a tag; NULL, or the default, when absent. Text and bytes are borrowed. */
const char *wire_text(const struct wire_msg *msg, enum wire_tag tag);
const unsigned char *wire_bytes(const struct wire_msg *msg, enum wire_tag tag, size_t *ret_len);
uint64_t wire_number(const struct wire_msg *msg, enum wire_tag tag, uint64_t absent);
bool wire_has(const struct wire_msg *msg, enum wire_tag tag);

/* The value of a tag that may repeat, by index; NULL or false past the last. */
const char *wire_text_at(const struct wire_msg *msg, enum wire_tag tag, size_t index);
const unsigned char *wire_bytes_at(
    const struct wire_msg *msg, enum wire_tag tag, size_t index, size_t *ret_len);
bool wire_group_at(
    const struct wire_msg *msg, enum wire_tag tag, size_t index, struct wire_msg *ret_group);

/* The reply's status as an error code: 0 or FED_E_*; FED_E_PROTO if it has none. */
int wire_status(const struct wire_msg *msg);

/* ---- Writing ---- */

/*
 * A message being written. Errors stick: the first one is kept and wire_finish returns it, so a
 * writer is a straight list of puts. Fields must come in ascending order of tags.
 */
struct wire_out {
    struct fed_secret bytes;
    size_t group_at; /* where the open group's length stands, 0 when none is open */
    unsigned last_tag;
    unsigned outer_tag;
    int error;
};

void wire_out_init(struct wire_out *out, unsigned type, uint64_t request);
void wire_out_done(struct wire_out *out);

/* A reply to msg, with its status already put. */
void wire_reply_init(struct wire_out *out, const struct wire_msg *msg, int status);

/* A NULL text or bytes puts nothing: optional fields need no if. */
void wire_put_text(struct wire_out *out, enum wire_tag tag, const char *text);
void wire_put_bytes(struct wire_out *out, enum wire_tag tag, const void *data, size_t len);
void wire_put_number(struct wire_out *out, enum wire_tag tag, uint64_t number);
void wire_begin_group(struct wire_out *out, enum wire_tag tag);
void wire_end_group(struct wire_out *out);

/*
 * Fill in the length. 0, or the first error of any put: FED_E_TOO_BIG, FED_E_INVALID (a text that is not
 * UTF-8, a tag out of order), FED_E_NOMEM. out->bytes is then the message.
 */
FED_MUST_USE int wire_finish(struct wire_out *out);

#endif
