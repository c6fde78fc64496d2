# SPDX-License-Identifier: GPL-2.0-only
# Everything generated lands in build/. `make help` lists the targets; V=1 shows the commands; SAN=1 builds
# with address and undefined-behaviour sanitizers, into build/san/.

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
VERSION := 0.1.0

B := build
O ?= $(B)$(if $(SAN),/san)
LIBS := libbpf yaml-0.1 jansson libmnl libpcre2-8 libsystemd

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS += -D_GNU_SOURCE -DPOSTERN_VERSION='"$(VERSION)"' -DPOSTERN_SYSCONFDIR='"$(SYSCONFDIR)"' \
	-Iinclude -Iuser -I$(B)
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu17 $(WARN) -fstack-protector-strong $(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null)
LDLIBS += $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null)
ifdef SAN
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

# The BPF target has no include path of its own for the architecture's UAPI headers.
ARCH_INCLUDE := $(firstword $(wildcard /usr/include/$(shell uname -m)-linux-gnu) /usr/include)
BPF_CFLAGS := -std=gnu17 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -target bpf -mcpu=v3 \
	-D__TARGET_ARCH_$(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/') -Iinclude -I$(ARCH_INCLUDE)

SKELETONS := $(B)/filter.skel.h $(B)/sockets.skel.h $(B)/adopt.skel.h $(B)/tls.skel.h $(B)/manual.skel.h
USER_SRC := $(wildcard user/*.c)
USER_OBJ := $(USER_SRC:user/%.c=$(O)/user/%.o)
LIB_OBJ := $(filter-out $(O)/user/main.o,$(USER_OBJ))
UNIT := $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c))
PROG := $(patsubst tests/prog/%.c,$(O)/tests/prog_%,$(wildcard tests/prog/test_*.c))
PROG_LIB := $(patsubst tests/prog/%.c,$(O)/tests/prog/%.o,$(filter-out tests/prog/test_%,$(wildcard tests/prog/*.c)))
FUZZ_LIB := $(patsubst tests/fuzz/%.c,$(O)/tests/fuzz/%.o,$(wildcard tests/fuzz/differential_*.c tests/fuzz/model*.c))
HELPERS := $(patsubst tests/netns/helpers/%.c,$(B)/tests/helpers/%,$(filter-out %.bpf.c %/ftpsd.c,$(wildcard tests/netns/helpers/*.c))) \
	$(B)/tests/helpers/ftpsd_gnutls $(B)/tests/helpers/ftpsd_openssl
BENCH_SRC := $(filter-out %.bpf.c,$(wildcard tests/bench/*.c))
BENCH_LIB := $(patsubst tests/bench/%.c,$(B)/tests/bench/%.o,$(filter tests/bench/bench%,$(BENCH_SRC)))
BENCH := $(patsubst tests/bench/%.c,$(B)/tests/bench/%,$(filter-out tests/bench/bench%,$(BENCH_SRC)))
MARGINS := $(patsubst tests/kernel/%.c,$(O)/tests/kernel/%.o,$(wildcard tests/kernel/*.c))
DEPS := $(wildcard $(B)/*.d $(O)/user/*.d $(O)/tests/*.d $(O)/tests/prog/*.d $(O)/tests/fuzz/*.d $(B)/tests/bench/*.d $(O)/tests/kernel/*.d)

.PHONY: all
all: $(O)/postern ## build build/postern (the default)

.PHONY: help
help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

define say
	@$(if $(filter 1,$(V)),:,printf '  %-6s %s\n' '$(1)' '$@')
endef

$(B)/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(B)/$*.bpf.d -c $< -o $@

$(B)/%.skel.h: $(B)/%.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $(notdir $*)_bpf > $@.tmp && mv $@.tmp $@

$(O)/user/%.o: user/%.c | $(SKELETONS)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/user/datapath_load.o $(O)/user/datapath_prepare.o $(O)/user/datapath_ranges.o \
$(O)/user/datapath_frags.o: $(B)/filter.skel.h
$(O)/user/datapath_sockets.o: $(B)/sockets.skel.h
$(O)/user/datapath_adopt.o: $(B)/adopt.skel.h
$(O)/user/datapath_manual.o: $(B)/manual.skel.h
$(O)/user/datapath_tls.o: $(B)/tls.skel.h

$(O)/postern: $(USER_OBJ)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(O)/tests/%: tests/unit/%.c $(LIB_OBJ)
	$(call say,TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -MT $@ $< $(LIB_OBJ) $(LDFLAGS) $(LDLIBS) -lcmocka -o $@

$(O)/tests/prog/%.o: tests/prog/%.c $(SKELETONS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Itests/prog -MMD -MP -c $< -o $@

$(O)/tests/prog_%: tests/prog/%.c $(PROG_LIB) $(LIB_OBJ)
	$(call say,TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Itests/prog -MMD -MP -MF $@.d -MT $@ $< $(PROG_LIB) $(LIB_OBJ) \
		$(LDFLAGS) $(LDLIBS) -lcmocka -o $@

$(O)/tests/fuzz/%.o: tests/fuzz/%.c | $(SKELETONS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Itests/prog -MMD -MP -c $< -o $@

$(O)/tests/fuzz_%: $(O)/tests/fuzz/%.o $(FUZZ_LIB) $(PROG_LIB) $(LIB_OBJ)
	$(call say,TEST)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) -lcmocka -o $@

$(O)/tests/fuzz_log_lines: $(O)/tests/fuzz/log_lines.o $(LIB_OBJ)
	$(call say,TEST)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(O)/tests/fuzz/differential_load.o: $(B)/filter.skel.h

$(B)/tests/helpers/%.bpf.o: tests/netns/helpers/%.bpf.c tests/netns/helpers/%.h
	$(call say,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# Each sends frames that it builds as the benchmarks do.
$(B)/tests/helpers/%: tests/netns/helpers/%.c $(B)/tests/helpers/%.skel.h $(B)/tests/bench/bench.o $(B)/tests/bench/bench_frame.o
	$(call say,TEST)
	$(Q)$(CC) $(CPPFLAGS) -Itests/bench -O2 -g -std=gnu17 $(WARN) $(filter %.c %.o,$^) -lbpf -o $@

$(B)/tests/helpers/late_syn: tests/netns/helpers/late_syn.c
	$(call say,TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -O2 -g -std=gnu17 $(WARN) $< -lpthread -o $@

# One server for each library. OpenSSL is linked statically: its functions are the program's own.
$(B)/tests/helpers/ftpsd_gnutls: FTPSD := -lgnutls
$(B)/tests/helpers/ftpsd_openssl: FTPSD := -DFTPSD_OPENSSL -l:libssl.a -l:libcrypto.a
$(B)/tests/helpers/ftpsd_gnutls $(B)/tests/helpers/ftpsd_openssl: tests/netns/helpers/ftpsd.c
	$(call say,TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -O2 -g -std=gnu17 $(WARN) $< $(FTPSD) -o $@

$(O)/tests/kernel/%.o: tests/kernel/%.c $(SKELETONS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/tests/margins: $(MARGINS) $(O)/user/datapath_cast.o $(O)/user/datapath_frags.o
	$(call say,TEST)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(B)/tests/bench/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -O2 -g -std=gnu17 $(WARN) -MMD -MP -c $< -o $@

$(B)/tests/bench/%.bpf.o: tests/bench/%.bpf.c
	$(call say,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BENCH): %: %.o $(BENCH_LIB)
	$(call say,BENCH)
	$(Q)$(CC) $^ -lbpf -o $@

.PHONY: tests
tests: $(UNIT) $(PROG) $(HELPERS) $(O)/tests/fuzz_differential $(O)/tests/fuzz_log_lines $(O)/tests/margins

.PHONY: demo
demo: ## two hosts and a real FTPS server: see it work (root; installs what is missing)
	$(Q)tests/install-deps build test
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/demo $(B)/postern

.PHONY: test
test: ## run every test (root; installs what is missing)
	$(Q)tests/install-deps build test
	$(Q)tests/run

.PHONY: test-kernel
test-kernel: ## the tests that touch the kernel, on Debian's own kernel under qemu
	$(Q)tests/install-deps build test kernel
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)tests/kernel/run

.PHONY: matrix
matrix: ## real servers and clients in every combination (root; installs what is missing; MATRIX=quick)
	$(Q)tests/install-deps build test matrix
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/matrix/run

.PHONY: bench
bench: ## postern and its peers side by side, as ratios (root; installs what is missing; QUICK=1)
	$(Q)tests/install-deps build test bench
	$(Q)$(MAKE) --no-print-directory all $(BENCH) $(B)/tests/bench/yardstick.bpf.o
	$(Q)tests/bench/run

.PHONY: check
check: ## formatting, and that dependencies point down only
	$(Q)tests/check

.PHONY: format
format: ## reformat the sources
	$(Q)clang-format -i $(wildcard bpf/*.[ch] include/*.h user/*.[ch] tests/*/*.[ch] tests/netns/helpers/*.c)

.PHONY: install
install: all ## install to PREFIX (/usr/local), below DESTDIR
	install -D -m 0755 $(B)/postern $(DESTDIR)$(PREFIX)/sbin/postern
	install -D -m 0644 user/share/postern.8 $(DESTDIR)$(PREFIX)/share/man/man8/postern.8
	install -D -m 0644 user/share/bash-completion $(DESTDIR)$(PREFIX)/share/bash-completion/completions/postern
	install -D -m 0644 user/share/postern.service $(DESTDIR)$(PREFIX)/lib/systemd/system/postern.service
	install -d $(DESTDIR)$(PREFIX)/share/postern/policies $(DESTDIR)$(SYSCONFDIR)/postern
	install -m 0644 policies/*.yaml $(DESTDIR)$(PREFIX)/share/postern/policies/

.PHONY: clean
clean: ## remove build/
	$(Q)rm -rf $(B)

.SECONDARY:
-include $(DEPS)
