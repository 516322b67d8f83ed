/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration contract: include/uapi/linux/krelay.h, served. */
#ifndef _KRELAY_NETLINK_H
#define _KRELAY_NETLINK_H

int krelay_netlink_init(void);
void krelay_netlink_exit(void);

#endif /* _KRELAY_NETLINK_H */
