# awsfed: everything is built below build/, from the seven folders, with nothing generated.
# SPDX-License-Identifier: Apache-2.0

prefix     ?= /usr
sysconfdir ?= /etc
sbindir    ?= $(prefix)/sbin
bindir     ?= $(prefix)/bin
mandir     ?= $(prefix)/share/man
docdir     ?= $(prefix)/share/doc/awsfed
unitdir    ?= $(prefix)/lib/systemd/system
CC         ?= cc
MULTIARCH  := $(shell $(CC) -print-multiarch 2>/dev/null)
pamdir     ?= $(prefix)/lib/$(if $(MULTIARCH),$(MULTIARCH)/)security
VERSION    := 0.1.0
B          ?= build
PYTHON     := /usr/bin/python3

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
            -Wwrite-strings -Wpointer-arith -Wformat=2 -Wvla -Wundef $(WERROR)
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIC -fvisibility=hidden
SANITIZE ?=
FED_CFLAGS  := -std=c11 -D_GNU_SOURCE -DAWSFED_VERSION='"$(VERSION)"' -I. -O2 -g $(WARNINGS) $(if $(SANITIZE),-fPIC,$(HARDEN)) $(SANITIZE)
FED_LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(SANITIZE)

# One short line a step; V=1 shows the commands.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2); )
pkg = $(shell pkg-config --cflags $(1)) 
lib = $(shell pkg-config --libs $(1))
CONF_PKGS   := ini_config p11-kit-1
LDAP_PKGS   := ldap krb5-gssapi krb5 libcrypto
MFA_PKGS    := liboath libpskc expat sqlite3 libpq libqrencode libcrypto
BRIDGE_PKGS := libp11 libcurl libcrypto expat jansson libsystemd libseccomp libmicrohttpd
ALL_LIBS     = $(call lib,$(CONF_PKGS) $(LDAP_PKGS) $(MFA_PKGS) $(BRIDGE_PKGS)) -pthread

# One archive a folder; a program's own main stays out of it.
src  = $(wildcard $(1)/*.c)
obj  = $(patsubst %.c,$(B)/%.o,$(1))
BASE   := $(call obj,$(call src,base))
CONF   := $(call obj,$(call src,conf))
LDAP   := $(call obj,$(call src,ldap))
MFA    := $(call obj,$(call src,mfa))
BRIDGE := $(call obj,$(filter-out bridge/main.c,$(call src,bridge)))
LOGIN  := $(call obj,$(call src,bridge/login) bridge/tcp_owner.c)
ADMIN  := $(call obj,$(call src,bridge/admin) bridge/login/terminal.c)
PAM    := $(call obj,$(call src,pam_awsfed))

LIBBASE := $(B)/libbase.a
ARCHIVES := $(B)/libbridge.a $(B)/libldap.a $(B)/libmfa.a $(B)/libconf.a $(LIBBASE)

PROGRAMS := $(B)/awsfed-bridge $(B)/awsfed-login $(B)/awsfed-admin $(B)/pam_awsfed.so
UNITS    := $(patsubst %.c,$(B)/%,$(wildcard tests/base/test_*.c tests/conf/test_*.c tests/ldap/test_*.c tests/mfa/test_*.c tests/bridge/test_*.c tests/pam_awsfed/test_*.c))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all deps test demo units check e2e lint asan tsan valgrind fuzzers fuzz bench install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS)

$(B)/libbase.a: $(BASE)
$(B)/libconf.a: $(CONF)
$(B)/libldap.a: $(LDAP)
$(B)/libmfa.a: $(MFA)
$(B)/libbridge.a: $(BRIDGE)
$(B)/%.a:
	@mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

$(B)/awsfed-bridge: $(B)/bridge/main.o $(ARCHIVES)
	$(call say,LINK,$@)$(CC) $(FED_LDFLAGS) $(LDFLAGS) -pie -o $@ $^ $(ALL_LIBS) $(LIBS)

# The command that shells and SDKs call needs libc alone: it starts in a millisecond.
$(B)/awsfed-login: $(LOGIN) $(LIBBASE)
	$(call say,LINK,$@)$(CC) $(FED_LDFLAGS) $(LDFLAGS) -pie -o $@ $^ $(LIBS)

$(B)/awsfed-admin: $(ADMIN) $(ARCHIVES)
	$(call say,LINK,$@)$(CC) $(FED_LDFLAGS) $(LDFLAGS) -pie -o $@ $^ $(ALL_LIBS) $(LIBS)

# libpam and libc, nothing else, and nothing exported but the six functions (I-41).
$(B)/pam_awsfed.so: $(PAM) $(LIBBASE) pam_awsfed/exports.map
	$(call say,LINK,$@)$(CC) $(FED_LDFLAGS) $(LDFLAGS) -shared $(if $(SANITIZE),,-Wl$(comma)-z$(comma)defs) -Wl,--version-script=pam_awsfed/exports.map -o $@ $(PAM) $(LIBBASE) -lpam $(LIBS)
comma := ,

$(B)/conf/%.o: FED_CFLAGS += $(call pkg,$(CONF_PKGS))
$(B)/ldap/%.o: FED_CFLAGS += $(call pkg,$(LDAP_PKGS))
$(B)/mfa/%.o: FED_CFLAGS += $(call pkg,$(MFA_PKGS))
$(B)/bridge/%.o: FED_CFLAGS += $(call pkg,$(CONF_PKGS) $(LDAP_PKGS) $(MFA_PKGS) $(BRIDGE_PKGS)) -pthread
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(FED_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Unit tests: one small cmocka program a file.
units: $(UNITS)
$(B)/tests/%: tests/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(FED_CFLAGS) $(call pkg,$(CONF_PKGS) $(LDAP_PKGS) $(MFA_PKGS) $(BRIDGE_PKGS)) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $(FED_LDFLAGS) $(LDFLAGS) -o $@ $< $(ARCHIVES) $(ALL_LIBS) -lcmocka -lpam -ldl $(LIBS)

# A token's library with faults, over SoftHSM's.
$(B)/tests/bridge/hsm.so: tests/bridge/hsm.c
	@mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(FED_CFLAGS) $(call pkg,p11-kit-1) $(CPPFLAGS) $(CFLAGS) -fvisibility=default -shared -o $@ $< -ldl
$(B)/tests/bridge/test_signer $(B)/tests/bridge/test_signer_refused $(B)/tests/bridge/test_signer_box: $(B)/tests/bridge/hsm.so

check: all units
	@sh tests/units.sh $(B) $(UNITS)

# Fuzzers: clang's libFuzzer, with all sources compiled once more for it: with coverage and the sanitizers.
FUZZ_SECONDS ?= 10
FUZZ_CFLAGS  := -std=c11 -D_GNU_SOURCE -DAWSFED_VERSION='"$(VERSION)"' -I. -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_PKGS    := $(CONF_PKGS) $(LDAP_PKGS) $(MFA_PKGS) $(BRIDGE_PKGS)
FUZZ_OBJECTS := $(patsubst %.c,$(B)/fuzz/obj/%.o,$(foreach folder,base conf ldap mfa bridge bridge/login,$(filter-out bridge/main.c bridge/login/main.c,$(call src,$(folder)))))
fuzzers: $(FUZZERS)
$(B)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link $(call pkg,$(FUZZ_PKGS)) -pthread -MMD -MP -c -o $@ $<
$(B)/fuzz/awsfed.a: $(FUZZ_OBJECTS)
$(B)/fuzz/%: tests/fuzz/%.c $(B)/fuzz/awsfed.a
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)clang $(FUZZ_CFLAGS) -fsanitize=fuzzer $(call pkg,$(FUZZ_PKGS)) -o $@ $^ $(ALL_LIBS)
fuzz: fuzzers
	@sh tests/fuzz/run.sh $(B) $(FUZZ_SECONDS) $(FUZZERS)

# ---- For people: everything in one word each ----

# Debian packages for building, testing and the lab; starts no service. And what the tests want of npm, into the build folder.
deps:
	@sh tests/lab/deps.sh
	@sh tests/js/install.sh $(B)

test: deps
	@WERROR=$(WERROR) sh tests/run.sh $(B)

e2e: all
	@tests/lab/lab run $(PYTHON) -m pytest -q -p no:cacheprovider tests/e2e

demo: deps
	@$(MAKE) --no-print-directory -s all
	@SHELL_AFTER=$(SHELL_AFTER) AWSFED_BUILD=$(B) sh tests/demo.sh

bench: all
	@sh tests/bench/run.sh $(B)

lint:
	@sh tests/lint.sh

# The same units again under the sanitizers and valgrind, each in a build folder of its own.
asan:
	@$(MAKE) --no-print-directory B=$(B)/asan SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" check
tsan:
	@$(MAKE) --no-print-directory B=$(B)/tsan SANITIZE="-fsanitize=thread" check
valgrind: all units
	@UNIT_WRAPPER="valgrind -q --error-exitcode=99 --leak-check=full" sh tests/units.sh $(B) $(UNITS)

# ---- Installing: make install DESTDIR=… prefix=/usr ----

MAN1 := $(wildcard conf/man/*.1)
MAN5 := $(wildcard conf/man/*.5)
MAN8 := $(wildcard conf/man/*.8)

install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(bindir) $(DESTDIR)$(pamdir) $(DESTDIR)$(unitdir) \
	    $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man8 \
	    $(DESTDIR)$(docdir)/pam.d $(DESTDIR)$(docdir)/sshd $(DESTDIR)$(docdir)/nss $(DESTDIR)$(docdir)/policies $(DESTDIR)$(docdir)/logrotate.d $(DESTDIR)$(docdir)/profile.d \
	    $(DESTDIR)$(prefix)/lib/sysusers.d
	install -d -m 0755 $(DESTDIR)$(sysconfdir)/awsfed $(DESTDIR)$(sysconfdir)/awsfed/conf.d
	install -m 0755 $(B)/awsfed-bridge $(B)/awsfed-admin $(DESTDIR)$(sbindir)
	install -m 0755 $(B)/awsfed-login $(DESTDIR)$(bindir)
	install -m 0644 $(B)/pam_awsfed.so $(DESTDIR)$(pamdir)
	install -m 0644 conf/awsfed-bridge.service conf/awsfed-bridge.socket $(DESTDIR)$(unitdir)
	sed -i 's,^ExecStart=/usr/sbin/,ExecStart=$(sbindir)/,' $(DESTDIR)$(unitdir)/awsfed-bridge.service
	install -m 0644 conf/awsfed.sysusers $(DESTDIR)$(prefix)/lib/sysusers.d/awsfed.conf
	install -D -m 0644 conf/awsfed.tmpfiles $(DESTDIR)$(prefix)/lib/tmpfiles.d/awsfed.conf
	install -m 0644 $(MAN1) $(DESTDIR)$(mandir)/man1
	install -m 0644 $(MAN5) $(DESTDIR)$(mandir)/man5
	install -m 0644 $(MAN8) $(DESTDIR)$(mandir)/man8
	install -D -m 0644 conf/completions/awsfed-login.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/awsfed-login
	install -D -m 0644 conf/completions/_awsfed-login $(DESTDIR)$(prefix)/share/zsh/vendor-completions/_awsfed-login
	install -D -m 0644 conf/completions/awsfed-login.fish $(DESTDIR)$(prefix)/share/fish/vendor_completions.d/awsfed-login.fish
	install -D -m 0644 conf/completions/awsfed-admin.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/awsfed-admin
	install -D -m 0644 conf/completions/_awsfed-admin $(DESTDIR)$(prefix)/share/zsh/vendor-completions/_awsfed-admin
	install -D -m 0644 conf/completions/awsfed-admin.fish $(DESTDIR)$(prefix)/share/fish/vendor_completions.d/awsfed-admin.fish
	install -m 0644 README.md conf/awsfed.conf $(DESTDIR)$(docdir)
	install -m 0644 $(wildcard conf/pam.d/*) $(DESTDIR)$(docdir)/pam.d
	install -m 0644 $(wildcard conf/sshd/*) $(DESTDIR)$(docdir)/sshd
	install -m 0644 $(wildcard conf/nss/*) $(DESTDIR)$(docdir)/nss
	install -m 0644 $(wildcard conf/policies/*) $(DESTDIR)$(docdir)/policies
	install -m 0644 $(wildcard conf/logrotate.d/*) $(DESTDIR)$(docdir)/logrotate.d
	install -m 0644 $(wildcard conf/profile.d/*) $(DESTDIR)$(docdir)/profile.d

# Takes away the programs; what an administrator wrote in sysconfdir and the state folder stay.
uninstall:
	rm -f $(DESTDIR)$(sbindir)/awsfed-bridge $(DESTDIR)$(sbindir)/awsfed-admin \
	    $(DESTDIR)$(bindir)/awsfed-login $(DESTDIR)$(pamdir)/pam_awsfed.so \
	    $(DESTDIR)$(unitdir)/awsfed-bridge.service $(DESTDIR)$(unitdir)/awsfed-bridge.socket \
	    $(DESTDIR)$(prefix)/lib/sysusers.d/awsfed.conf $(DESTDIR)$(prefix)/lib/tmpfiles.d/awsfed.conf \
	    $(DESTDIR)$(prefix)/share/bash-completion/completions/awsfed-login \
	    $(DESTDIR)$(prefix)/share/zsh/vendor-completions/_awsfed-login \
	    $(DESTDIR)$(prefix)/share/fish/vendor_completions.d/awsfed-login.fish \
	    $(DESTDIR)$(prefix)/share/bash-completion/completions/awsfed-admin \
	    $(DESTDIR)$(prefix)/share/zsh/vendor-completions/_awsfed-admin \
	    $(DESTDIR)$(prefix)/share/fish/vendor_completions.d/awsfed-admin.fish \
	    $(addprefix $(DESTDIR)$(mandir)/man1/,$(notdir $(MAN1))) \
	    $(addprefix $(DESTDIR)$(mandir)/man5/,$(notdir $(MAN5))) \
	    $(addprefix $(DESTDIR)$(mandir)/man8/,$(notdir $(MAN8)))
	rm -rf $(DESTDIR)$(docdir)

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)
