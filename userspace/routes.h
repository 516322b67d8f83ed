/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_ROUTES_H
#define RELAYCTL_ROUTES_H

#include "config.h"

/**
 * routes_derive() - which routes a configuration asks for
 * @routes: gets each of them once, longest prefix first; to be freed
 *
 * One for each allowed IP of a peer that is no bridge. With Table = auto those are left out that
 * an Address of the interface covers, for which the kernel makes a route by itself.
 */
void routes_derive(const struct config *config, struct allowed_ip_array *routes);

#endif
