/* SPDX-License-Identifier: GPL-2.0 */
/* What a file has to be run beside the module: hooks and name servers. */
#ifndef RELAYCTL_HOOKS_H
#define RELAYCTL_HOOKS_H

#include "config.h"

/* All that return int give 0, or -1 after refuse(). */

/* Run the commands of one kind in the shell, with %i replaced by the interface's name. */
int hooks_run(const struct config *config, enum config_hook hook);
/* Run every one of them, whatever becomes of it. */
void hooks_run_all(const struct config *config, enum config_hook hook);

/* Refuse name servers where there is no resolvconf. */
int dns_check(const struct config *config);
/* Hand the name servers to resolvconf, if there are any. */
int dns_set(const struct config *config);
/* Take them back; of a failure it only warns. */
void dns_unset(const struct config *config);

#endif
