# SPDX-License-Identifier: GPL-2.0
# krelay: `make help` lists the targets.

KRELAY_VERSION := 0.1.0
export KRELAY_VERSION

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
DESTDIR ?=
prefix ?= /usr/local
sysconfdir ?= /etc
mandir ?= $(prefix)/share/man
MODDIR ?= /lib/modules/$(KVER)/updates
KRELAY_SELFTEST ?= n
export KRELAY_SELFTEST

V ?= 0
ifeq ($(V),0)
Q := @
MAKEFLAGS += --no-print-directory
endif
export Q V prefix sysconfdir mandir DESTDIR

all: module relayctl

module: headers
	$(Q)$(MAKE) -C $(KDIR) M=$(CURDIR) V=$(V) $(if $(W),W=$(W)) $(if $(C),C=$(C)) modules

headers:
	$(Q)test -e $(KDIR)/Makefile || { \
		echo "There are no kernel headers in $(KDIR): install linux-headers-$(KVER)" \
		     "(where the archive has that no longer, boot its newest kernel)," \
		     "or name their folder with KDIR=." >&2; exit 1; }

relayctl:
	$(Q)$(MAKE) -C userspace

install: all
	$(Q)install -D -m 0644 krelay.ko $(DESTDIR)$(MODDIR)/krelay.ko
	$(Q)test -n "$(DESTDIR)" || depmod $(KVER)
	$(Q)$(MAKE) -C userspace install

uninstall:
	$(Q)rm -f $(DESTDIR)$(MODDIR)/krelay.ko
	$(Q)test -n "$(DESTDIR)" || depmod $(KVER)
	$(Q)$(MAKE) -C userspace uninstall

# Into the tree of DKMS, which builds the module again after each update of the
# kernel. What is there already goes when this one is known to build.
DKMS_SOURCE = $(DESTDIR)/usr/src/krelay-$(KRELAY_VERSION)

dkms-install:
	$(Q)$(MAKE) module
	$(Q)$(MAKE) dkms-uninstall
	$(Q)$(MAKE) dkms-source
	$(Q)dkms install -m krelay -v $(KRELAY_VERSION)

dkms-source:
	$(Q)rm -rf $(DKMS_SOURCE)
	$(Q)mkdir -p $(DKMS_SOURCE)
	$(Q)cp -r Makefile Kbuild dkms.conf COPYING kmod include $(DKMS_SOURCE)
	$(Q)find $(DKMS_SOURCE) \( -name '*.o' -o -name '.*.cmd' \) -delete

dkms-uninstall:
	$(Q)dkms remove -m krelay -v $(KRELAY_VERSION) --all >/dev/null 2>&1 || true
	$(Q)rm -rf $(DKMS_SOURCE)

clean:
	$(Q)test ! -e $(KDIR)/Makefile || $(MAKE) -C $(KDIR) M=$(CURDIR) V=$(V) clean
# DKMS has the module's part alone.
	$(Q)test ! -e userspace || $(MAKE) -C userspace clean
	$(Q)test ! -e tests || $(MAKE) -C tests/unit clean
	$(Q)rm -rf build

# What follows needs Debian 12, and root or sudo once, for apt-get. The module
# is built and run there for the newest installed kernel with headers, which
# need not be the running one.
VMKVER = $(or $(KRELAY_KVER),$(shell tests/vm/newest-kernel))

demo: vm-deps
	$(Q)echo "Building for the virtual machine ..."
	$(Q)$(MAKE) vm-build
	$(Q)echo "Booting Linux $(VMKVER) under emulation ..."
	$(Q)tests/vm/run -k "$(VMKVER)" tests/demo

check: check-deps
	$(Q)KRELAY_KVER="$(VMKVER)" tests/check

check-one: check-deps
	$(Q)test -n "$(T)" || { echo "Name a test: make check-one T=udp_by_port" >&2; exit 1; }
	$(Q)KRELAY_KVER="$(VMKVER)" tests/check one "$(T)"

# None of these is a part of check. Each takes longer, and the other two 2 GB
# below ~/.cache/krelay.
check-interop: check-deps
	$(Q)KRELAY_KVER="$(VMKVER)" KRELAY_FILES="$(wildcard tests/interop/*.t)" \
		KRELAY_OUT=$(CURDIR)/build/check-interop tests/check build scenarios

check-debug: check-deps
	$(Q)tests/deps debug
	$(Q)root=$$(tests/debug-kernel) && \
		KRELAY_KVER=$$root KRELAY_OUT=$(CURDIR)/build/check-debug \
		KRELAY_FILES="$(wildcard tests/debug/*.t) $(wildcard tests/scenarios/*.t)" \
		tests/check build scenarios

check-kernels: check-deps
	$(Q)tests/deps kernels
	$(Q)tests/check-kernels $(SUITES)

style sparse: check-deps
	$(Q)KRELAY_KVER="$(VMKVER)" tests/check $@

vm-shell: vm-deps
	$(Q)echo "Building for the virtual machine ..."
	$(Q)$(MAKE) vm-build
	$(Q)echo "Booting Linux $(VMKVER) under emulation ..."
	$(Q)tests/vm/run -k "$(VMKVER)" --shell

vm-build:
	$(Q)tests/build-module "$(VMKVER)"
	$(Q)$(MAKE) relayctl
	$(Q)$(MAKE) -C tests/tools

vm-deps:
	$(Q)tests/deps build vm

# Where an init system is at work, firewalls and engines are left to its owner.
check-deps:
	$(Q)tests/deps build vm check $(if $(wildcard /run/systemd/system),,services)

help:
	@echo 'krelay $(KRELAY_VERSION)'
	@echo
	@echo '  make                the module for the running kernel (or KVER=, KDIR=) and relayctl'
	@echo '  make module         the module alone'
	@echo '  make relayctl       relayctl alone'
	@echo '  make install        both, and the manual (DESTDIR=, prefix=, MODDIR=)'
	@echo '  make uninstall      what install installed'
	@echo '  make dkms-install   the module by DKMS, for this kernel and those to come'
	@echo '  make dkms-uninstall'
	@echo '  make clean          what was built'
	@echo
	@echo '  make demo           a visitor reaches a web server behind CGNAT, in a virtual machine'
	@echo '  make check          everything that is tested; ends with `N passed, N failed`'
	@echo '  make check-one T=t  one test, or one scenario file (docs/testing.md)'
	@echo '  make check-interop  kernel WireGuard and wireguard-go at the other end, as a table'
	@echo '  make check-debug    the scenarios on a kernel that looks for bugs, built once'
	@echo '  make check-kernels  builds and scenarios on 6.1, bookworm-backports and sid (SUITES=)'
	@echo '  make style          checkpatch'
	@echo '  make sparse         the module with W=1 and sparse; a warning is a failure'
	@echo '  make vm-shell       a shell in the virtual machine, with the relay up'
	@echo
	@echo '  V=1 shows commands. demo and check install what they need through apt-get.'

.PHONY: all module headers relayctl install uninstall clean
.PHONY: dkms-install dkms-source dkms-uninstall
.PHONY: demo check check-one check-interop check-debug check-kernels style sparse
.PHONY: vm-shell vm-build vm-deps check-deps help
