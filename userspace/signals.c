// SPDX-License-Identifier: GPL-2.0
#include <signal.h>
#include <stddef.h>

#include "signals.h"
#include "text.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

void signals_hold(void)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int signals_pending(void)
{
	sigset_t pending;
	size_t i;

	sigpending(&pending);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		if (sigismember(&pending, signals[i]))
			return signals[i];
	}
	return 0;
}
