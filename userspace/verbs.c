// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "text.h"
#include "verbs.h"

static int help_main(int argc, char *argv[]);
static int version_main(int argc, char *argv[]);

/**
 * struct verb - what relayctl can do
 * @name: first word of the command line
 * @fn: gets the command line from there; returns the exit status
 * @arguments: of its usage
 * @description: for the help
 */
static const struct verb {
	const char *name;
	int (*fn)(int argc, char *argv[]);
	const char *arguments;
	const char *description;
} verbs[] = {
	{ "up", up_main, "IFACE|FILE", "make an interface as its file says" },
	{ "down", down_main, "IFACE|FILE", "remove an interface" },
	{ "check", check_main, "IFACE|FILE", "say what \"up\" would refuse in a file" },
	{ "show", show_main, "[IFACE|all] [-j]", "show interfaces, peers and forwards" },
	{ "stats", stats_main, "[IFACE|all] [-j] [-a] [--explain]",
	  "show what was dropped and why, and other counters" },
	{ "forward", forward_main,
	  "add IFACE PEER FORWARD... | del IFACE FORWARD... | set IFACE|FILE | list [IFACE|all] [-j]",
	  "change or list what a bridge forwards" },
	{ "monitor", monitor_main, "[IFACE|all] [-j]", "print events as they happen" },
	{ "resolve", resolve_main, "IFACE|FILE [--watch]",
	  "look up the names of endpoints that do not answer" },
	{ "genkey", genkey_main, "", "print a new private key" },
	{ "pubkey", pubkey_main, "", "print the public key of the private key on stdin" },
	{ "genpsk", genpsk_main, "", "print a new preshared key" },
	{ "help", help_main, "", "print this" },
	{ "version", version_main, "", "print the version" },
};

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	}
	return NULL;
}

static const char *verb_name(size_t i)
{
	return i < ARRAY_SIZE(verbs) ? verbs[i].name : NULL;
}

int usage(const char *name, const char *wrong)
{
	const struct verb *verb = find_verb(name);
	const char *blank = *verb->arguments ? " " : "";

	if (!wrong)
		refuse(NULL, "\"%s\" lacks an argument: write \"relayctl %s%s%s\".", name, name,
		       blank, verb->arguments);
	else if (*wrong == '-')
		refuse(NULL, "\"%s\" has no option \"%.64s\": write \"relayctl %s%s%s\".", name, wrong,
		       name, blank, verb->arguments);
	else
		refuse(NULL, "\"%.64s\" is one argument too many for \"%s\": write \"relayctl %s%s%s\".",
		       wrong, name, name, blank, verb->arguments);
	return 1;
}

static int print_help(void)
{
	size_t i;

	printf("Usage: relayctl VERB [ARGUMENT...]\n\n");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %s%s%s\n\t%s\n", verbs[i].name, *verbs[i].arguments ? " " : "",
		       verbs[i].arguments, verbs[i].description);
	printf("\nA FORWARD is PROTO/PORT[-PORT], PROTO or all [except PROTO/PORT...], then\n"
	       "[on ADDRESS] [-> [ADDRESS:]PORT[-PORT]] [allow PREFIX...] [deny PREFIX...]\n"
	       "[limit RATE...] [source-limit RATE...] [force], as in tcp/443, gre,\n"
	       "\"tcp/8443 -> 443\" or all except tcp/22. See relayctl(8) and krelay.conf(5).\n");
	return output_end() ? 1 : 0;
}

static int help_main(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	return print_help();
}

static int version_main(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	printf("relayctl " RELAYCTL_VERSION "\n");
	return output_end() ? 1 : 0;
}

/* "relayctl VERB --help" */
static int print_usage(const struct verb *verb)
{
	printf("Usage: relayctl %s%s%s\n\t%s\n", verb->name, *verb->arguments ? " " : "",
	       verb->arguments, verb->description);
	return output_end() ? 1 : 0;
}

static int refuse_verb(const char *name)
{
	const char *nearest = text_nearest(name, verb_name);

	if (nearest)
		refuse(NULL, "there is no verb \"%.64s\": write \"%s\".", name, nearest);
	else
		refuse(NULL, "there is no verb \"%.64s\": \"relayctl help\" lists them.", name);
	return 1;
}

int verbs_run(int argc, char *argv[])
{
	const struct verb *verb;
	const char *name;

	name = argc > 1 ? argv[1] : "show";
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	/* As wg does: without a verb, show. */
	if (argc < 2 || *name == '-')
		return show_main(argc, argv);
	verb = find_verb(name);
	if (!verb)
		return refuse_verb(name);
	if (argc == 3 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h")))
		return print_usage(verb);
	return verb->fn(argc - 1, argv + 1);
}
