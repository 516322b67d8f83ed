// SPDX-License-Identifier: GPL-2.0
#include "config.h"
#include "hooks.h"
#include "listeners.h"
#include "verbs.h"

/* All that "up" does before it touches anything. */
int check_main(int argc, char *argv[])
{
	struct kernel kernel = { 0 };
	struct config config;
	int ret;

	if (argc != 2)
		return usage("check", argc > 2 ? argv[2] : NULL);
	ret = config_load(&config, argv[1]);
	if (!ret)
		ret = dns_check(&config);
	if (!ret)
		ret = config_resolve(&config, 1);
	if (!ret)
		ret = kernel_open(&kernel);
	if (!ret)
		ret = listeners_check(&kernel, config.file, &config.device);
	if (!ret)
		config_warn(&config);
	kernel_close(&kernel);
	config_free(&config);
	return ret ? 1 : 0;
}
