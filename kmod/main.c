// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>

#include "buckets.h"
#include "budget.h"
#include "cidr.h"
#include "device.h"
#include "forwards.h"
#include "host.h"
#include "limit.h"
#include "mark.h"
#include "netlink.h"
#include "noise.h"
#include "quote.h"
#include "reassembly.h"
#include "replay.h"
#include "rewrite.h"

static unsigned int limited_sources = 65536;
module_param(limited_sources, uint, 0444);
MODULE_PARM_DESC(limited_sources,
		 "How many sources limits by source keep in mind, 256 to 16777216, at 32 bytes each (default 65536)");

static unsigned int mark_mask = 0x7f000000;
module_param(mark_mask, uint, 0444);
MODULE_PARM_DESC(mark_mask,
		 "Bits of the connection mark that name a bridge at home, in one piece (default 0x7f000000)");

#ifdef KRELAY_SELFTEST
static int __init selftest(void)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} tests[] = {
		{ "buckets", krelay_buckets_selftest },
		{ "quote", krelay_quote_selftest },
		{ "reassembly", krelay_reassembly_selftest },
		{ "replay", krelay_replay_selftest },
		{ "cidr", krelay_cidr_selftest },
		{ "rewrite", krelay_rewrite_selftest },
		{ "forwards", krelay_forwards_selftest },
		{ "limit", krelay_limit_selftest },
		{ "budget", krelay_budget_selftest },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (tests[i].run()) {
			pr_err("self-test %s: failed\n", tests[i].name);
			return -ENOTRECOVERABLE;
		}
		pr_info("self-test %s: ok\n", tests[i].name);
	}
	return 0;
}
#else
static int __init selftest(void)
{
	return 0;
}
#endif

static int __init krelay_init(void)
{
	int ret;

	ret = krelay_buckets_init(limited_sources);
	if (ret) {
		pr_err("limited_sources=%u: has to be 256 to 16777216\n", limited_sources);
		return ret;
	}
	ret = krelay_noise_init();
	if (ret)
		return ret;
	ret = krelay_reassembly_init();
	if (ret)
		return ret;
	ret = krelay_forwards_init();
	if (ret)
		goto err_reassembly;
	ret = selftest();
	if (ret)
		goto err_forwards;
	ret = krelay_host_init();
	if (ret)
		goto err_forwards;
	ret = krelay_mark_init(mark_mask);
	if (ret) {
		if (ret == -EINVAL)
			pr_err("mark_mask=%#x: has to be two or more neighbouring bits\n",
			       mark_mask);
		goto err_host;
	}
	ret = krelay_device_init();
	if (ret)
		goto err_mark;
	ret = krelay_netlink_init();
	if (ret)
		goto err_device;
	return 0;

err_device:
	krelay_device_exit();
err_mark:
	krelay_mark_exit();
err_host:
	krelay_host_exit();
err_forwards:
	krelay_forwards_exit();
err_reassembly:
	krelay_reassembly_exit();
	krelay_buckets_exit();
	rcu_barrier();
	return ret;
}

static void __exit krelay_exit(void)
{
	krelay_netlink_exit();
	krelay_device_exit();
	krelay_mark_exit();
	krelay_host_exit();
	krelay_forwards_exit();
	krelay_reassembly_exit();
	krelay_buckets_exit();
	/* Sessions and endpoints free themselves by functions of ours. */
	rcu_barrier();
}

module_init(krelay_init);
module_exit(krelay_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Relay of public ports to hosts behind CGNAT, over the WireGuard protocol");
MODULE_AUTHOR("The krelay developers");
MODULE_VERSION(KRELAY_VERSION);
MODULE_ALIAS_RTNL_LINK("krelay");
MODULE_ALIAS_GENL_FAMILY("krelay");
