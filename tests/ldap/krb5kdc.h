/*
 * A real Kerberos service (MIT's) for tests: the realm CORP.EXAMPLE.COM, with the accounts of one host and of one domain
 * controller or with whom a test puts there, in a folder of its own. Included once by each test program.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_LDAP_KRB5KDC_H
#define TESTS_LDAP_KRB5KDC_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ldap/kdc.h"
#include "tests/folder.h"

static struct {
    char folder[FOLDER_SIZE];
    char keytab[96]; /* JUMP$'s; that of ldap/dc1.corp.example.com is ldap.keytab in the folder */
    struct kdc at, passwords; /* passwords: who changes those, where a test wants it */
    pid_t pid, passwords_pid;
} krb5kdc;

static inline void FED_PRINTF(2, 3) krb5kdc_write(const char *name, const char *format, ...)
{
    char path[128];
    va_list args;

    (void)snprintf(path, sizeof(path), "%s/%s", krb5kdc.folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    va_start(args, format);
    assert_true(vfprintf(file, format, args) > 0);
    va_end(args);
    assert_int_equal(fclose(file), 0);
}

/* One that is free now, and is its from here on. */
static inline unsigned
krb5kdc_take_port(struct kdc *ret)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)close(fd);
    memcpy(&ret->address, &address, len);
    ret->len = len;
    return ntohs(address.sin_port);
}

static inline pid_t
krb5kdc_run(const char *program, const char *option, const struct kdc *at)
{
    char config[128], profile[128];
    int fd;

    (void)snprintf(config, sizeof(config), "KRB5_CONFIG=%s/krb5.conf", krb5kdc.folder);
    (void)snprintf(profile, sizeof(profile), "KRB5_KDC_PROFILE=%s/kdc.conf", krb5kdc.folder);
    char replays[] = "KRB5RCACHENAME=none:"; /* no record on the disk */
    char *const environment[] = {config, profile, replays, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL)
            _exit(127);
        (void)execle(program, program, option, (char *)NULL, environment);
        _exit(127);
    }
    assert_true(pid > 0);
    int64_t deadline = clock_mono_ms() + 10000;
    do {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int r = connect(fd, (const struct sockaddr *)&at->address, at->len);
        (void)close(fd);
        if (r == 0)
            return pid;
        (void)usleep(20000);
    } while (clock_left_ms(deadline) > 0);
    fail_msg("%s did not start", program);
    return -1;
}

static inline void
krb5kdc_start(void)
{
    krb5kdc.pid = krb5kdc_run("/usr/sbin/krb5kdc", "-n", &krb5kdc.at);
}

static inline void
krb5kdc_start_passwords(void)
{
    krb5kdc.passwords_pid = krb5kdc_run("/usr/sbin/kadmind", "-nofork", &krb5kdc.passwords);
}

static inline void
krb5kdc_kill(pid_t *pid)
{
    if (*pid > 0) {
        (void)kill(*pid, SIGKILL);
        (void)waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

static inline void
krb5kdc_stop(void)
{
    krb5kdc_kill(&krb5kdc.pid);
}

/* How many tickets it has given out of a kind, "AS_REQ" or "TGS_REQ", by its own log. */
static inline unsigned
krb5kdc_issued(const char *kind)
{
    char path[128], line[1024];
    unsigned n = 0;

    (void)snprintf(path, sizeof(path), "%s/log", krb5kdc.folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        n += strstr(line, kind) != NULL && strstr(line, "ISSUE") != NULL;
    (void)fclose(file);
    return n;
}

/* Shell commands where the realm is, kadmin.local among them. Their status. */
static inline int
krb5kdc_shell(const char *commands)
{
    char words[2048];

    (void)snprintf(words, sizeof(words),
        "cd %s && export PATH=/usr/sbin:/usr/bin:/bin KRB5_CONFIG=$PWD/krb5.conf "
        "KRB5_KDC_PROFILE=$PWD/kdc.conf && { %s; } >>setup.log 2>&1",
        krb5kdc.folder, commands);
    return system(words);
}

/* Make the realm with whom commands (krb5kdc_shell) put there, for krb5kdc_start. 0 or -1. */
static inline int
krb5kdc_make(const char *commands)
{
    struct kdc administration;

    if (folder_make(krb5kdc.folder) != 0)
        return -1;
    krb5kdc_write("krb5.conf", "[libdefaults]\ndefault_realm = CORP.EXAMPLE.COM\n");
    krb5kdc_write("acl", "*/admin@CORP.EXAMPLE.COM *\n");
    unsigned at = krb5kdc_take_port(&krb5kdc.at);
    unsigned passwords = krb5kdc_take_port(&krb5kdc.passwords);
    krb5kdc_write("kdc.conf",
        "[kdcdefaults]\nkdc_listen = \"\"\nkdc_tcp_listen = 127.0.0.1:%u\n"
        "[realms]\nCORP.EXAMPLE.COM = {\ndatabase_name = %s/db\nkey_stash_file = %s/stash\n"
        "supported_enctypes = aes256-cts:normal aes128-cts:normal\nacl_file = %s/acl\n"
        "kadmind_listen = 127.0.0.1:%u\nkpasswd_listen = 127.0.0.1:%u\n}\n"
        "[logging]\nkdc = FILE:%s/log\nadmin_server = FILE:%s/log.admin\n",
        at, krb5kdc.folder, krb5kdc.folder, krb5kdc.folder, krb5kdc_take_port(&administration),
        passwords, krb5kdc.folder, krb5kdc.folder);
    return krb5kdc_shell("kdb5_util create -s -P master") == 0 && krb5kdc_shell(commands) == 0 ? 0
                                                                                               : -1;
}

/* The realm of a host and a domain controller; tickets of JUMP$ are good for life_s seconds. 0 or -1. */
static inline int
krb5kdc_set_up(int life_s)
{
    char commands[512];

    (void)snprintf(commands, sizeof(commands),
        "kadmin.local addprinc -randkey +requires_preauth -maxlife '%d seconds' 'JUMP$' && "
        "kadmin.local addprinc -randkey ldap/dc1.corp.example.com && "
        "kadmin.local ktadd -norandkey -k jump.keytab 'JUMP$' && "
        "kadmin.local ktadd -k ldap.keytab ldap/dc1.corp.example.com",
        life_s);
    if (krb5kdc_make(commands) != 0)
        return -1;
    (void)snprintf(krb5kdc.keytab, sizeof(krb5kdc.keytab), "%s/jump.keytab", krb5kdc.folder);
    return 0;
}

static inline int
krb5kdc_tear_down(void)
{
    krb5kdc_stop();
    krb5kdc_kill(&krb5kdc.passwords_pid);
    return folder_remove(krb5kdc.folder);
}

#endif
