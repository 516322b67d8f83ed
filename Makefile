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
		echo "There are no kernel headers in $(KDIR): install linux-headers-$(KVER)," \
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

clean:
	$(Q)test ! -e $(KDIR)/Makefile || $(MAKE) -C $(KDIR) M=$(CURDIR) V=$(V) clean
	$(Q)$(MAKE) -C userspace clean
	$(Q)rm -rf build

.PHONY: all module headers relayctl install uninstall clean
