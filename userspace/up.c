// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "endpoints.h"
#include "forwards.h"
#include "hooks.h"
#include "kernel.h"
#include "listeners.h"
#include "routes.h"
#include "signals.h"
#include "verbs.h"

static int check_interrupted(const char *name)
{
	int number = signals_pending();

	return number ? refuse(NULL, "bringing up %s was interrupted by signal %d and undone: run it again.",
			       name, number) : 0;
}

static int add_addresses(struct kernel *kernel, const struct config *config)
{
	const struct config_address *address;
	struct place at = { .file = config->file };

	array_for_each(address, &config->addresses) {
		at.line = address->line;
		if (link_add_address(kernel, &at, config->device.ifindex, &address->prefix))
			return -1;
	}
	return 0;
}

static int add_routes(struct kernel *kernel, const struct config *config)
{
	struct allowed_ip_array routes = { 0 };
	struct place at = { .file = config->file };
	const struct allowed_ip *route;
	int ret = 0;

	routes_derive(config, &routes);
	array_for_each(route, &routes) {
		at.line = route->line;
		ret = link_add_route(kernel, &at, config->device.ifindex, &route->prefix,
				     config->table_number);
		if (ret)
			break;
	}
	array_free(&routes);
	return ret;
}

static int set_forwards(struct kernel *kernel, const struct config *config)
{
	if (!config->device.forwards.count)
		return 0;
	return module_forwards(kernel, KRELAY_CMD_FORWARD_SET, config->file, &config->device);
}

static int run_pre_up(struct kernel *kernel, const struct config *config)
{
	(void)kernel;
	return hooks_run(config, HOOK_PRE_UP);
}

static int run_post_up(struct kernel *kernel, const struct config *config)
{
	(void)kernel;
	return hooks_run(config, HOOK_POST_UP);
}

static int set_up(struct kernel *kernel, const struct config *config)
{
	struct place at = { .file = config->file, .line = config->listen_port_line };

	return link_up(kernel, &at, &config->device);
}

/* A port that the file does not name has been chosen by the kernel only now. */
static int check_port(struct kernel *kernel, const struct config *config)
{
	struct device device;
	int ret;

	if (config->device.listen_port || !config->device.forwards.count)
		return 0;
	ret = module_read_device(kernel, config->device.name, &device);
	if (!ret)
		ret = forwards_check_tunnel(config->file, &config->device, device.listen_port);
	device_free(&device);
	return ret;
}

/* Peers that call in do not notice by themselves that all sessions are gone. */
static int dial_recalled(struct kernel *kernel, const struct config *config)
{
	const struct peer *peer;

	array_for_each(peer, &config->device.peers) {
		if (peer->recalled && !peer->keepalive && module_dial(kernel, config, peer))
			return -1;
	}
	return 0;
}

static int set_dns(struct kernel *kernel, const struct config *config)
{
	(void)kernel;
	return dns_set(config);
}

/* What makes a device of a new link, in this order. */
static int (*const steps[])(struct kernel *kernel, const struct config *config) = {
	run_pre_up,
	module_set_device,
	module_set_peers,
	/* Before the link is up: what visitors send in between is not refused. */
	set_forwards,
	add_addresses,
	set_up,
	check_port,
	dial_recalled,
	add_routes,
	set_dns,
	run_post_up,
};

/* What peers have seen of this key before, and where they were. */
static void recall(struct device *device)
{
	uint8_t public_key[KRELAY_KEY_LEN];

	key_derive_public(device->private_key, public_key);
	device->timestamp = clock_read(public_key);
	endpoints_recall(public_key, device);
}

/* Whether it can be kept is better known now than when the machine stops. */
static void keep_clock(struct kernel *kernel, const char *name)
{
	struct device device;

	if (!module_read_device(kernel, name, &device) && device.has_public_key)
		clock_keep(device.public_key, device.timestamp, false);
	device_free(&device);
}

/* Commands that are there to take something back are run if what does it was begun. */
static void undo(struct kernel *kernel, const struct config *config, size_t begun)
{
	if (begun == ARRAY_SIZE(steps))
		hooks_run_all(config, HOOK_PRE_DOWN);
	dns_unset(config);
	link_delete(kernel, config->device.name, config->device.ifindex, true);
	if (begun)
		hooks_run_all(config, HOOK_POST_DOWN);
}

static int bring_up(struct kernel *kernel, struct config *config, const char *argument)
{
	struct device *device = &config->device;
	int ret = 0;
	size_t i;

	signals_hold();
	if (link_create(kernel, device->name, argument, config->mtu, &device->ifindex))
		return -1;
	/* Only now: who may not do this hears of that alone. */
	recall(device);
	for (i = 0; i < ARRAY_SIZE(steps) && !ret; i++) {
		ret = check_interrupted(device->name);
		if (ret)
			break;
		ret = steps[i](kernel, config);
	}
	if (!ret)
		ret = check_interrupted(device->name);
	if (ret)
		undo(kernel, config, i);
	return ret;
}

int up_main(int argc, char *argv[])
{
	struct kernel kernel = { 0 };
	struct config config;
	int ret;

	if (argc != 2)
		return usage("up", argc > 2 ? argv[2] : NULL);
	ret = config_load(&config, argv[1]);
	if (!ret)
		ret = dns_check(&config);
	if (!ret)
		ret = config_resolve(&config, RESOLVE_TRIES);
	if (!ret)
		ret = kernel_open(&kernel);
	if (!ret)
		ret = listeners_check(&kernel, config.file, &config.device);
	if (!ret)
		ret = kernel_module(&kernel, true);
	if (!ret)
		ret = bring_up(&kernel, &config, argv[1]);
	if (!ret) {
		keep_clock(&kernel, config.device.name);
		config_warn(&config);
	}
	kernel_close(&kernel);
	config_free(&config);
	return ret ? 1 : 0;
}
