// SPDX-License-Identifier: GPL-2.0
/* What is said of a command line, before anything is asked of the kernel. */
#include <stdio.h>

#include "common.h"
#include "verbs.h"

struct refusal {
	const char *words[6];
	const char *sentence;
};

#define SHOW "write \"relayctl show [IFACE|all] [-j]\"."
#define FORWARD "write \"relayctl forward add IFACE PEER FORWARD... | del "

static const struct refusal refusals[] = {
	/* Verbs */
	{ { "shwo" }, "there is no verb \"shwo\": write \"show\"." },
	{ { "xyzzy" }, "there is no verb \"xyzzy\": \"relayctl help\" lists them." },
	{ { "forward", "ad", "relay0" }, "\"forward\" knows no \"ad\": write \"add\"." },
	{ { "forward", "-j" }, "\"forward\" knows no \"-j\": write \"add\", \"del\", \"set\" or " },
	/* Too many */
	{ { "show", "relay0", "peer" }, "\"peer\" is one argument too many for \"show\": " SHOW },
	{ { "show", "relay0", "-j", "a\nb" }, "\"a?b\" is one argument too many for \"show\": " },
	{ { "stats", "a", "b" }, "\"b\" is one argument too many for \"stats\": write " },
	{ { "monitor", "a", "b" }, "\"b\" is one argument too many for \"monitor\": write " },
	{ { "up", "a", "b" }, "\"b\" is one argument too many for \"up\": write \"relayctl up IFACE|" },
	{ { "down", "a", "b" }, "\"b\" is one argument too many for \"down\": write " },
	{ { "check", "a", "b" }, "\"b\" is one argument too many for \"check\": write " },
	{ { "resolve", "a", "b" }, "\"b\" is one argument too many for \"resolve\": write " },
	{ { "genkey", "a" }, "\"a\" is one argument too many for \"genkey\": write \"relayctl genkey\"." },
	{ { "genpsk", "a" }, "\"a\" is one argument too many for \"genpsk\": write " },
	{ { "pubkey", "a" }, "\"a\" is one argument too many for \"pubkey\": write " },
	{ { "forward", "set", "a", "b" }, "\"b\" is one argument too many for \"forward\": " FORWARD },
	{ { "forward", "list", "a", "b" }, "\"b\" is one argument too many for \"forward\": " },
	/* Too few */
	{ { "up" }, "\"up\" lacks an argument: write \"relayctl up IFACE|FILE\"." },
	{ { "resolve", "--watch", "--watch" }, "\"resolve\" lacks an argument: write " },
	{ { "forward" }, "\"forward\" lacks an argument: " FORWARD },
	{ { "forward", "add", "relay0", "home" }, "\"forward\" lacks an argument: " FORWARD },
	{ { "forward", "del", "relay0" }, "\"forward\" lacks an argument: " FORWARD },
	{ { "forward", "set" }, "\"forward\" lacks an argument: " FORWARD },
	/* Options */
	{ { "show", "-x" }, "\"show\" has no option \"-x\": " SHOW },
	{ { "show", "-a" }, "\"show\" has no option \"-a\": " SHOW },
	{ { "stats", "--explian" }, "\"stats\" has no option \"--explian\": write " },
	{ { "up", "relay0", "-f" }, "\"up\" has no option \"-f\": write " },
	{ { "resolve", "a", "-w" }, "\"resolve\" has no option \"-w\": write " },
	{ { "forward", "list", "-x" }, "\"forward\" has no option \"-x\": " FORWARD },
	/* Without a verb, show */
	{ { "-j", "relay0", "peer" }, "\"peer\" is one argument too many for \"show\": " SHOW },
	{ { "--json", "-x" }, "\"show\" has no option \"-x\": " SHOW },
	{ { "-x" }, "\"show\" has no option \"-x\": " SHOW },
};

static void test_refusals(void **state)
{
	char *argv[8] = { "relayctl" };
	char beginning[256];
	size_t i;
	int argc;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		said_clear();
		for (argc = 1; refusals[i].words[argc - 1]; argc++)
			argv[argc] = (char *)refusals[i].words[argc - 1];
		argv[argc] = NULL;
		assert_int_equal(verbs_run(argc, argv), 1);
		snprintf(beginning, sizeof(beginning), "relayctl: %s", refusals[i].sentence);
		assert_said(beginning);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests_name("verbs", tests, NULL, NULL);
}
