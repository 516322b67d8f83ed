# SPDX-License-Identifier: GPL-2.0
# Kernels that lack an option would fail with an undeclared name somewhere, or
# when the module is loaded: say which one it is. Included by Kbuild.

krelay-wants := NET INET IPV6 NETFILTER NETFILTER_INGRESS NF_CONNTRACK NF_CONNTRACK_MARK \
	NF_SOCKET_IPV4 NF_SOCKET_IPV6
# These have no question of their own: others select them, WireGuard all of them.
krelay-selected := NET_UDP_TUNNEL DST_CACHE GRO_CELLS CRYPTO_LIB_CURVE25519 \
	CRYPTO_LIB_CHACHA20POLY1305

krelay-absent = $(strip $(foreach o,$(1),$(if $(CONFIG_$(o)),,CONFIG_$(o))))
krelay-no-want := $(call krelay-absent,$(krelay-wants))
krelay-no-selected := $(call krelay-absent,$(krelay-selected))

# `make clean` reads Kbuild, too, without the kernel's configuration.
ifdef CONFIG_MODULES
ifneq ($(krelay-no-want)$(krelay-no-selected),)
$(error This kernel ($(KERNELRELEASE)) was built without $(strip $(krelay-no-want) \
	$(krelay-no-selected)), which krelay needs: build it again with \
	$(strip $(krelay-no-want) $(if $(krelay-no-selected),CONFIG_WIREGUARD=m)), \
	or install the kernel of a distribution that has it)
endif
endif
