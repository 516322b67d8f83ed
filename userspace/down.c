// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "endpoints.h"
#include "hooks.h"
#include "kernel.h"
#include "signals.h"
#include "verbs.h"

/* A link whose file is gone can still be taken down; then there are no hooks to run. */
static int load(struct config *config, const char *argument, char ifname[IFNAMSIZ])
{
	char *file;
	int ret;

	memset(config, 0, sizeof(*config));
	ret = config_find(argument, ifname, &file);
	if (!ret && (strcmp(argument, ifname) || !access(file, F_OK)))
		ret = config_load_for_down(config, argument);
	free(file);
	return ret;
}

/* What the next one with this key has to know. */
static void keep(struct device *device)
{
	if (!device->has_public_key)
		return;
	if (device->timestamp)
		clock_keep(device->public_key, device->timestamp, true);
	endpoints_keep(device);
}

/*
 * While the link is down, but there, what visitors still send is dropped. Without
 * it this host would refuse it, and so end connections that could go on when
 * the link comes back.
 */
static int fade_out(struct kernel *kernel, const char *name, unsigned int ifindex)
{
	const struct timespec second = { .tv_sec = 1 };
	struct device device;
	int ret;

	ret = module_read(kernel, name, &device);
	if (!ret)
		keep(&device);
	if (!ret && device.forwards.count) {
		ret = link_down(kernel, name, ifindex);
		nanosleep(&second, NULL);
	}
	device_free(&device);
	return ret;
}

static int take_down(struct kernel *kernel, const struct config *config, const char *name)
{
	unsigned int ifindex;

	if (link_find(kernel, name, &ifindex, NULL))
		return -1;
	if (hooks_run(config, HOOK_PRE_DOWN))
		return -1;
	signals_hold();
	if (fade_out(kernel, name, ifindex) || link_delete(kernel, name, ifindex, false))
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
		return usage("down", argc > 2 ? argv[2] : NULL);
	ret = load(&config, argv[1], ifname);
	if (!ret)
		ret = kernel_open(&kernel);
	if (!ret)
		ret = take_down(&kernel, &config, ifname);
	kernel_close(&kernel);
	config_free(&config);
	return ret ? 1 : 0;
}
