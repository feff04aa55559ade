/*
 * A token with keys, the library that reaches it (tests/bridge/hsm.c), and signers.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_BRIDGE_SIGNER_FIXTURE_H
#define TESTS_BRIDGE_SIGNER_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>

#include "base/clock.h"
#include "bridge/signer_process.h"
#include "tests/bridge/keeper_fixture.h"

enum { SIGNER_GROUP = 4242, SIGNER_PATIENCE_MS = 400, SIGNER_TEST_PAUSE_MS = 150 };

/* In the folder: hsm.so, softhsm2.conf, tokens/, unit.pin, and what hsm.c writes and reads. */
static inline void
signer_files(void)
{
    char own[4096], command[8192], conf[256];

    ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
    if (n <= 0 || chmod(fixture_folder, 0755) != 0)
        abort();
    own[n] = '\0';
    *strrchr(own, '/') = '\0';
    (void)snprintf(conf, sizeof(conf),
        "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
        fixture_folder);
    fixture_write("softhsm2.conf", 0644, conf);
    fixture_write("fault", 0666, "");
    fixture_write("logins", 0666, "");
    fixture_write("probe", 0666, "");
    fixture_write("unit.pin", 0600, "123456\n");
    (void)snprintf(command, sizeof(command),
        "cp '%s/hsm.so' %s/hsm.so && chmod 755 %s/hsm.so && mkdir %s/tokens", own, fixture_folder,
        fixture_folder, fixture_folder);
    if (system(command) != 0)
        abort();
}

/* As an administrator would, in the signer's stead. The command's words are not shown. */
static inline int
signer_tool(const char *words)
{
    char command[1024];

    (void)snprintf(command, sizeof(command), "SOFTHSM2_CONF=%s/softhsm2.conf %s >/dev/null 2>&1",
        fixture_folder, words);
    return system(command);
}

static inline void
signer_import(const char *key, const char *label, const char *id)
{
    char words[512];

    (void)snprintf(words, sizeof(words),
        "softhsm2-util --import %s/%s.key --token unit --label %s --id %s --pin 123456",
        fixture_folder, key, label, id);
    if (signer_tool(words) != 0)
        abort();
}

static inline void
signer_give_token(void)
{
    char words[256];

    (void)snprintf(words, sizeof(words), "chown -R %u:%u %s/tokens", fixture_uid(), fixture_gid(),
        fixture_folder);
    if (geteuid() == 0 && system(words) != 0)
        abort();
}

static inline void
signer_token(void)
{
    signer_files();
    fixture_pair("other", EVP_RSA_gen(2048), NULL);
    fixture_pair("small", EVP_RSA_gen(1024), NULL);
    fixture_pair("ec", EVP_EC_gen("P-256"), NULL);
    if (signer_tool(
            "softhsm2-util --init-token --free --label unit --pin 123456 --so-pin 87654321"))
        abort();
    signer_import("saml", "saml", "01");
    signer_import("small", "small", "02");
    signer_import("ec", "ec", "03");
    signer_import("saml", "twin", "04");
    signer_import("other", "twin", "05");
    signer_give_token();
}

/* The URI of a key, by its object=… or id=…; valid until the next. */
static inline const char *
signer_uri(const char *token, const char *key)
{
    static char uri[1024];

    (void)snprintf(uri, sizeof(uri),
        "pkcs11:token=%s;%s;type=private?module-path=%s/hsm.so&pin-source=file:%s/unit.pin", token,
        key, fixture_folder, fixture_folder);
    return uri;
}

static inline void
signer_run(int fd, const void *options)
{
    signer_process(fd, options);
}

struct signer_start {
    const char *uri;
    const char *certificate; /* a name in the folder, or NULL */
    bool may_be_ec;
};

/* Start one; its words are left in why (512 bytes). */
static inline int
signer_try(const struct signer_start *start, struct keeper **ret, char *why)
{
    static const gid_t groups[] = {SIGNER_GROUP};
    char *certificate = start->certificate != NULL ? fixture_path(start->certificate) : NULL;
    const struct signer_options options = {.uri = start->uri,
        .certificate = certificate,
        .may_be_ec = start->may_be_ec,
        .ids = {.uid = fixture_uid(),
            .gid = fixture_gid(),
            .groups = groups,
            .n_groups = geteuid() == 0 ? 1 : 0},
        .answer_ms = SIGNER_PATIENCE_MS,
        .pause_ms = SIGNER_TEST_PAUSE_MS};
    const struct keeper_program program = {"the signer", signer_run, &options};

    why[0] = '\0';
    int r = keeper_launch(&program, ret, why, 512);
    free(certificate);
    return r;
}

/* One that must be all right: of the key "saml". */
static inline struct keeper *
signer_good(void)
{
    const struct signer_start start = {signer_uri("unit", "object=saml"), "saml.crt", false};
    struct keeper *signer = NULL;
    char why[512];

    if (signer_try(&start, &signer, why) != 0 || why[0] != '\0')
        fail_msg("%s", why);
    return signer;
}

static inline void
signer_fault(const char *name)
{
    fixture_write("fault", 0666, name);
}

static inline int
signer_make_token(void **state)
{
    (void)state;
    return fixture_make(signer_token);
}

static inline int
signer_remove_token(void **state)
{
    (void)state;
    return fixture_remove();
}

/* The token is made once; a test leaves its PIN as it was. */
static inline int
signer_set_up(void **state)
{
    (void)state;
    signer_fault("");
    fixture_write("logins", 0666, "");
    fixture_write("unit.pin", 0600, "123456\n");
    return 0;
}

/* What hsm.c has written to a file of the folder. */
static inline const char *
signer_written(const char *name)
{
    static char text[4096];
    char *path = fixture_path(name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

    assert_true(n >= 0);
    text[n] = '\0';
    (void)close(fd);
    free(path);
    return text;
}

static inline size_t
signer_logins(void)
{
    return strlen(signer_written("logins"));
}

/* The process with the library: the signer's only child. 0 = there is none. */
static inline pid_t
signer_child(const struct keeper *signer)
{
    char path[64], text[64] = "";

    (void)snprintf(
        path, sizeof(path), "/proc/%d/task/%d/children", keeper_pid(signer), keeper_pid(signer));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static inline int
signer_sign(struct keeper *signer)
{
    struct fed_secret signature = FED_SECRET_INIT(512);
    int r = keeper_sign(signer, "abc", 3, &signature);

    fed_secret_done(&signature);
    return r;
}

/* Until it signs again, which it must within two seconds. */
static inline void
signer_wait_until_it_signs(struct keeper *signer)
{
    int64_t end_ms = clock_mono_ms() + 2000;

    while (signer_sign(signer) != 0) {
        if (clock_mono_ms() > end_ms)
            fail_msg("it does not sign again");
        (void)usleep(20000);
    }
}

#endif
