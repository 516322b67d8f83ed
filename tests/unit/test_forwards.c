// SPDX-License-Identifier: GPL-2.0
/* The grammar of forwards and accept lists, targets and overlaps. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "accept.h"
#include "common.h"
#include "forwards.h"
#include "words.h"

static const struct place at = { .file = "t.conf", .line = 9 };

static int parse_list(struct device *device, const char *text)
{
	char *copy = strdup(text);
	int ret;

	memset(device, 0, sizeof(*device));
	said_clear();
	ret = forwards_parse(&at, copy, device);
	free(copy);
	return ret;
}

/* What is read, and written again in the same or a shorter form. */
static const struct {
	const char *text;
	const char *written;
} good[] = {
	{ "tcp/80", "tcp/80" },
	{ "TCP/80", "tcp/80" },
	{ "6/80", "tcp/80" },
	{ "udp/1-65535", "udp/1-65535" },
	{ "tcp/80-80", "tcp/80" },
	{ "tcp/8443 -> 443", "tcp/8443 -> 443" },
	{ "tcp/8443->443", "tcp/8443 -> 443" },
	{ "tcp/443 -> 443", "tcp/443" },
	{ "tcp/8000-8010 -> 9000-9010", "tcp/8000-8010 -> 9000-9010" },
	{ "tcp/80 -> 192.168.7.20:8080", "tcp/80 -> 192.168.7.20:8080" },
	{ "tcp/80 -> 192.168.7.20", "tcp/80 -> 192.168.7.20:80" },
	{ "tcp/80-81 -> [fd00::2]:90-91", "tcp/80-81 -> [fd00::2]:90-91" },
	{ "tcp/80 -> [fd00::2]", "tcp/80 -> [fd00::2]:80" },
	{ "tcp/443 on 203.0.113.5", "tcp/443 on 203.0.113.5" },
	{ "tcp/443  ON\t203.0.113.5  ->  1", "tcp/443 on 203.0.113.5 -> 1" },
	{ "tcp/443 on 2001:db8::1 -> [fd00::2]:8443", "tcp/443 on 2001:db8::1 -> [fd00::2]:8443" },
	{ "tcp/443 -> 1 on 203.0.113.5", "tcp/443 on 203.0.113.5 -> 1" },
	{ "sctp/3868", "sctp/3868" },
	{ "132/3868 -> 10.0.0.2:3868", "sctp/3868 -> 10.0.0.2:3868" },
	{ "dccp/5001-5002 -> 10.0.0.2", "dccp/5001-5002 -> 10.0.0.2:5001-5002" },
	{ "udplite/5 -> 6", "udplite/5 -> 6" },
	/* Without ports */
	{ "gre", "gre" },
	{ "47", "gre" },
	{ "ESP on 203.0.113.5 -> 10.0.0.2", "esp on 203.0.113.5 -> 10.0.0.2" },
	{ "ah -> fd00::2", "ah -> fd00::2" },
	{ "ah -> [fd00::2]", "ah -> fd00::2" },
	{ "ipip", "ipip" },
	{ "4", "ipip" },
	{ "94", "94" },
	{ "icmp", "icmp" },
	{ "icmp -> 10.0.0.2", "icmp -> 10.0.0.2" },
	{ "icmp on 2001:db8::1", "ipv6-icmp on 2001:db8::1" },
	{ "icmp -> fd00::2", "ipv6-icmp -> fd00::2" },
	{ "ipv6-icmp", "ipv6-icmp" },
	{ "icmpv6", "ipv6-icmp" },
	{ "253", "253" },
	/* The catch-all */
	{ "all", "all" },
	{ "ALL on 203.0.113.5 -> 10.0.0.2", "all on 203.0.113.5 -> 10.0.0.2" },
	{ "all -> fd00::2", "all -> fd00::2" },
	{ "all except tcp/22", "all except tcp/22" },
	{ "all Except tcp/22 tcp/2222 and udp/5-6 icmp 47 -> 10.0.0.2",
	  "all except tcp/22 tcp/2222 udp/5-6 icmp gre -> 10.0.0.2" },
	{ "all except tcp+udp/53", "all except tcp/53 udp/53" },
	{ "all except icmp -> fd00::2", "all except ipv6-icmp -> fd00::2" },
	{ "all except icmp tcp/1 icmpv6 udp/2 -> fd00::2", "all except ipv6-icmp tcp/1 udp/2 -> fd00::2" },
	{ "all except icmp icmpv6 -> 10.0.0.2", "all except icmp ipv6-icmp -> 10.0.0.2" },
	{ "all except tcp/22, tcp/2222 and udp/53", "all except tcp/22 tcp/2222 udp/53" },
	{ "all except tcp/22, tcp/2222,icmp", "all except tcp/22 tcp/2222 icmp" },
	/* Visitors */
	{ "tcp/22 allow 198.51.100.7", "tcp/22 allow 198.51.100.7/32" },
	{ "tcp/22 allow 10.1.2.3/8 2001:db8::/32 deny 10.9.0.0/16",
	  "tcp/22 allow 10.0.0.0/8 2001:db8::/32 deny 10.9.0.0/16" },
	{ "tcp/22 deny ::/0 deny 0.0.0.0/0", "tcp/22 deny 0.0.0.0/0 ::/0" },
	{ "tcp/22 allow 10.0.0.2 10.0.0.1 10.0.0.2", "tcp/22 allow 10.0.0.1/32 10.0.0.2/32" },
	{ "tcp/22 -> 10.0.0.2:23 allow 10.0.0.0/8", "tcp/22 -> 10.0.0.2:23 allow 10.0.0.0/8" },
	{ "tcp/22 allow 10.0.0.0/8 -> 10.0.0.2:23", "tcp/22 -> 10.0.0.2:23 allow 10.0.0.0/8" },
	/* Rates, in the units of tc */
	{ "tcp/80 limit 1000pps", "tcp/80 limit 1000pps" },
	{ "tcp/80 limit 20mbit 1000pps", "tcp/80 limit 1000pps 20mbit" },
	{ "tcp/80 limit 1kpps", "tcp/80 limit 1000pps" },
	{ "tcp/80 limit 1.5mbit", "tcp/80 limit 1500kbit" },
	{ "tcp/80 limit 2mbps", "tcp/80 limit 16mbit" },
	{ "tcp/80 limit 2MBps", "tcp/80 limit 16mbit" },
	{ "tcp/80 limit 1gbit", "tcp/80 limit 1gbit" },
	{ "tcp/80 limit 200kbit", "tcp/80 limit 200kbit" },
	{ "tcp/80 limit 1kibit", "tcp/80 limit 1024bit" },
	{ "tcp/80 limit 1mibps", "tcp/80 limit 8388608bit" },
	{ "tcp/80 limit 4294967295pps 1000tbit", "tcp/80 limit 4294967295pps 1000000gbit" },
	{ "udp/53 source-limit 50pps limit 1mbit", "udp/53 limit 1mbit source-limit 50pps" },
	{ "icmp on 203.0.113.5 -> 10.0.0.2 allow 1.2.3.4 limit 5pps source-limit 1pps",
	  "icmp on 203.0.113.5 -> 10.0.0.2 allow 1.2.3.4/32 limit 5pps source-limit 1pps" },
	{ "all except tcp/22 on 203.0.113.5 deny 192.0.2.0/24 source-limit 500pps 10mbit",
	  "all except tcp/22 on 203.0.113.5 deny 192.0.2.0/24 source-limit 500pps 10mbit" },
};

static void assert_same(const struct device *a, const struct device *b)
{
	const struct forward *x = a->forwards.items;
	const struct forward *y = b->forwards.items;

	assert_int_equal(x->proto, y->proto);
	assert_int_equal(x->family, y->family);
	assert_memory_equal(&x->public, &y->public, sizeof(x->public));
	assert_int_equal(x->first, y->first);
	assert_int_equal(x->last, y->last);
	assert_memory_equal(&x->target, &y->target, sizeof(x->target));
	assert_int_equal(x->target_first, y->target_first);
	assert_int_equal(x->excepts.count, y->excepts.count);
	if (x->excepts.count)
		assert_memory_equal(x->excepts.items, y->excepts.items,
				    x->excepts.count * sizeof(struct accept));
	assert_int_equal(x->has_sources, y->has_sources);
	assert_int_equal(x->sources, y->sources);
	assert_memory_equal(&x->limit, &y->limit, sizeof(x->limit));
	assert_memory_equal(&x->source_limit, &y->source_limit, sizeof(x->limit));
	assert_int_equal(x->force, y->force);
}

static void test_good(void **state)
{
	struct device device;
	struct device again;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (parse_list(&device, good[i].text))
			fail_msg("%s: %s", good[i].text, said);
		assert_int_equal(device.forwards.count, 1);
		assert_int_equal(device.forwards.items[0].line, 9);
		text = forward_text(&device, device.forwards.items, SIZE_MAX);
		assert_string_equal(text, good[i].written);
		/* What is written reads the same. */
		assert_int_equal(parse_list(&again, text), 0);
		assert_same(&again, &device);
		free(text);
		device_free(&device);
		device_free(&again);
	}
}

static void test_lists(void **state)
{
	struct device device;
	char text[2048];
	int len, i;

	(void)state;
	assert_int_equal(parse_list(&device, "tcp/80, tcp+udp/443 -> 444,udp/5"), 0);
	assert_int_equal(device.forwards.count, 4);
	assert_int_equal(device.forwards.items[1].proto, IPPROTO_TCP);
	assert_int_equal(device.forwards.items[2].proto, IPPROTO_UDP);
	assert_int_equal(device.forwards.items[2].target_first, 444);
	assert_int_equal(device.forwards.items[3].first, 5);
	assert_false(device.forwards.items[3].force);
	device_free(&device);

	assert_int_equal(parse_list(&device, "tcp/2222 -> 22 force, all except tcp/22, icmp"), 0);
	assert_int_equal(device.forwards.count, 2);
	assert_true(device.forwards.items[0].force);
	assert_int_equal(device.forwards.items[1].excepts.count, 2);
	device_free(&device);

	/* As many exceptions as the module takes, and one more. */
	len = sprintf(text, "all except tcp/1");
	for (i = 2; i <= 97; i++) {
		if (i == 97) {
			assert_int_equal(parse_list(&device, text), 0);
			assert_int_equal(device.forwards.items[0].excepts.count, 96);
			device_free(&device);
		}
		len += sprintf(text + len, "%s tcp/%d", i % 2 ? "," : "", i);
	}
	assert_int_equal(parse_list(&device, text), -1);
	assert_said("t.conf:9: Forward \"tcp/97\" has more than 96 exceptions: ");
	device_free(&device);

	/* One list for all that have the same. */
	assert_int_equal(parse_list(&device, "tcp+udp/1 allow 10.0.0.1 10.0.0.2, "
				    "tcp/2 deny 10.0.0.1, tcp/3 allow 10.0.0.2/32 10.0.0.1, all"),
			 0);
	assert_int_equal(device.forwards.count, 5);
	assert_int_equal(device.sources.count, 2);
	assert_int_equal(device.forwards.items[0].sources, 1);
	assert_int_equal(device.forwards.items[1].sources, 1);
	assert_int_equal(device.forwards.items[2].sources, 2);
	assert_int_equal(device.forwards.items[3].sources, 1);
	assert_false(device.forwards.items[4].has_sources);
	device_free(&device);
}

static const struct {
	const char *text;
	const char *sentence;
} bad[] = {
	{ "", "t.conf:9: Forward has an empty element: " },
	{ "tcp/80,", "t.conf:9: Forward has an empty element: " },
	{ "-> 80", "t.conf:9: Forward \"-> 80\" has nothing to forward: " },
	{ "tcp", "t.conf:9: Forward \"tcp\" has no port, which tcp needs: write one as in tcp/443, or all of them as in tcp/1-65535." },
	{ "gre+udp", "t.conf:9: Forward \"gre+udp\" has no port, which udp needs: " },
	{ "80", "t.conf:9: Forward \"80\" is a port without its protocol: write tcp/80 or udp/80." },
	{ "80/tcp", "t.conf:9: Forward \"80/tcp\" has the port before the protocol: write tcp/80." },
	{ "8000-8010/UDP -> 80-90", "t.conf:9: Forward \"8000-8010/UDP -> 80-90\" has the port before the protocol: write UDP/8000-8010." },
	{ "all except 22/tcp", "t.conf:9: Forward \"all except 22/tcp\" excepts \"22/tcp\", with the port before the protocol: write tcp/22." },
	{ "8080", "t.conf:9: Forward \"8080\" is a port without its protocol: write tcp/8080 " },
	{ "0", "t.conf:9: Forward \"0\" does not begin with a protocol: " },
	{ "443/tcp", "t.conf:9: Forward \"443/tcp\" has the port before the protocol: write tcp/443." },
	{ "tpc/80", "t.conf:9: Forward \"tpc/80\" does not begin with a protocol: " },
	{ "tcp+/80", "t.conf:9: Forward \"tcp+/80\" does not begin with a protocol: " },
	{ "tcp+tcp/80", "t.conf:9: Forward \"tcp+tcp/80\" names the protocol tcp twice: " },
	{ "tcp/", "t.conf:9: Forward port \"\" is no port or range of ports: " },
	{ "tcp/0", "t.conf:9: Forward port \"0\" is no port or range of ports: " },
	{ "tcp/65536", "t.conf:9: Forward port \"65536\" is no port or range of ports: " },
	{ "tcp/80-", "t.conf:9: Forward port \"80-\" is no port or range of ports: " },
	{ "tcp/-80", "t.conf:9: Forward port \"-80\" is no port or range of ports: " },
	{ "tcp/80-90-100", "t.conf:9: Forward port \"80-90-100\" is no port or range of " },
	{ "tcp/http", "t.conf:9: Forward port \"http\" is no port or range of ports: " },
	{ "tcp/81-80", "t.conf:9: Forward port \"81-80\" ends before it begins: write 80-81." },
	{ "tcp/90-80", "t.conf:9: Forward port \"90-80\" ends before it begins: write 80-90." },
	{ "tcp/80 443", "t.conf:9: Forward \"tcp/80 443\" has words after its ports that mean " },
	{ "tcp/80 on", "t.conf:9: Forward \"tcp/80 on\" ends in \"on\" without an address: " },
	{ "tcp/80 on -> 90", "t.conf:9: Forward \"tcp/80 on -> 90\" ends in \"on\" without an address: " },
	{ "tcp/80 on 1.2.3.4 on 1.2.3.5", "t.conf:9: Forward \"tcp/80 on 1.2.3.4 on 1.2.3.5\" is on two addresses: " },
	{ "tcp/80 on 0.0.0.0", "t.conf:9: Forward \"tcp/80 on 0.0.0.0\" is on 0.0.0.0, where no visitor can " },
	{ "tcp/80 on ::", "t.conf:9: Forward \"tcp/80 on ::\" is on ::, where no visitor can reach a host: " },
	{ "tcp/80 on 127.0.0.2", "t.conf:9: Forward \"tcp/80 on 127.0.0.2\" is on 127.0.0.2, where no " },
	{ "tcp/80 on ::1", "t.conf:9: Forward \"tcp/80 on ::1\" is on ::1, where no visitor can " },
	{ "udp/80 on 224.0.0.1", "t.conf:9: Forward \"udp/80 on 224.0.0.1\" is on 224.0.0.1, where no " },
	{ "udp/80 on ff02::1", "t.conf:9: Forward \"udp/80 on ff02::1\" is on ff02::1, where no " },
	{ "udp/80 on 255.255.255.255", "t.conf:9: Forward \"udp/80 on 255.255.255.255\" is on 255.255" },
	{ "tcp/80 -> 80 -> 81", "t.conf:9: Forward \"tcp/80 -> 80 -> 81\" has two targets: " },
	{ "tcp/80 deny @/dev/zero", "/dev/zero:1: the line holds a zero byte: " },
	{ "tcp/80 on ens3", "t.conf:9: Forward \"tcp/80 on ens3\" is on \"ens3\", which is no IP " },
	{ "tcp/80 on 10.0.0.1/32", "t.conf:9: Forward \"tcp/80 on 10.0.0.1/32\" is on \"10.0.0.1/32" },
	{ "tcp/80 -", "t.conf:9: Forward \"tcp/80 -\" has half an arrow: " },
	{ "tcp/80 ->", "t.conf:9: Forward \"tcp/80 ->\" has nothing behind its arrow: " },
	{ "tcp/80 -> -> 1", "t.conf:9: Forward \"tcp/80 -> -> 1\" has nothing behind its arrow: " },
	{ "tcp/80 -> 1 -> 2", "t.conf:9: Forward \"tcp/80 -> 1 -> 2\" has two targets: " },
	{ "tcp/80 -> 0", "t.conf:9: Forward target port \"0\" is no port or range of ports: " },
	{ "tcp/80 -> 10.0.0.2:", "t.conf:9: Forward target port \"\" is no port or range of " },
	{ "tcp/80 -> fd00::2:80", "t.conf:9: Forward \"tcp/80 -> fd00::2:80\" has the target " },
	{ "tcp/80 -> [fd00::2", "t.conf:9: Forward \"tcp/80 -> [fd00::2\" has the target " },
	{ "tcp/80 -> [10.0.0.2]:80", "t.conf:9: Forward \"tcp/80 -> [10.0.0.2]:80\" has the target " },
	{ "tcp/80 -> [fd00::2]80", "t.conf:9: Forward \"tcp/80 -> [fd00::2]80\" has the target " },
	{ "tcp/80 -> home.lan:80", "t.conf:9: Forward \"tcp/80 -> home.lan:80\" has the target " },
	{ "tcp/80 -> 127.0.0.1", "t.conf:9: Forward \"tcp/80 -> 127.0.0.1\" leads to 127.0.0.1, which no " },
	{ "tcp/80 -> [::1]:81", "t.conf:9: Forward \"tcp/80 -> [::1]:81\" leads to ::1, which no " },
	{ "udp/80 -> 224.0.0.1", "t.conf:9: Forward \"udp/80 -> 224.0.0.1\" leads to 224.0.0.1, which " },
	{ "all -> 0.0.0.0", "t.conf:9: Forward \"all -> 0.0.0.0\" leads to 0.0.0.0, which no " },
	{ "tcp/80-90 -> 90", "t.conf:9: Forward \"tcp/80-90 -> 90\" leads 11 public ports to 1: " },
	{ "tcp/80 -> 80-90", "t.conf:9: Forward \"tcp/80 -> 80-90\" leads 1 public ports to 11: " },
	{ "tcp/80 on 203.0.113.5 -> [fd00::2]:80",
	  "t.conf:9: Forward \"tcp/80 on 203.0.113.5 -> [fd00::2]:80\" leads from IPv4 to IPv6: " },
	/* Protocols */
	{ "gre/80", "t.conf:9: Forward \"gre/80\" gives a port to gre, which has none: " },
	{ "icmp/8", "t.conf:9: Forward \"icmp/8\" gives a port to icmp, which has none: " },
	{ "tcp+esp/80", "t.conf:9: Forward \"tcp+esp/80\" gives a port to esp, which has none: " },
	{ "gre -> 80", "t.conf:9: Forward \"gre -> 80\" has the target \"80\", but what has no port " },
	{ "gre -> 10.0.0.2:80", "t.conf:9: Forward \"gre -> 10.0.0.2:80\" has the target \"10.0.0.2:80\", but " },
	{ "all -> [fd00::2]:80", "t.conf:9: Forward \"all -> [fd00::2]:80\" has the target " },
	{ "all -> 10.0.0.2 -> 10.0.0.3", "t.conf:9: Forward \"all -> 10.0.0.2 -> 10.0.0.3\" has two targets: " },
	{ "all/80", "t.conf:9: Forward \"all/80\" does not begin with a protocol: " },
	{ "sctp/80 -> 81", "t.conf:9: Forward \"sctp/80 -> 81\" leads to another port, which sctp cannot " },
	{ "tcp+dccp/80 -> 81", "t.conf:9: Forward \"tcp+dccp/80 -> 81\" leads to another port, which dccp " },
	{ "ipv6-icmp -> 10.0.0.2", "t.conf:9: Forward \"ipv6-icmp -> 10.0.0.2\" is of IPv6, but its address " },
	/* Exceptions */
	{ "all except", "t.conf:9: Forward \"all except\" does not say what is excepted: " },
	{ "all except -> 10.0.0.2", "t.conf:9: Forward \"all except -> 10.0.0.2\" does not say what " },
	{ "all except and tcp/22", "t.conf:9: Forward \"all except and tcp/22\" excepts \"and\", which is no " },
	{ "all except tcp/22 and", "t.conf:9: Forward \"all except tcp/22 and\" does not say what is " },
	{ "all except 22", "t.conf:9: Forward \"all except 22\" excepts \"22\", which is no protocol " },
	{ "all except ssh", "t.conf:9: Forward \"all except ssh\" excepts \"ssh\", which is no protocol " },
	{ "all except tcp/0", "t.conf:9: Forward except port \"0\" is no port or range of ports: " },
	{ "all except icmp/8", "t.conf:9: Forward \"all except icmp/8\" excepts a port of icmp, which has none: " },
	{ "all except tcp/22 tcp/22", "t.conf:9: Forward \"all except tcp/22 tcp/22\" excepts \"tcp/22\", of which \"tcp/22\" is excepted already: " },
	{ "all except tcp/22, tcp/22", "t.conf:9: Forward \"tcp/22\" excepts \"tcp/22\", of which " },
	{ "all except tcp/22 tcp/20-30", "t.conf:9: Forward \"all except tcp/22 tcp/20-30\" excepts " },
	{ "all except udp tcp udp/5", "t.conf:9: Forward \"all except udp tcp udp/5\" excepts " },
	{ "tcp/80 except tcp/22", "t.conf:9: Forward \"tcp/80 except tcp/22\" has words after its ports that " },
	/* It must not become a forward of 2222, nor be guessed at. */
	{ "all except tcp/22, tcp/2222 -> 10.0.0.2", "t.conf:9: \"tcp/2222 -> 10.0.0.2\" stands in a list behind " },
	{ "all except tcp/22 -> 10.0.0.2, tcp/2222", "t.conf:9: \"tcp/2222\" stands in a list behind " },
	{ "all except tcp/22 limit 1mbit, tcp/2222", "t.conf:9: \"tcp/2222\" stands in a list behind " },
	{ "all except tcp/22, all on 203.0.113.5", "t.conf:9: \"all on 203.0.113.5\" stands in a list behind " },
	{ "all except tcp/22, nonsense", "t.conf:9: Forward \"nonsense\" excepts \"nonsense\", which is no " },
	/* Visitors */
	{ "tcp/80 allow", "t.conf:9: Forward \"tcp/80 allow\" does not say what to allow: " },
	{ "tcp/80 deny limit 1pps", "t.conf:9: Forward \"tcp/80 deny limit 1pps\" does not say what to deny: " },
	{ "tcp/80 allow friends", "t.conf:9: allow \"friends\" is neither an IP address " },
	{ "tcp/80 allow 10.0.0.0/33", "t.conf:9: allow \"10.0.0.0/33\" is neither an IP address " },
	{ "tcp/80 deny 10.0.0.0/8,10.0.0.1", "t.conf:9: Forward \"10.0.0.1\" begins with an address: " },
	{ "tcp/80 deny 10.1.0.0/8 allow 10.2.0.0/8", "t.conf:9: Forward \"tcp/80 deny 10.1.0.0/8 allow 10.2.0.0/8\" both allows and denies 10.0.0.0/8: " },
	{ "tcp/80 allow <9 prefixes>", "t.conf:9: allow \"<9\" is neither an IP address " },
	{ "tcp/80 allow @/nowhere/list", "t.conf:9: allow \"@/nowhere/list\" names the file /nowhere/list, which cannot be opened, No such " },
	/* Rates */
	{ "tcp/80 limit", "t.conf:9: Forward \"tcp/80 limit\" has a limit without a rate: " },
	{ "tcp/80 limit 10", "t.conf:9: limit \"10\" is no rate: " },
	{ "tcp/80 limit 2MB", "t.conf:9: limit \"2MB\" is no rate: " },
	{ "tcp/80 limit mbit", "t.conf:9: limit \"mbit\" is no rate: " },
	{ "tcp/80 limit 1.2.3mbit", "t.conf:9: limit \"1.2.3mbit\" is no rate: " },
	{ "tcp/80 limit -1mbit", "t.conf:9: limit \"-1mbit\" is no rate: " },
	{ "tcp/80 limit 1e3pps", "t.conf:9: limit \"1e3pps\" is no rate: " },
	{ "tcp/80 limit 0x10pps", "t.conf:9: limit \"0x10pps\" is no rate: " },
	{ "tcp/80 limit .pps", "t.conf:9: limit \".pps\" is no rate: " },
	{ "tcp/80 limit 1ppps", "t.conf:9: limit \"1ppps\" is no rate: " },
	{ "tcp/80 limit 0pps", "t.conf:9: limit \"0pps\" is out of range: write 1pps to " },
	{ "tcp/80 limit 4294967296pps", "t.conf:9: limit \"4294967296pps\" is out of range: " },
	{ "tcp/80 limit 7bit", "t.conf:9: limit \"7bit\" is out of range: write 8bit to 1000tbit." },
	{ "tcp/80 limit 1001tbit", "t.conf:9: limit \"1001tbit\" is out of range: " },
	{ "tcp/80 source-limit 1pps 2pps", "t.conf:9: source-limit \"2pps\" is the second rate of packets: " },
	{ "tcp/80 limit 1mbit 2mbps", "t.conf:9: limit \"2mbps\" is the second rate of bits: " },
	{ "tcp/80 limit 1mbit limit 2pps", "t.conf:9: Forward \"tcp/80 limit 1mbit limit 2pps\" has \"limit\" twice: " },
};

static void test_bad(void **state)
{
	struct device device;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse_list(&device, bad[i].text), -1);
		assert_said(bad[i].sentence);
		device_free(&device);
	}
}

#define FILE_HEAD "[Interface]\nPrivateKey = " PRIVATE_KEY "\nPublic = ens3\n[Peer]\n" \
	"Name = home\nPublicKey = " KEY_A "\nAllowedIPs = fd00::2, 192.168.7.0/24, 10.0.0.2\n"

/* Public side, and where it is aimed at. */
static void assert_target(const char *forward, const char *written)
{
	char text[FORWARD_TEXT_LEN];
	struct config config;
	char file[1024];

	snprintf(file, sizeof(file), FILE_HEAD "Forward = %s\n", forward);
	if (parse(&config, file))
		fail_msg("%s", said);
	assert_string_equal(forward_format(config.device.forwards.items, text), written);
	assert_memory_equal(config.device.forwards.items[0].peer,
			    config.device.peers.items[0].public_key, KRELAY_KEY_LEN);
	config_free(&config);
}

static void test_aim(void **state)
{
	(void)state;
	assert_target("tcp/80", "tcp/80 -> 10.0.0.2:80");
	assert_target("tcp/80 -> 81", "tcp/80 -> 10.0.0.2:81");
	assert_target("tcp/80 on 203.0.113.5", "tcp/80 on 203.0.113.5 -> 10.0.0.2:80");
	assert_target("tcp/80 on 2001:db8::1", "tcp/80 on 2001:db8::1 -> [fd00::2]:80");
	assert_target("tcp/80-81 -> 192.168.7.255:1-2", "tcp/80-81 -> 192.168.7.255:1-2");
	assert_refused(FILE_HEAD "Forward = tcp/80 -> 192.168.8.1:80\n",
		       "t.conf:8: Forward \"tcp/80 -> 192.168.8.1:80\" has the target 192.168.8.1, "
		       "which is not among the AllowedIPs of peer home: ");
	/* A longer prefix takes the address away to another peer. */
	assert_refused(FILE_HEAD "Forward = tcp/80 -> 192.168.7.9\n[Peer]\nPublicKey = " KEY_B
		       "\nAllowedIPs = 192.168.7.8/29\n",
		       "t.conf:8: Forward \"tcp/80 -> 192.168.7.9:80\" has the target ");
	assert_refused("[Interface]\nPrivateKey = " PRIVATE_KEY "\nPublic = ens3\n[Peer]\n"
		       "PublicKey = " KEY_A "\nAllowedIPs = 10.0.0.2\n"
		       "Forward = tcp/80 on 2001:db8::1\n",
		       "t.conf:7: Forward \"tcp/80 on 2001:db8::1\" names no target address and "
		       "peer " KEY_A " has no IPv6 host among its AllowedIPs: ");
}

/* "4", "6" or "46": the families that a forward gets, given those of addresses. */
static void assert_families(const char *addresses, const char *hosts, const char *forward,
			    const char *families)
{
	struct config config;
	const struct forward *item;
	char file[1024];
	char got[8] = "";

	snprintf(file, sizeof(file), "[Interface]\nPrivateKey = " PRIVATE_KEY "\n%s\n"
		 "Public = ens3\n[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = %s\nForward = %s\n",
		 addresses, hosts, forward);
	if (parse(&config, file))
		fail_msg("%s", said);
	array_for_each(item, &config.device.forwards) {
		strcat(got, item->family == AF_INET ? "4" : item->family == AF_INET6 ? "6" : "?");
		assert_int_equal(item->target.family, item->family);
		assert_int_equal(item->proto == IPPROTO_ICMPV6, item->family == AF_INET6 &&
				 strstr(forward, "icmp") && *forward != 'a');
	}
	assert_string_equal(got, families);
	config_free(&config);
}

static void test_families(void **state)
{
	const char *both = "Address = 10.0.0.1/24, fd00::1/64\n";
	const char *v4 = "Address = 10.0.0.1/24\n";

	(void)state;
	assert_families(both, "10.0.0.2, fd00::2", "tcp/80", "46");
	assert_families(both, "fd00::2, 10.0.0.2", "tcp/80-90 -> 180-190", "46");
	assert_families(both, "10.0.0.2, fd00::2", "icmp", "46");
	assert_families(both, "10.0.0.2, fd00::2", "all except icmp tcp/22", "46");
	assert_families(both, "10.0.0.2, fd00::2", "ipv6-icmp", "6");
	assert_families(both, "10.0.0.2, fd00::2", "tcp/80 on 203.0.113.5", "4");
	assert_families(both, "10.0.0.2, fd00::2", "tcp/80 on 2001:db8::1", "6");
	assert_families(both, "10.0.0.2, fd00::2", "tcp/80 -> 10.0.0.2:81", "4");
	assert_families(both, "10.0.0.2, fd00::2", "all -> fd00::2", "6");
	assert_families(both, "10.0.0.2", "tcp/80", "4");
	assert_families(both, "fd00::2, 10.0.0.0/24", "tcp/80", "6");
	assert_families(v4, "10.0.0.2, fd00::2", "tcp/80", "4");
	assert_families(v4, "fd00::2", "tcp/80", "6");
	assert_families("", "fd00::2, 10.0.0.2", "tcp/80", "4");
}

/* Each forward goes to the peer in whose section it stands. */
static void test_two_homes(void **state)
{
	struct config config;
	size_t i;

	(void)state;
	assert_int_equal(parse(&config, "[Interface]\nPrivateKey = " PRIVATE_KEY "\nPublic = ens3\n"
			       "[Peer]\nForward = tcp/1\nPublicKey = " KEY_A "\nAllowedIPs = 10.0.0.2\n"
			       "[Peer]\nForward = tcp/2\nPublicKey = " KEY_B "\nAllowedIPs = 10.0.0.3\n"),
			 0);
	assert_int_equal(config.device.forwards.count, 2);
	for (i = 0; i < 2; i++) {
		assert_memory_equal(config.device.forwards.items[i].peer,
				    config.device.peers.items[i].public_key, KRELAY_KEY_LEN);
		assert_int_equal(config.device.forwards.items[i].target.bytes[3], 2 + i);
	}
	config_free(&config);
}

static void assert_overlap(const char *first, const char *second, const char *which)
{
	char beginning[512];
	struct config config;
	char file[1024];
	char *place;

	snprintf(file, sizeof(file), FILE_HEAD "Forward = %s\nForward = %s\n", first, second);
	said_clear();
	if (!which) {
		if (parse(&config, file))
			fail_msg("%s", said);
		config_free(&config);
		return;
	}
	assert_refused(file, "t.conf:9: Forward \"");
	snprintf(beginning, sizeof(beginning), "of line 8 in its %s", which);
	place = strstr(said, beginning);
	if (!place)
		fail_msg("said \"%s\" without \"%s\"", said, beginning);
}

static void test_overlaps(void **state)
{
	(void)state;
	assert_overlap("tcp/80", "tcp/80 -> 81", "public ports");
	assert_overlap("tcp/10-20", "tcp/20-30 -> 120-130", "public ports");
	assert_overlap("tcp/20-30", "tcp/10-20 -> 120-130", "public ports");
	assert_overlap("tcp/10-30", "tcp/20 -> 200", "public ports");
	assert_overlap("tcp/80 on 203.0.113.5", "tcp/80 on 203.0.113.5 -> 1", "public ports");
	assert_overlap("tcp/80", "tcp/81 -> 80", "target ports");
	assert_overlap("tcp/80-90", "tcp/100 -> 85", "target ports");
	assert_overlap("tcp/80", "tcp/80 on 203.0.113.5", "target ports");
	assert_overlap("tcp/80", "udp/80", NULL);
	assert_overlap("tcp/80", "tcp/81", NULL);
	assert_overlap("tcp/10-19", "tcp/20-29", NULL);
	assert_overlap("tcp/80", "tcp/80 on 203.0.113.5 -> 81", NULL);
	assert_overlap("tcp/80 on 203.0.113.6", "tcp/80 on 203.0.113.5 -> 81", NULL);
	assert_overlap("tcp/80", "tcp/81 -> 192.168.7.9:80", NULL);
	assert_overlap("tcp/80", "tcp/80 -> [fd00::2]:80", NULL);
	/* Without ports */
	assert_overlap("gre", "gre -> 192.168.7.9", "public side");
	assert_overlap("gre", "gre on 203.0.113.5", "target, so replies");
	assert_overlap("gre", "esp", NULL);
	assert_overlap("icmp", "icmp -> fd00::2", NULL);
	assert_overlap("sctp/80", "tcp/80", NULL);
	assert_overlap("sctp/80", "sctp/80 on 203.0.113.5", "target ports");
	/* Catch-alls */
	assert_overlap("all", "all -> 192.168.7.9", "public side");
	assert_overlap("all", "all on 203.0.113.5", "target, so replies");
	assert_overlap("all", "all on 203.0.113.5 -> 192.168.7.9", NULL);
	assert_overlap("all", "all -> fd00::2", NULL);
	assert_overlap("all", "tcp/80", NULL);
	assert_overlap("all", "gre -> 192.168.7.9", NULL);
}

/* What leaves a port to this host, and what takes it. */
static void test_excepts_overlap(void **state)
{
	(void)state;
	assert_refused(FILE_HEAD "Forward = all except tcp/22\nForward = tcp/20-30\n",
		       "t.conf:9: Forward \"tcp/20-30 -> 10.0.0.2:20-30\" takes what \"all except "
		       "tcp/22\" of line 8 leaves to this host: ");
	assert_refused(FILE_HEAD "Forward = tcp/22 -> 2222\nForward = all except udp/1 tcp/1-99\n",
		       "t.conf:9: Forward \"tcp/22 -> 10.0.0.2:2222\" takes what \"all except "
		       "tcp/1-99\" leaves to this host: ");
	assert_refused(FILE_HEAD "Forward = gre, all except gre\n",
		       "t.conf:8: Forward \"gre -> 10.0.0.2\" takes what ");
	assert_refused(FILE_HEAD "Forward = tcp/80, all except tcp\n",
		       "t.conf:8: Forward \"tcp/80 -> 10.0.0.2:80\" takes what \"all except tcp\" ");
	assert_overlap("all except tcp/22", "udp/22", NULL);
	assert_overlap("all except tcp/22", "tcp/23", NULL);
	assert_overlap("all except tcp/22", "tcp/2222 -> 22", NULL);
	assert_overlap("all except tcp/22", "tcp/22 on 203.0.113.5", NULL);
	assert_overlap("all except tcp/22", "tcp/22 -> [fd00::2]:22", NULL);
}

static void assert_warned(const char *forwards, const char *beginning)
{
	struct config config;
	char file[1024];

	snprintf(file, sizeof(file), FILE_HEAD "Forward = %s\n", forwards);
	if (parse(&config, file))
		fail_msg("%s", said);
	forwards_warn("t.conf", &config.device);
	if (beginning)
		assert_said(beginning);
	else
		assert_silent();
	config_free(&config);
}

static void test_warnings(void **state)
{
	const char *sentence = "t.conf:8: warning: Forward \"tcp/8443 -> 10.0.0.2:443\" makes tcp/443 "
			       "unreachable through \"all -> 10.0.0.2\", ";

	(void)state;
	assert_warned("tcp/8443 -> 443, all", sentence);
	assert_warned("tcp/8443 -> 443, all except tcp/1-442", sentence);
	assert_warned("tcp/8443 -> 443, all except udp/443", sentence);
	assert_warned("tcp/443 on 203.0.113.5, all", "t.conf:8: warning: Forward \"tcp/443 on ");
	assert_warned("tcp/443, all", NULL);
	assert_warned("tcp/8443 -> 443", NULL);
	assert_warned("tcp/8443 -> 443, all except tcp/443", NULL);
	assert_warned("tcp/443 on 203.0.113.5, all except tcp", NULL);
	assert_warned("tcp/8443 -> 443, all -> fd00::2", NULL);
	assert_warned("tcp/8443 -> 192.168.7.9:443, all", NULL);
	/* 443 is another's already. */
	assert_warned("tcp/8443 -> 443, tcp/443 -> 192.168.7.9:443, all", NULL);
}

/* A file of sources, beside the configuration. */
static void test_source_files(void **state)
{
	static const struct {
		const char *contents;
		const char *text;
		const char *written;
	} files[] = {
		{ "10.0.0.0/8\n", "tcp/1 allow @list", "tcp/1 allow 10.0.0.0/8" },
		{ "# head\n\n  10.0.0.0/8  # mine\r\n2001:db8::1", "tcp/1 deny @list",
		  "tcp/1 deny 10.0.0.0/8 2001:db8::1/128" },
		{ "10.0.0.0/8\n", "tcp/1 allow 192.0.2.1 @list @list",
		  "tcp/1 allow 10.0.0.0/8 192.0.2.1/32" },
		{ "# nobody\n", "tcp/1 deny @list", "tcp/1" },
		{ "\357\273\27710.0.0.0/8\n", "tcp/1 deny @list", "tcp/1 deny 10.0.0.0/8" },
		/* Refused */
		{ "10.0.0.0/8\n10.0.0.0/40\n", "tcp/1 allow @list",
		  ":2: allow \"10.0.0.0/40\" is neither an IP address " },
		{ "10.0.0.0/8 10.1.0.0/16\n", "tcp/1 allow @list", ":1: allow \"10.0.0.0/8 10.1" },
		{ "\n@other\n", "tcp/1 deny @list", ":2: deny \"@other\" is the name of a file in a " },
		{ "# nobody\n", "tcp/1 allow @list", ": the file has no prefix in it: " },
		{ "", "tcp/1 allow @list", ": the file has no prefix in it: " },
		{ NULL, "tcp/1 allow @absent", "c:3: allow \"@absent\" names the file " },
		{ NULL, "tcp/1 allow @.", ": the file cannot be read: " },
	};
	char folder[] = "/tmp/krelay-test-XXXXXX";
	char conf[64], list[64], beginning[256];
	struct place place = { .file = conf, .line = 3 };
	struct device device;
	char *text;
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(conf, sizeof(conf), "%s/c", folder);
	snprintf(list, sizeof(list), "%s/list", folder);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *stream = fopen(list, "w");

		fputs(files[i].contents ?: "", stream);
		fclose(stream);
		memset(&device, 0, sizeof(device));
		said_clear();
		text = strdup(files[i].text);
		if (strncmp(files[i].written, "tcp", 3)) {
			assert_int_equal(forwards_parse(&place, text, &device), -1);
			snprintf(beginning, sizeof(beginning), "%s/%s%s%s", folder,
				 files[i].contents ? "list" : "",
				 strstr(files[i].text, "@.") ? "." : "", files[i].written);
			assert_said(beginning);
		} else {
			if (forwards_parse(&place, text, &device))
				fail_msg("%s", said);
			free(text);
			text = forward_text(&device, device.forwards.items, SIZE_MAX);
			assert_string_equal(text, files[i].written);
			assert_int_equal(device.forwards.items[0].has_sources,
					 strlen(files[i].written) > 5);
		}
		free(text);
		device_free(&device);
	}
	unlink(list);
	rmdir(folder);
}

/* What is no text is no list of nobody; nor has a list no end. */
static void test_bad_source_files(void **state)
{
	static const char zero_behind[] = "10.0.0.0/8\n192.0.2.1\0\n";
	static const char zero_before[] = { 0, 0x31, 0, 0x30, 0, 0x2f, 0 };
	static const char zero_at_end[] = "10.0.0.0/8\n\0";
	char *lines = malloc(1000001);
	const struct {
		const char *contents;
		size_t len;
		const char *said;
	} files[] = {
		{ zero_behind, sizeof(zero_behind) - 1, ":2: the line holds a zero byte: " },
		{ zero_before, sizeof(zero_before), ":1: the line holds a zero byte: " },
		{ zero_at_end, sizeof(zero_at_end) - 1, ":2: the line holds a zero byte: " },
		{ lines, 1000001, ":1000001: the file goes on after 1000000 lines: " },
	};
	char path[] = "/tmp/krelay-test-XXXXXX";
	struct device device = { 0 };
	char text[64], beginning[128];
	int fd = mkstemp(path);
	size_t i;

	(void)state;
	memset(lines, '\n', 1000001);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, files[i].contents, files[i].len, 0), files[i].len);
		said_clear();
		snprintf(text, sizeof(text), "tcp/1 deny @%s", path);
		assert_int_equal(forwards_parse(&at, text, &device), -1);
		snprintf(beginning, sizeof(beginning), "%s%s", path, files[i].said);
		assert_said(beginning);
	}
	device_free(&device);
	free(lines);
	close(fd);
	unlink(path);
}

/* A list of many, which is counted in words, and must not be read as none then. */
static void test_long_sources(void **state)
{
	char path[] = "/tmp/krelay-test-XXXXXX";
	struct device device = { 0 };
	FILE *stream = fdopen(mkstemp(path), "w");
	char *text;
	int i;

	(void)state;
	for (i = 0; i < 12000; i++)
		fprintf(stream, "%d.%d.%d.0/24\n", 1 + i % 200, i / 256, i % 256);
	fclose(stream);
	said_clear();
	text = malloc(256);
	snprintf(text, 256, "tcp/1 allow @%s deny 10.0.0.1, tcp/2 deny 10.0.0.1 allow @%s", path,
		 path);
	if (forwards_parse(&at, text, &device))
		fail_msg("%s", said);
	free(text);
	assert_int_equal(device.sources.count, 1);
	assert_int_equal(device.sources.items[0].list.count, 12001);
	text = forward_text(&device, device.forwards.items, 8);
	assert_string_equal(text, "tcp/1 allow <12000 prefixes> deny 10.0.0.1/32");
	assert_int_equal(forwards_parse(&at, text, &device), -1);
	assert_said("t.conf:9: allow \"<12000\" is neither ");
	free(text);
	/* As -j writes it. */
	text = forward_text(&device, device.forwards.items, SIZE_MAX);
	said_clear();
	assert_int_equal(forwards_parse(&at, text, &device), 0);
	assert_int_equal(device.sources.count, 1);
	free(text);
	device_free(&device);
	unlink(path);
}

/* How words of a command line become lists. */
static void test_words(void **state)
{
	static const struct {
		const char *words;	/* With '|' between them. */
		const char *lists;
	} lines[] = {
		{ "tcp/80", "tcp/80" },
		{ "tcp/80|udp/5", "tcp/80, udp/5" },
		{ "tcp/80|on|1.2.3.4|udp/5", "tcp/80 on 1.2.3.4, udp/5" },
		{ "tcp/80|->|443", "tcp/80 -> 443" },
		{ "tcp/80 -> 443|udp/5", "tcp/80 -> 443\nudp/5" },
		{ "tcp/80|udp/5 -> 6", "tcp/80\nudp/5 -> 6" },
		{ "tcp/80->10.0.0.2:81|tcp/81->10.0.0.2:80", "tcp/80->10.0.0.2:81, tcp/81->10.0.0.2:80" },
		{ "all|except|tcp/22|tcp/2222", "all except tcp/22, tcp/2222" },
		{ "all|except|tcp/22|and|tcp/2222", "all except tcp/22 and tcp/2222" },
		{ "all except tcp/22|tcp/443", "all except tcp/22\ntcp/443" },
		{ "all except tcp/22|on|1.2.3.4", "all except tcp/22 on 1.2.3.4" },
		{ "tcp/1|allow|10.0.0.0/8|fd00::/8|@friends|udp/2", "tcp/1 allow 10.0.0.0/8 fd00::/8 @friends, udp/2" },
		{ "tcp/1|limit|5pps|10mbit|47", "tcp/1 limit 5pps 10mbit, 47" },
		{ "tcp/1|limit|5pps|source-limit|2mbps|6/80|17+tcp/2", "tcp/1 limit 5pps source-limit 2mbps, 6/80, 17+tcp/2" },
		{ "tcp/22|force|tcp/23", "tcp/22 force, tcp/23" },
		{ " tcp/1 |-> 2|tcp/3\n", "tcp/1 -> 2\ntcp/3" },
		{ "tcp/1\ntcp/2", "tcp/1 tcp/2" },
	};
	char *words[16], *copy, *rest, *lists;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		copy = strdup(lines[i].words);
		rest = copy;
		for (n = 0; (words[n] = strsep(&rest, "|")); n++)
			;
		lists = words_join(n, words);
		assert_string_equal(lists, lines[i].lists);
		free(lists);
		free(copy);
	}
}

static bool naive_overlap(const struct forward *a, const struct forward *b)
{
	bool public = a->first <= b->last && b->first <= a->last;
	int first = a->target_first, last = first + a->last - a->first;
	int other = b->target_first, end = other + b->last - b->first;

	return a->proto == b->proto && (public || (first <= end && other <= last));
}

/* Against every pair looked at. */
static void test_overlaps_random(void **state)
{
	struct forward *a, *b;
	struct forward *item;
	struct device device;
	unsigned int round;
	bool expected;
	int i;

	(void)state;
	srandom(1);
	for (round = 0; round < 3000; round++) {
		memset(&device, 0, sizeof(device));
		for (i = 0; i < 6; i++) {
			item = array_add(&device.forwards);
			item->proto = random() % 2 ? IPPROTO_TCP : IPPROTO_UDP;
			item->first = 1 + random() % 100;
			item->last = item->first + random() % 10;
			item->target_first = 1 + random() % 100;
			item->target.family = AF_INET;
			item->family = AF_INET;
		}
		expected = false;
		array_for_each(a, &device.forwards) {
			for (b = device.forwards.items; b < a; b++)
				expected |= naive_overlap(a, b);
		}
		said_clear();
		assert_int_equal(forwards_check(NULL, &device), expected ? -1 : 0);
		device_free(&device);
	}
}

static void test_accept(void **state)
{
	static const struct {
		const char *text;
		const char *written;
	} entries[] = {
		{ "tcp", "tcp" }, { "TCP/80", "tcp/80" }, { "udp/5-9", "udp/5-9" },
		{ "sctp/1-65535", "sctp/1-65535" }, { "icmp", "icmp" }, { "1", "icmp" },
		{ "47", "gre" }, { "esp", "esp" }, { "253", "253" }, { "ipv6-icmp", "ipv6-icmp" },
		{ "dccp/5", "dccp/5" }, { "udplite/5-6", "udplite/5-6" },
	};
	static const struct {
		const char *text;
		const char *sentence;
	} refused[] = {
		{ "", "t.conf:9: Accept \"\" does not begin with an IP protocol: " },
		{ "0", "t.conf:9: Accept \"0\" does not begin with an IP protocol: " },
		{ "256", "t.conf:9: Accept \"256\" is a port without its protocol: write tcp/256 " },
		{ "80", "t.conf:9: Accept \"80\" is a port without its protocol: write tcp/80 or udp/80." },
		{ "65536", "t.conf:9: Accept \"65536\" does not begin with an IP protocol: " },
		{ "80/tcp", "t.conf:9: Accept \"80/tcp\" has the port before the protocol: write tcp/80." },
		{ "8000-8010/udp on 10.0.0.1", "t.conf:9: Accept \"8000-8010/udp on 10.0.0.1\" has the port before the protocol: write udp/8000-8010." },
		{ "80/icmp", "t.conf:9: Accept \"80/icmp\" gives a port to a protocol that has none: " },
		{ "web", "t.conf:9: Accept \"web\" does not begin with an IP protocol: " },
		{ "icmp/8", "t.conf:9: Accept \"icmp/8\" gives a port to a protocol that has none: " },
		{ "tcp/", "t.conf:9: Accept port \"\" is no port or range of ports: " },
		{ "tcp/0-5", "t.conf:9: Accept port \"0-5\" is no port or range of ports: " },
		{ "tcp/9-5", "t.conf:9: Accept port \"9-5\" ends before it begins: write 5-9." },
	};
	char text[ACCEPT_TEXT_LEN];
	struct accept accept;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		said_clear();
		if (accept_parse(&at, entries[i].text, &accept))
			fail_msg("%s", said);
		assert_string_equal(accept_format(&accept, text), entries[i].written);
	}
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		said_clear();
		assert_int_equal(accept_parse(&at, refused[i].text, &accept), -1);
		assert_said(refused[i].sentence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_aim),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_two_homes),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_excepts_overlap),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_source_files),
		cmocka_unit_test(test_bad_source_files),
		cmocka_unit_test(test_long_sources),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_overlaps_random),
		cmocka_unit_test(test_accept),
	};

	return cmocka_run_group_tests_name("forwards", tests, NULL, NULL);
}
