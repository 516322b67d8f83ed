#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the -D flags that say which form an interface of the kernel has.
# Debian's stable kernels carry backports, so the headers are asked, not the
# version. Usage: probe.sh INCLUDE-FOLDER

include=$1

# probe MACRO HEADER REGEX: the regex runs over the header's joined lines.
probe()
{
	[ -f "$include/$2" ] || return
	tr -s '\n\t ' ' ' <"$include/$2" | grep -Eq "$3" && printf ' -D%s' "$1"
}

probe KRELAY_NEWLINK_PARAMS net/rtnetlink.h 'struct rtnl_newlink_params'
probe KRELAY_DEV_STAT_TYPE linux/netdevice.h ' pcpu_stat_type[:;]'
probe KRELAY_DEV_LLTX linux/netdevice.h ' lltx ?[:;]'
probe KRELAY_GSO_HEADER net/gso.h '__skb_gso_segment'
probe KRELAY_XMIT_IPCB_FLAGS net/udp_tunnel.h 'udp_tunnel_xmit_skb\([^)]*ipcb_flags'
probe KRELAY_TUNNEL_TAKES_SK net/udp_tunnel.h 'udp_tunnel_sock_release\(struct sock '
probe KRELAY_BLAKE2S_CTX crypto/blake2s.h 'struct blake2s_ctx'
probe KRELAY_GENL_INFO_DUMP net/genetlink.h 'genl_info_dump\('
probe KRELAY_CRYPTO_UTILS crypto/utils.h 'crypto_memneq'
probe KRELAY_FRAG_PUTN net/inet_frag.h 'inet_frag_putn\('
exit 0
