/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One function for each verb, in a file of its name. Each gets its own arguments, with the verb
 * or program in front, and returns the exit status.
 */
#ifndef RELAYCTL_VERBS_H
#define RELAYCTL_VERBS_H

#include "refuse.h"

int check_main(int argc, char *argv[]);
int down_main(int argc, char *argv[]);
int forward_main(int argc, char *argv[]);
int genkey_main(int argc, char *argv[]);
int genpsk_main(int argc, char *argv[]);
int monitor_main(int argc, char *argv[]);
int pubkey_main(int argc, char *argv[]);
int resolve_main(int argc, char *argv[]);
int show_main(int argc, char *argv[]);
int stats_main(int argc, char *argv[]);
int up_main(int argc, char *argv[]);

/* Run the verb that the command line of relayctl names, or show; returns the exit status. */
int verbs_run(int argc, char *argv[]);

/* Refuse an argument that does not fit the usage of the verb, NULL if one is missing; returns 1. */
int usage(const char *verb, const char *wrong);

/* Seconds of waiting for name servers are 2 to the power of this, less one. */
#define RESOLVE_TRIES 6

#endif
