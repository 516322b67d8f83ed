/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RELAYCTL_PROCESS_H
#define RELAYCTL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * process_run() - run a program and wait for it
 * @argv: looked up in PATH; ends in NULL
 * @input: what it reads; NULL for nothing
 * @output: gets the start of what it says on stdout and stderr; NULL leaves both alone
 * @room: bytes of @output, with the closing NUL
 *
 * Return: its exit status, 128 plus the signal that ended it, or -errno if it could not be run.
 */
int process_run(char *const argv[], const char *input, char *output, size_t room);

/* Whether PATH has such a program. */
bool process_exists(const char *name);

#endif
