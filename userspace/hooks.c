// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooks.h"
#include "process.h"

#define RESOLVCONF "resolvconf"

static char *with_name(const char *command, const char *name)
{
	char *text = zalloc(strlen(command) * (strlen(name) + 1) + 1);
	char *to = text;

	while (*command) {
		if (!strncmp(command, "%i", 2)) {
			to = stpcpy(to, name);
			command += 2;
		} else {
			*to++ = *command++;
		}
	}
	return text;
}

static int run(const struct config *config, const char *text)
{
	char *command = with_name(text, config->device.name);
	int ret;

	ret = process_run((char *[]){ "/bin/sh", "-c", command, NULL }, NULL, NULL, 0);
	free(command);
	return ret;
}

int hooks_run(const struct config *config, enum config_hook hook)
{
	static const char *const names[HOOKS] = { "PreUp", "PostUp", "PreDown", "PostDown" };
	struct place at = { .file = config->file };
	const struct config_text *text;
	int ret;

	array_for_each(text, &config->hooks[hook]) {
		ret = run(config, text->text);
		at.line = text->line;
		if (ret < 0)
			return refuse(&at, "%s cannot be run: /bin/sh gives \"%s\".", names[hook],
				      strerror(-ret));
		if (ret)
			return refuse(&at, "%s \"%.200s\" ended with status %d: correct the command, or append \"|| true\".",
				      names[hook], text->text, ret);
	}
	return 0;
}

void hooks_run_all(const struct config *config, enum config_hook hook)
{
	const struct config_text *text;

	array_for_each(text, &config->hooks[hook])
		run(config, text->text);
}

/* Debian's resolvconf orders interfaces by their names' beginnings; be one of the first there. */
static void resolvconf_name(const struct config *config, char *name, size_t room)
{
	FILE *file = fopen("/etc/resolvconf/interface-order", "re");
	char prefix[32] = "";
	char line[128];
	size_t n;

	while (file && fgets(line, sizeof(line), file)) {
		n = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
		if (n && n < sizeof(prefix) - 1 && !strcmp(line + n, "*\n")) {
			snprintf(prefix, sizeof(prefix), "%.*s.", (int)n, line);
			break;
		}
	}
	if (file)
		fclose(file);
	snprintf(name, room, "%s%s", prefix, config->device.name);
}

int dns_check(const struct config *config)
{
	struct place at = { .file = config->file, .line = config->dns_line };

	if (!config->dns_line || process_exists(RESOLVCONF))
		return 0;
	return refuse(&at, "DNS needs the program " RESOLVCONF ", which is not installed: install openresolv or systemd-resolved, or remove the line.");
}

int dns_set(const struct config *config)
{
	struct place at = { .file = config->file, .line = config->dns_line };
	const struct config_text *text;
	char said[256] = "";
	char name[64];
	char *input;
	size_t size;
	FILE *list;
	int ret;

	if (!config->dns_line)
		return 0;
	list = open_memstream(&input, &size);
	if (!list)
		return refuse(&at, "DNS cannot be set: there is no memory left.");
	array_for_each(text, &config->dns)
		fprintf(list, "nameserver %s\n", text->text);
	if (config->search.count)
		fprintf(list, "search");
	array_for_each(text, &config->search)
		fprintf(list, " %s", text->text);
	fprintf(list, "%s", config->search.count ? "\n" : "");
	fclose(list);
	resolvconf_name(config, name, sizeof(name));
	ret = process_run((char *[]){ RESOLVCONF, "-a", name, "-m", "0", "-x", NULL }, input,
			  said, sizeof(said));
	free(input);
	if (!ret)
		return 0;
	return refuse(&at, "DNS cannot be set: " RESOLVCONF " ended with status %d and said \"%.100s\".",
		      ret, text_trim(said));
}

void dns_unset(const struct config *config)
{
	struct place at = { .file = config->file, .line = config->dns_line };
	char said[256] = "";
	char name[64];
	int ret;

	if (!config->dns_line)
		return;
	resolvconf_name(config, name, sizeof(name));
	ret = process_run((char *[]){ RESOLVCONF, "-d", name, "-f", NULL }, NULL, said,
			  sizeof(said));
	if (ret < 0)
		warn(&at, "DNS cannot be taken back: " RESOLVCONF " gives \"%s\", so see to /etc/resolv.conf.",
		     strerror(-ret));
	if (ret > 0)
		warn(&at, "DNS cannot be taken back: " RESOLVCONF " ended with status %d and said \"%.100s\", so see to /etc/resolv.conf.",
		     ret, text_trim(said));
}
