// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hooks.h"
#include "kernel.h"
#include "verbs.h"

/* A link whose file is gone can still be taken down; then there are no hooks to run. */
static int load(struct config *config, const char *argument, char ifname[IFNAMSIZ])
{
	char *file;
	int ret;

	memset(config, 0, sizeof(*config));
	ret = config_find(argument, ifname, &file);
	if (!ret && (strcmp(argument, ifname) || !access(file, F_OK)))
		ret = config_load(config, argument);
	free(file);
	return ret;
}

static int take_down(struct kernel *kernel, const struct config *config, const char *name)
{
	unsigned int ifindex;

	if (link_find(kernel, name, &ifindex))
		return -1;
	if (hooks_run(config, HOOK_PRE_DOWN))
		return -1;
	if (link_delete(kernel, name, ifindex, false))
		return -1;
	dns_unset(config);
	return hooks_run(config, HOOK_POST_DOWN);
}

int down_main(int argc, char *argv[])
{
	struct kernel kernel = { 0 };
	char ifname[IFNAMSIZ];
	struct config config;
	int ret;

	if (argc != 2)
		return usage("down");
	ret = load(&config, argv[1], ifname);
	if (!ret)
		ret = kernel_open(&kernel);
	if (!ret)
		ret = take_down(&kernel, &config, ifname);
	kernel_close(&kernel);
	config_free(&config);
	return ret ? 1 : 0;
}
