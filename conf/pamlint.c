/*
 * Rules of three kinds: what a line says, who is asked, and what a phase ends with. The last two are not read off the lines but
 * tried, by the one function that runs a phase.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/pamlint.h"

#include <string.h>

#include "base/module_options.h"
#include "base/wire.h"

#define OURS "pam_awsfed.so"
#define LIKE_OURS                                                                                  \
    "take the controls of the sample: [success=2 ignore=ignore user_unknown=ignore default=die]"
#define LIKE_UNIX                                                                                  \
    "follow it with: [success=1 default=ignore] pam_unix.so, then requisite pam_deny.so"

struct lint {
    const struct pamstack *stack;
    const char *service;
    struct findings *findings;
    const struct pamstack_module *ours[PAMFILE_PHASES]; /* the first of each phase */
};

/* ---- Modules ---- */

enum kind { OTHER, AWSFED, LOCAL, DIRECTORY, DENY, ROOT_ONLY, CONDITION };

static enum kind
kind_of(const struct pamstack_module *module)
{
    static const struct {
        const char *name;
        enum kind kind;
    } names[] = {{OURS, AWSFED}, {"pam_unix.so", LOCAL}, {"pam_pwdb.so", LOCAL},
        {"pam_deny.so", DENY}, {"pam_rootok.so", ROOT_ONLY}, {"pam_localuser.so", ROOT_ONLY},
        {"pam_succeed_if.so", CONDITION}, {"pam_usertype.so", CONDITION},
        {"pam_listfile.so", CONDITION}, {"pam_wheel.so", CONDITION}, {"pam_sss.so", DIRECTORY},
        {"pam_ldap.so", DIRECTORY}, {"pam_krb5.so", DIRECTORY}, {"pam_winbind.so", DIRECTORY},
        {"pam_lsass.so", DIRECTORY}, {"pam_centrifydc.so", DIRECTORY}, {"pam_vas3.so", DIRECTORY},
        {"pam_radius_auth.so", DIRECTORY}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (pamstack_is(module, names[i].name))
            return names[i].kind;
    }
    return OTHER;
}

static bool
has_argument(const struct pamstack_module *module, const char *word)
{
    for (size_t i = 0; i < module->line.n_args; i++) {
        if (strcmp(module->line.args[i], word) == 0)
            return true;
    }
    return false;
}

/* ---- One attempt ---- */

/* What each kind returns, and who was asked. */
struct attempt {
    enum pamfile_result ours, local, directory, condition;
    bool asked_ours;
    const struct pamstack_module *local_before,
        *local_after;                     /* pam_unix, asked before ours and behind it */
    const struct pamstack_module *test;   /* a condition that was looked at */
    const struct pamstack_module *evaded; /* one that, were it met, would have ours not asked */
    struct pamstack_verdict verdict;
};

static enum pamfile_result
answer(void *arg, const struct pamstack_module *module)
{
    struct attempt *a = arg;

    switch (kind_of(module)) {
    case AWSFED:
        a->asked_ours = true;
        return a->ours;
    case LOCAL:
        if (!a->asked_ours)
            a->local_before = module;
        else
            a->local_after = module;
        return a->local;
    case DIRECTORY:
        return a->directory;
    case CONDITION:
        if (!a->asked_ours)
            a->test = module;
        return a->condition;
    case DENY:
    case ROOT_ONLY:
        return PAMFILE_AUTH_ERR;
    default:
        return PAMFILE_SUCCESS;
    }
}

static struct attempt
try_if(const struct lint *l, enum pamfile_phase phase, const struct attempt *with,
    enum pamfile_result condition)
{
    struct attempt a = {.ours = with->ours,
        .local = with->local,
        .directory = with->directory,
        .condition = condition};

    pamstack_run(l->stack, phase, answer, &a, &a.verdict);
    return a;
}

/*
 * Somebody of the directory, whom nothing else on this host knows. A condition is one that they meet, unless ours would then not be
 * asked: such a one tells the accounts of this host apart.
 */
static struct attempt
try_one(const struct lint *l, enum pamfile_phase phase, enum pamfile_result ours,
    enum pamfile_result local, enum pamfile_result directory)
{
    const struct attempt with = {.ours = ours, .local = local, .directory = directory};
    struct attempt met = try_if(l, phase, &with, PAMFILE_SUCCESS);

    if (met.asked_ours || met.test == NULL)
        return met;
    struct attempt other = try_if(l, phase, &with, PAMFILE_AUTH_ERR);
    other.evaded = met.test;
    return other.asked_ours ? other : met;
}

static bool
opens(const struct attempt *a)
{
    return a->verdict.result == PAMFILE_SUCCESS;
}

static void
say(const struct lint *l, enum finding_state state, const struct pamstack_module *at,
    const char *remedy, const char *what)
{
    findings_add_at(l->findings, state, at->file, at->line.number, remedy, "%s: %s",
        pamfile_phase_name(at->line.phase), what);
}

/* The line that decided, or ours. */
static const struct pamstack_module *
decider(const struct lint *l, const struct attempt *a, enum pamfile_phase phase)
{
    return a->verdict.decisive != NULL ? a->verdict.decisive : l->ours[phase];
}

static void
say_of(const struct lint *l, enum finding_state state, const struct attempt *a,
    enum pamfile_phase phase, const char *remedy, const char *what)
{
    say(l, state, decider(l, a, phase), remedy, what);
}

/* Services that act within a session of somebody who has logged in already. */
static bool
is_within(const char *service)
{
    static const char *const names[] = {"polkit-1", "swaylock", "i3lock", "xscreensaver", "xlock",
        "vlock", "gnome-screensaver", "kscreenlocker"};

    if (strncmp(service, "sudo", 4) == 0) /* and sudo-i */
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(service, names[i]) == 0)
            return true;
    }
    return false;
}

/* Does the service run the phase, and is it about people of the directory there? */
static bool
is_wanted(const char *service, enum pamfile_phase phase)
{
    static const char *const nobody_asked[] = {"cron", "crond", "atd", "systemd-user"};
    static const char *const passwords[] = {"passwd", "chpasswd"};

    for (size_t i = 0; i < sizeof(nobody_asked) / sizeof(nobody_asked[0]); i++) {
        if (strcmp(service, nobody_asked[i]) == 0)
            return phase == PAMFILE_ACCOUNT;
    }
    for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
        if (strcmp(service, passwords[i]) == 0)
            return phase == PAMFILE_PASSWORD;
    }
    return phase == PAMFILE_AUTH || phase == PAMFILE_ACCOUNT || !is_within(service);
}

/* ---- What a line says ---- */

static void
look_at_options(const struct lint *l, const struct pamstack_module *module)
{
    struct module_options options;
    const char *bad;

    if (module_options_parse(
            (int)module->line.n_args, (const char **)module->line.args, &options, &bad) != 0) {
        findings_add_at(l->findings, FINDING_FAIL, module->file, module->line.number,
            "pam_awsfed(8) has the options",
            "%s: pam_awsfed does not take \"%s\", and denies everybody",
            pamfile_phase_name(module->line.phase), bad);
        return;
    }
    if (module->line.phase == PAMFILE_AUTH && options.factors == WIRE_FACTOR_PASSWORD)
        say(l, FINDING_FAIL, module, "take factors=password away",
            "a password alone opens the door; such a login gets no AWS role");
    if (module->line.phase == PAMFILE_AUTH && options.factors == WIRE_FACTOR_CODE &&
        !is_within(l->service))
        say(l, FINDING_WARN, module,
            "take factors=totp away, unless another module proves the password",
            "a code alone is asked for; such a login gets no AWS role");
}

static void
look_at_lines(const struct lint *l)
{
    for (size_t i = 0; i < l->stack->n; i++) {
        const struct pamstack_module *module = l->stack->modules[i];
        enum pamfile_phase phase = module->line.phase;
        if (kind_of(module) == AWSFED) {
            look_at_options(l, module);
            if (module->line.silent)
                say(l, FINDING_WARN, module, "take the \"-\" away",
                    "nothing would tell that the module is missing");
        }
        if (kind_of(module) == LOCAL && phase == PAMFILE_AUTH && has_argument(module, "nullok"))
            say(l, FINDING_WARN, module, "take nullok away",
                "an account of this host without a password needs none to log in");
    }
}

/* ---- Who is asked ---- */

static void
look_at_order(const struct lint *l, enum pamfile_phase phase)
{
    struct attempt good = try_one(l, phase, PAMFILE_SUCCESS, PAMFILE_AUTH_ERR, PAMFILE_AUTH_ERR);

    if (!good.asked_ours) {
        say_of(l, FINDING_FAIL, &good, phase,
            "put pam_awsfed.so before this line, or take its \"sufficient\" or \"done\" away",
            "the phase ends here, and pam_awsfed is not asked");
        return;
    }
    if (good.evaded != NULL)
        say(l, FINDING_WARN, good.evaded, "see to it that nobody of the directory does",
            "whoever meets this condition is not asked by pam_awsfed");
    if (phase == PAMFILE_SESSION)
        return;
    if (good.local_before != NULL)
        say(l, FINDING_WARN, good.local_before, "put pam_awsfed.so before pam_unix.so",
            phase == PAMFILE_AUTH
                ? "pam_unix is asked first: people of the directory type their password twice, and "
                  "into a module that it is not for"
                : "pam_unix is asked first, which does not know people of the directory");
    if (good.local_after != NULL)
        say(l, FINDING_WARN, good.local_after,
            "let the success of pam_awsfed jump over it: " LIKE_OURS,
            phase == PAMFILE_ACCOUNT
                ? "pam_unix is asked too after pam_awsfed has said yes, and may not know people of "
                  "the directory"
                : "pam_unix is asked too after pam_awsfed has said yes");
}

/* ---- What comes of it ---- */

/* What the module returns when it does not say yes and does not step aside. */
static const enum pamfile_result refusals[] = {PAMFILE_AUTH_ERR, PAMFILE_MAXTRIES,
    PAMFILE_PERM_DENIED, PAMFILE_AUTHINFO_UNAVAIL, PAMFILE_SYSTEM_ERR, PAMFILE_SERVICE_ERR,
    PAMFILE_CONV_ERR, PAMFILE_ACCT_EXPIRED, PAMFILE_AUTHTOK_ERR, PAMFILE_MODULE_UNKNOWN};

static void
look_at_refusals(const struct lint *l, enum pamfile_phase phase)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct attempt a = try_one(l, phase, refusals[i], PAMFILE_AUTH_ERR, PAMFILE_AUTH_ERR);
        if (opens(&a)) {
            const struct pamstack_module *at = decider(l, &a, phase);
            findings_add_at(l->findings, FINDING_FAIL, at->file, at->line.number, LIKE_OURS,
                "%s: the phase succeeds although pam_awsfed said %s", pamfile_phase_name(phase),
                pamfile_result_name(refusals[i]));
            return; /* the others would only repeat it */
        }
        if (phase == PAMFILE_PASSWORD) /* pam_unix changes none but this host's own */
            continue;
        a = try_one(l, phase, refusals[i], PAMFILE_SUCCESS, PAMFILE_AUTH_ERR);
        if (opens(&a) || (phase == PAMFILE_AUTH && a.local_after != NULL)) {
            findings_add_at(l->findings, opens(&a) ? FINDING_FAIL : FINDING_WARN,
                l->ours[phase]->file, l->ours[phase]->line.number, LIKE_OURS,
                "%s: pam_unix is asked after pam_awsfed said %s%s", pamfile_phase_name(phase),
                pamfile_result_name(refusals[i]), opens(&a) ? ", and its word is enough" : "");
            return;
        }
    }
}

/* A module that asks the directory for a password needs no code. */
static void
look_at_directory(const struct lint *l)
{
    struct attempt a =
        try_one(l, PAMFILE_AUTH, PAMFILE_AUTH_ERR, PAMFILE_AUTH_ERR, PAMFILE_SUCCESS);

    if (opens(&a))
        say_of(l, FINDING_FAIL, &a, PAMFILE_AUTH, "take that module out of the stack",
            "another module lets people of the directory in with a password alone");
}

static void
look_at_success(const struct lint *l, enum pamfile_phase phase)
{
    /* What pam_unix says of an account of the directory depends on where NSS has it from: look_at_order warns of that. */
    enum pamfile_result local = phase == PAMFILE_ACCOUNT ? PAMFILE_SUCCESS : PAMFILE_USER_UNKNOWN;
    struct attempt a = try_one(l, phase, PAMFILE_SUCCESS, local, PAMFILE_USER_UNKNOWN);

    if (!opens(&a))
        say_of(l, FINDING_FAIL, &a, phase, "let the success of pam_awsfed jump over it: " LIKE_OURS,
            "this line keeps people of the directory out although pam_awsfed said yes");
}

/* Break-glass (I-23): root and local-users, and then the other accounts of this host. */
static void
look_at_local(const struct lint *l, enum pamfile_phase phase)
{
    struct attempt a =
        try_one(l, phase, PAMFILE_STEPPED_ASIDE, PAMFILE_SUCCESS, PAMFILE_USER_UNKNOWN);

    if (!opens(&a))
        say_of(l, FINDING_FAIL, &a, phase, LIKE_UNIX,
            "root and local-users cannot get in when pam_awsfed steps aside for them");
    struct attempt others =
        try_one(l, phase, PAMFILE_USER_UNKNOWN, PAMFILE_SUCCESS, PAMFILE_USER_UNKNOWN);
    if (opens(&a) && !opens(&others))
        say_of(l, FINDING_WARN, &others, phase,
            "add user_unknown=ignore to the control of pam_awsfed.so",
            "accounts of this host that are not in local-users cannot get in");
    if (phase != PAMFILE_AUTH)
        return;
    a = try_one(l, phase, PAMFILE_STEPPED_ASIDE, PAMFILE_AUTH_ERR, PAMFILE_USER_UNKNOWN);
    if (!opens(&a))
        a = try_one(l, phase, PAMFILE_USER_UNKNOWN, PAMFILE_AUTH_ERR, PAMFILE_USER_UNKNOWN);
    if (opens(&a))
        say_of(l, FINDING_FAIL, &a, phase, LIKE_UNIX,
            "when pam_awsfed steps aside, anybody gets in without a password");
}

/* I-13: what the directory says of a password reaches the application, which asks for a new one. */
static void
look_at_expiry(const struct lint *l)
{
    struct attempt a = try_one(
        l, PAMFILE_ACCOUNT, PAMFILE_NEW_AUTHTOK_REQD, PAMFILE_SUCCESS, PAMFILE_USER_UNKNOWN);

    if (a.verdict.result == PAMFILE_NEW_AUTHTOK_REQD)
        return;
    if (opens(&a))
        say(l, FINDING_FAIL, l->ours[PAMFILE_ACCOUNT], "add new_authtok_reqd=done to its control",
            "people whose password has expired are let in as if it had not");
    else
        say(l, FINDING_WARN, l->ours[PAMFILE_ACCOUNT], "add new_authtok_reqd=done to its control",
            "people whose password has expired are turned away, and not asked for a new one");
}

/* ---- What is missing ---- */

/* false: nothing more is to be said of this phase. */
static bool
look_for_ours(const struct lint *l, enum pamfile_phase phase)
{
    static const struct {
        enum finding_state state;
        const char *what, *remedy;
    } missing[PAMFILE_PHASES] = {
        {FINDING_FAIL, "auth: pam_awsfed.so is not asked: nobody types a code",
            "add it as in the samples"},
        {FINDING_FAIL,
            "account: pam_awsfed.so is not asked: whoever is disabled in the directory gets in "
            "with a key, and an expired password is good",
            "add it as in the samples"},
        {FINDING_WARN,
            "password: pam_awsfed.so is not asked: an expired password cannot be changed here",
            "add it as in the samples"},
        {FINDING_WARN, "session: pam_awsfed.so is not asked: a login has no AWS ticket",
            "add it at the end, as in the samples"}};

    if (l->ours[phase] != NULL)
        return true;
    if (!is_wanted(l->service, phase))
        return false;
    findings_add_at(l->findings, missing[phase].state, l->stack->files.items[0], 0,
        missing[phase].remedy, "%s", missing[phase].what);
    return false;
}

void
pamlint(const struct pamstack *stack, const char *service, struct findings *findings)
{
    struct lint l = {.stack = stack, .service = service, .findings = findings};

    for (size_t i = stack->n; i-- > 0;) {
        if (kind_of(stack->modules[i]) == AWSFED)
            l.ours[stack->modules[i]->line.phase] = stack->modules[i];
    }
    look_at_lines(&l);
    for (size_t i = 0; i < PAMFILE_PHASES; i++) {
        enum pamfile_phase phase = (enum pamfile_phase)i;
        if (!look_for_ours(&l, phase))
            continue;
        look_at_order(&l, phase);
        if (phase !=
            PAMFILE_SESSION) /* a new password that was refused would let in who has to have one (I-13) */
            look_at_refusals(&l, phase);
        if (phase == PAMFILE_AUTH)
            look_at_directory(&l);
        if (phase == PAMFILE_ACCOUNT)
            look_at_expiry(&l);
        if (phase != PAMFILE_SESSION)
            look_at_success(&l, phase);
        look_at_local(&l, phase);
    }
}
