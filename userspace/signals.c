// SPDX-License-Identifier: GPL-2.0
#include <signal.h>
#include <stddef.h>

#include "signals.h"
#include "text.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

void signals_hold(void)
{
	struct sigaction action;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	/* One that is blocked waits even if it is ignored, as nohup(1) has it. */
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		if (!sigaction(signals[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(&set, signals[i]);
	}
	/* Nobody may be there to hear of a refusal. */
	sigaddset(&set, SIGPIPE);
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
