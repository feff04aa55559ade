/*
 * The keeper's questions: wrong, malformed and unanswerable ones first; many askers; a keeper that is
 * gone; key files that must stop the start.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "bridge/keeper_wire.h"
#include "tests/bridge/keeper_fixture.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";
static const char bob[] = "S-1-5-21-1-2-3-1105";
static const int64_t now = 1111111109;
static const struct totp_params params = {
    .digits = 6, .period_s = 30, .algorithm = CONF_SHA1, .window = 1};

static struct keeper *keeper;
static struct fed_secret blob, seed;

static void
more_keys(void)
{
    fixture_pair("other", EVP_RSA_gen(2048), NULL);
    fixture_pair("short", EVP_RSA_gen(1024), NULL);
    fixture_pair("ec", EVP_EC_gen("P-256"), NULL);
    fixture_pair("locked", EVP_RSA_gen(2048), "secret");
    fixture_seal_key("open.key", 0644);
    fixture_write("odd.key", 0600, "00112233\n");
    fixture_write("letter.pem", 0600, "Dear Sir or Madam\n");
}

static int
set_up_group(void **state)
{
    (void)state;
    return totp_init() + fixture_make(more_keys);
}

static int
tear_down_group(void **state)
{
    (void)state;
    return fixture_remove();
}

static int
set_up(void **state)
{
    (void)state;
    blob = FED_SECRET_INIT(SEAL_BLOB_MAX);
    seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    keeper = fixture_keeper();
    return keeper_seal(keeper, alice, NULL, 20, &blob, &seed);
}

static int
tear_down(void **state)
{
    (void)state;
    keeper_stop(keeper);
    fed_secret_done(&blob);
    fed_secret_done(&seed);
    return 0;
}

static int
verify(const char *sid, const char *code, uint64_t *ret_step)
{
    return keeper_verify(
        keeper, sid, blob.data, blob.len, &params, code, strlen(code), now, ret_step);
}

/* The right code of now, by our own hand: the fixture knows the seed. */
static void
right_code(char ret[TOTP_CODE_MAX + 1])
{
    assert_int_equal(totp_code(&params, &seed, (uint64_t)now / 30, ret), 0);
}

/* ---- VERIFY and SEAL ---- */

static void
test_wrong_codes_and_people_refused_i34(void **state)
{
    char code[TOTP_CODE_MAX + 1], wrong[TOTP_CODE_MAX + 1], overlong[200];
    uint64_t step = 7;

    (void)state;
    right_code(code);
    assert_int_equal(totp_code(&params, &seed, (uint64_t)now / 30 + 2, wrong), 0);
    memset(overlong, '1', sizeof(overlong) - 1);
    overlong[sizeof(overlong) - 1] = '\0';
    assert_int_equal(verify(alice, wrong, &step), FED_E_DENIED);
    assert_int_equal(verify(alice, "", &step), FED_E_DENIED);
    assert_int_equal(verify(alice, overlong, &step), FED_E_DENIED);
    assert_int_equal(verify(bob, code, &step), FED_E_CRYPTO);
    blob.data[blob.len - 1] ^= 1;
    assert_int_equal(verify(alice, code, &step), FED_E_CRYPTO);
    blob.data[blob.len - 1] ^= 1;
    assert_int_equal(
        keeper_verify(keeper, alice, NULL, 0, &params, code, 6, now, &step), FED_E_CRYPTO);
    assert_int_equal(
        keeper_verify(keeper, alice, blob.data, SEAL_BLOB_MAX + 1, &params, code, 6, now, &step),
        FED_E_INVALID);
    struct totp_params wide = params;
    wide.window = 3;
    assert_int_equal(keeper_verify(keeper, alice, blob.data, blob.len, &wide, code, 6, now, &step),
        FED_E_INVALID);
    assert_int_equal(step, 7);
    assert_int_equal(verify(alice, code, &step), 0);
    assert_int_equal(step, (uint64_t)now / 30);
}

static void
test_sids_out_of_bounds(void **state)
{
    char sid[300];
    uint64_t step;

    (void)state;
    memset(sid, 'S', sizeof(sid) - 1);
    sid[sizeof(sid) - 1] = '\0';
    assert_int_equal(verify(sid, "123456", &step), FED_E_INVALID);
    assert_int_equal(verify("", "123456", &step), FED_E_INVALID);
    sid[191] = '\0'; /* the longest */
    assert_int_equal(verify(sid, "123456", &step), FED_E_CRYPTO);
}

static void
test_seal_a_given_seed(void **state)
{
    struct fed_secret given = FED_SECRET_INIT(256), got = FED_SECRET_INIT(256);
    uint64_t step = 0;

    (void)state;
    assert_int_equal(fed_secret_add(&given, "12345678901234567890", 15), 0);
    assert_int_equal(keeper_seal(keeper, alice, &given, 0, &blob, &got), FED_E_INVALID);
    assert_int_equal(fed_secret_set(&given, "12345678901234567890", 20), 0);
    assert_int_equal(keeper_seal(keeper, alice, &given, 0, &blob, &got), 0);
    assert_true(fed_secret_equal(given.data, given.len, got.data, got.len));
    assert_int_equal(verify(alice, "081804", &step), 0); /* RFC 6238 appendix B, six digits */
    assert_int_equal(step, 0x23523EC);
    fed_secret_done(&given);
    fed_secret_done(&got);
}

static void
test_fresh_seeds_differ(void **state)
{
    struct fed_secret other = FED_SECRET_INIT(TOTP_SEED_MAX);

    (void)state;
    assert_int_equal(seed.len, 20);
    assert_int_equal(keeper_seal(keeper, alice, NULL, 20, &blob, &other), 0);
    assert_int_equal(other.len, 20);
    assert_memory_not_equal(seed.data, other.data, 20);
    assert_int_equal(keeper_seal(keeper, alice, NULL, 15, &blob, &other), FED_E_INVALID);
    assert_int_equal(keeper_seal(keeper, alice, NULL, 129, &blob, &other), FED_E_INVALID);
    assert_int_equal(keeper_seal(keeper, alice, NULL, 128, &blob, &other), 0);
    assert_int_equal(other.len, 128);
    fed_secret_done(&other);
}

/* Where it does not fit, neither output is touched. */
static void
test_outputs_only_on_success(void **state)
{
    struct fed_secret tiny = FED_SECRET_INIT(8), before = FED_SECRET_INIT(SEAL_BLOB_MAX);

    (void)state;
    assert_int_equal(fed_secret_add(&before, "before", 6), 0);
    assert_int_equal(keeper_seal(keeper, alice, NULL, 20, &before, &tiny), FED_E_TOO_BIG);
    assert_string_equal(fed_secret_str(&before), "before");
    assert_int_equal(tiny.len, 0);
    fed_secret_done(&before);
    fed_secret_done(&tiny);
}

/* ---- SIGN ---- */

static bool
signature_is_good(const void *data, size_t len, const struct fed_secret *signature)
{
    FILE *f = fopen(fixture_conf.saml.certificate, "r");
    X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    (void)fclose(f);
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, X509_get0_pubkey(x)), 1);
    bool good = EVP_DigestVerify(ctx, signature->data, signature->len, data, len) == 1;
    EVP_MD_CTX_free(ctx);
    X509_free(x);
    return good;
}

static void
test_sign(void **state)
{
    static unsigned char large[KEEPER_DATA_MAX + 1];
    struct fed_secret signature = FED_SECRET_INIT(512), small = FED_SECRET_INIT(255);

    (void)state;
    assert_int_equal(keeper_sign(keeper, "", 0, &signature), FED_E_INVALID);
    assert_int_equal(keeper_sign(keeper, large, sizeof(large), &signature), FED_E_INVALID);
    assert_int_equal(keeper_sign(keeper, "abc", 3, &small), FED_E_TOO_BIG);
    assert_int_equal(signature.len, 0);
    assert_int_equal(keeper_sign(keeper, "abc", 3, &signature), 0);
    assert_int_equal(signature.len, 256);
    assert_true(signature_is_good("abc", 3, &signature));
    assert_false(signature_is_good("abd", 3, &signature));
    fed_secret_clear(&signature);
    assert_int_equal(keeper_sign(keeper, large, KEEPER_DATA_MAX, &signature), 0);
    assert_true(signature_is_good(large, KEEPER_DATA_MAX, &signature));
    fed_secret_done(&signature);
}

/* Without [saml], logins work and SIGN says why it cannot. */
static void
test_no_signing_key(void **state)
{
    struct conf conf = fixture_conf;
    struct fed_secret signature = FED_SECRET_INIT(512);
    struct keeper *other = NULL;
    char why[512] = "";

    (void)state;
    conf.saml.key = conf.saml.certificate = NULL;
    assert_int_equal(
        keeper_start(&conf, fixture_uid(), fixture_gid(), &other, why, sizeof(why)), 0);
    assert_int_equal(keeper_sign(other, "abc", 3, &signature), FED_E_CONFIG);
    assert_int_equal(keeper_seal(other, alice, NULL, 20, &blob, &seed), 0);
    keeper_stop(other);
}

/* ---- Malformed packets: PROTO, and the keeper goes on ---- */

static int
raw(const void *packet, size_t len, struct keeper_reply *ret)
{
    static unsigned char reply[KEEPER_REPLY_MAX];

    assert_int_equal(send(keeper_fd(keeper), packet, len, MSG_NOSIGNAL), len);
    ssize_t n = recv(keeper_fd(keeper), reply, sizeof(reply), 0);
    assert_true(n > 0);
    return keeper_wire_get_reply(reply, (size_t)n, ret);
}

static void
assert_proto(const void *packet, size_t len)
{
    struct keeper_reply reply;

    assert_int_equal(raw(packet, len, &reply), 0);
    assert_int_equal(reply.status, FED_E_PROTO);
}

static void
test_malformed_packets_are_refused_i54(void **state)
{
    static unsigned char large[KEEPER_REQUEST_MAX + 1000];
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REQUEST_MAX);
    struct keeper_request q = {
        .question = KEEPER_SEAL, .sid = "S-1-5-21-1-2-3-1104", .fresh_len = 20};
    struct keeper_reply reply;
    uint64_t step;

    (void)state;
    assert_int_equal(keeper_wire_put_request(&q, &packet), 0);
    for (size_t len = 1; len < packet.len; len++)
        assert_proto(packet.data, len);
    memcpy(large, packet.data, packet.len);
    assert_proto(large, packet.len + 1);
    assert_proto(large, sizeof(large));
    /* Every byte of the head set to what it is not: never a crash, and rarely still a question. */
    for (size_t i = 0; i < KEEPER_REQUEST_HEAD; i++) {
        large[i] ^= 0xff;
        assert_proto(large, packet.len);
        large[i] = packet.data[i];
    }
    large[KEEPER_REQUEST_HEAD + 5] = '\0'; /* a NUL in the SID */
    assert_proto(large, packet.len);

    assert_int_equal(raw(packet.data, packet.len, &reply), 0);
    assert_int_equal(reply.status, 0);
    assert_int_equal(verify(alice, "", &step), FED_E_DENIED);
    fed_secret_done(&packet);
}

/* Descriptors sent along are not taken. */
static void
test_descriptors_are_not_taken(void **state)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    unsigned char byte = 0, reply[KEEPER_REPLY_MAX];
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control)};
    char path[64];
    int fd = STDIN_FILENO;

    (void)state;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    assert_int_equal(sendmsg(keeper_fd(keeper), &message, 0), 1);
    assert_true(recv(keeper_fd(keeper), reply, sizeof(reply), 0) > 0);
    (void)snprintf(path, sizeof(path), "/proc/%d/fd/4", keeper_pid(keeper));
    assert_int_equal(access(path, F_OK), -1);
}

/* ---- A keeper that is gone ---- */

static void
assert_gone(void)
{
    struct pollfd p = {.fd = keeper_fd(keeper)};
    struct fed_secret signature = FED_SECRET_INIT(512);
    uint64_t step = 7;

    assert_int_equal(verify(alice, "123456", &step), FED_E_KEEPER);
    assert_int_equal(keeper_sign(keeper, "abc", 3, &signature), FED_E_KEEPER);
    assert_int_equal(keeper_seal(keeper, alice, NULL, 20, &blob, &seed), FED_E_KEEPER);
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_true((p.revents & POLLHUP) != 0);
    assert_int_equal(step, 7);
}

static void
test_dead_keeper(void **state)
{
    struct pollfd p = {.fd = keeper_fd(keeper)};

    (void)state;
    assert_int_equal(poll(&p, 1, 0), 0); /* alive: nothing to report */
    assert_int_equal(kill(keeper_pid(keeper), SIGKILL), 0);
    assert_gone();
}

static void
test_empty_packet_ends_it(void **state)
{
    (void)state;
    assert_int_equal(send(keeper_fd(keeper), "", 0, MSG_NOSIGNAL), 0);
    assert_gone();
}

/* An answer that nobody asked for spoils the conversation, it is not taken for the next one. */
static void
test_answer_out_of_turn(void **state)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REQUEST_MAX);
    struct keeper_request q = {
        .question = KEEPER_SEAL, .sid = "S-1-5-21-1-2-3-1104", .fresh_len = 20};

    (void)state;
    assert_int_equal(keeper_wire_put_request(&q, &packet), 0);
    assert_int_equal(send(keeper_fd(keeper), packet.data, packet.len, 0), packet.len);
    fed_secret_done(&packet);
    assert_gone();
}

/* ---- Many askers ---- */

static atomic_uint mistakes;

static void *
ask_much(void *arg)
{
    struct fed_secret signature = FED_SECRET_INIT(512);
    char code[TOTP_CODE_MAX + 1], data[32];
    int n = *(int *)arg;

    right_code(code);
    for (int i = 0; i < 30; i++) {
        uint64_t step = 0;
        mistakes += verify(alice, code, &step) != 0 || step != (uint64_t)now / 30;
        mistakes += verify(bob, code, &step) != FED_E_CRYPTO;
        (void)snprintf(data, sizeof(data), "thread %d, round %d", n, i);
        fed_secret_clear(&signature);
        mistakes += keeper_sign(keeper, data, strlen(data), &signature) != 0 ||
                    !signature_is_good(data, strlen(data), &signature);
    }
    fed_secret_done(&signature);
    return NULL;
}

static void
test_eight_threads(void **state)
{
    pthread_t threads[8];
    int numbers[8];

    (void)state;
    mistakes = 0;
    for (int i = 0; i < 8; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_much, &numbers[i]), 0);
    }
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(mistakes, 0);
}

/* ---- Starts that must fail (I-66) ---- */

static void
assert_start_refused(const char *seal_key, const char *key, const char *certificate, uid_t uid,
    const char *says, const char *says_too)
{
    struct conf conf = {0};
    struct keeper *none = NULL;
    char why[512] = "";

    conf.mfa.seal_key = fixture_path(seal_key);
    conf.saml.key = key != NULL ? fixture_path(key) : NULL;
    conf.saml.certificate = certificate != NULL ? fixture_path(certificate) : NULL;
    int r = keeper_start(&conf, uid, fixture_gid(), &none, why, sizeof(why));
    if (strstr(why, says) == NULL || strstr(why, says_too) == NULL)
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", why, says, says_too);
    assert_int_equal(r, FED_E_CONFIG);
    assert_null(none);
    free(conf.mfa.seal_key);
    free(conf.saml.key);
    free(conf.saml.certificate);
}

static void
test_bad_key_files_stop_the_start_i66(void **state)
{
    uid_t uid = fixture_uid();

    (void)state;
    assert_start_refused("none.key", "saml.key", "saml.crt", uid, "none.key", "");
    assert_start_refused("open.key", "saml.key", "saml.crt", uid, "open.key", "readable by others");
    assert_start_refused("odd.key", "saml.key", "saml.crt", uid, "odd.key", "openssl rand -hex 32");
    assert_start_refused("seal.key", "none.key", "saml.crt", uid, "none.key", "");
    assert_start_refused("seal.key", "letter.pem", "saml.crt", uid, "letter.pem", "PEM");
    assert_start_refused("seal.key", "locked.key", "locked.crt", uid, "locked.key", "password");
    assert_start_refused("seal.key", "short.key", "short.crt", uid, "short.key", "2048");
    assert_start_refused("seal.key", "ec.key", "ec.crt", uid, "ec.key", "RSA");
    assert_start_refused("seal.key", "saml.key", "letter.pem", uid, "letter.pem", "certificate");
    assert_start_refused("seal.key", "saml.key", NULL, uid, "saml.key", "certificate");
    /* Two that are good, but not of each other: both are named. */
    assert_start_refused("seal.key", "saml.key", "other.crt", uid, "saml.key", "other.crt");
    assert_start_refused("seal.key", "saml.key", "saml.crt", 0, "uid 0", "[bridge] user");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wrong_codes_and_people_refused_i34),
        TEST(test_sids_out_of_bounds),
        TEST(test_malformed_packets_are_refused_i54),
        TEST(test_descriptors_are_not_taken),
        TEST(test_outputs_only_on_success),
        TEST(test_seal_a_given_seed),
        TEST(test_fresh_seeds_differ),
        TEST(test_sign),
        TEST(test_no_signing_key),
        TEST(test_dead_keeper),
        TEST(test_empty_packet_ends_it),
        TEST(test_answer_out_of_turn),
        TEST(test_eight_threads),
        cmocka_unit_test(test_bad_key_files_stop_the_start_i66),
    };

    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
