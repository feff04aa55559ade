/*
 * The error codes of awsfed: one list, each with its class and its text.
 * Every fallible function returns 0 or one of these, negative.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define FED_MUST_USE     __attribute__((warn_unused_result))
#define FED_PRINTF(f, a) __attribute__((format(printf, f, a)))

enum fed_class {
    FED_CLASS_OK,
    FED_CLASS_DENIED,      /* the answer is no, and asking again changes nothing */
    FED_CLASS_UNAVAILABLE, /* no answer could be had; asking later may help */
    FED_CLASS_INPUT,       /* what the caller gave is not acceptable */
    FED_CLASS_INTERNAL,    /* our own fault or the machine's */
};

/*
 * X(name, wire number, class, text). The numbers go over the socket: never reuse one.
 * The text is what a person may see; it never tells which of password and code was wrong.
 */
#define FED_ERRORS(X)                                                                              \
    X(DENIED, 1, DENIED, "authentication failed")                                                  \
    X(REPLAY, 2, DENIED, "this one-time code was used already")                                    \
    X(LOCKED, 3, DENIED, "too many failed attempts; try again later")                              \
    X(DISABLED, 4, DENIED, "this account is disabled in the directory")                            \
    X(EXPIRED, 5, DENIED, "this account has expired in the directory")                             \
    X(PASSWORD_EXPIRED, 6, DENIED, "the password has expired and must be changed")                 \
    X(RESTRICTED, 7, DENIED, "this account may not log in here or at this time")                   \
    X(DIRECTORY_LOCKED, 8, DENIED, "this account is locked in the directory")                      \
    X(NOT_LISTED, 9, DENIED, "this account is not in a group that may log in here")                \
    X(UNKNOWN_USER, 10, DENIED, "no such user in the directory")                                   \
    X(LOCAL_USER, 11, DENIED, "a local account, not one of the directory")                         \
    X(NOT_ENROLLED, 12, DENIED, "no second factor is enrolled")                                    \
    X(NO_TICKET, 13, DENIED, "you are not signed in; run awsfed-login")                            \
    X(ROLE, 14, DENIED, "no such role, or it is not yours")                                        \
    X(PERMISSION, 15, DENIED, "not permitted for this caller")                                     \
    X(AWS_REFUSED, 16, DENIED, "AWS refused the request")                                          \
    X(FRESH_CODE, 17, DENIED, "this role needs a fresh one-time code; run awsfed-login")           \
    X(PASSWORD_REFUSED, 18, DENIED, "the directory refused the new password")                      \
    X(DIRECTORY, 30, UNAVAILABLE, "the directory is unavailable; try again later")                 \
    X(BRIDGE, 31, UNAVAILABLE, "the awsfed bridge is not running")                                 \
    X(TIMEOUT, 32, UNAVAILABLE, "no answer in time")                                               \
    X(STORE, 33, UNAVAILABLE, "the second-factor store is unavailable; try again later")           \
    X(AWS_UNAVAILABLE, 34, UNAVAILABLE, "AWS could not be reached; try again later")               \
    X(BUSY, 35, UNAVAILABLE, "too many requests at once; try again later")                         \
    X(KEEPER, 36, UNAVAILABLE, "the keeper of the keys does not answer")                           \
    X(CLOCK, 37, UNAVAILABLE, "this host's clock is wrong")                                        \
    X(NAME, 50, INPUT, "not a valid account name")                                                 \
    X(INVALID, 51, INPUT, "invalid input")                                                         \
    X(PROTO, 52, INPUT, "malformed message")                                                       \
    X(TOO_BIG, 53, INPUT, "too large")                                                             \
    X(CONFIG, 54, INPUT, "configuration error")                                                    \
    X(NOT_FOUND, 55, INPUT, "not found")                                                           \
    X(EXISTS, 56, INPUT, "exists already")                                                         \
    X(TLS, 57, UNAVAILABLE, "the server's TLS certificate could not be verified")                  \
    X(NOMEM, 70, INTERNAL, "out of memory")                                                        \
    X(SYSTEM, 71, INTERNAL, "system error")                                                        \
    X(CRYPTO, 72, INTERNAL, "cryptographic failure")

enum fed_error {
    FED_OK = 0,
#define FED_ERROR_ENUM(name, number, class, text) FED_E_##name = -(number),
    FED_ERRORS(FED_ERROR_ENUM)
#undef FED_ERROR_ENUM
};

/* The text of an error, never NULL; static. Any thread. */
const char *fed_strerror(int error);

/* The short name of an error ("REPLAY"), for logs and audit lines; static, never NULL. */
const char *fed_error_name(int error);

/* The class of an error; an unknown code is FED_CLASS_INTERNAL. */
enum fed_class fed_error_class(int error);

/* Wire number (positive, 0 for success) to error and back; an unknown number is FED_E_PROTO. */
int fed_error_from_wire(unsigned number);
unsigned fed_error_to_wire(int error);

#endif
