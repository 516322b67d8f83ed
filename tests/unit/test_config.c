// SPDX-License-Identifier: GPL-2.0
/* The configuration: every key, what it refuses, and what spans lines. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "accept.h"
#include "common.h"

#define HEAD "[Interface]\nPrivateKey = " PRIVATE_KEY "\n"
#define PEER HEAD "[Peer]\nPublicKey = " KEY_A "\n"
#define BRIDGE HEAD "Public = ens3\n[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = 10.0.0.2/32\n"

struct refusal {
	const char *text;
	const char *sentence;
};

static const struct refusal refusals[] = {
	/* Lines and sections */
	{ "hello\n", "t.conf:1: the line is neither a section nor a setting: " },
	{ "\n\n# c\n[Interface\n", "t.conf:4: \"[Interface\" is no section: " },
	{ "[Interface] x\n", "t.conf:1: \"[Interface] x\" is no section: " },
	{ "[Interfaces]\n", "t.conf:1: there is no section [Interfaces]: write [Interface]." },
	{ "[Zebra]\n", "t.conf:1: there is no section [Zebra]: write [Interface] or [Peer]." },
	{ "MTU = 1420\n", "t.conf:1: MTU stands before any section: " },
	{ "[Interface]\n= 3\n", "t.conf:2: \"\" is no key: " },
	{ "[Interface]\nMy Key = 3\n", "t.conf:2: \"My Key\" is no key: " },
	{ "[Interface]\nMTU: 1420 = 3\n", "t.conf:2: \"MTU: 1420\" is no key: " },
	/* The "=" of what may be a secret. */
	{ "[Interface]\nPrivateKey " KEY_A "\n",
	  "t.conf:2: what stands before \"=\" is no key: write KEY = VALUE." },
	{ "[Interface]\n" KEY_A "\n",
	  "t.conf:2: what stands before \"=\" is no key: write KEY = VALUE." },
	{ "[Interface]\nMTU\n", "t.conf:2: the line is neither a section nor a setting: " },
	{ "[Interface]\nMTU =\n", "t.conf:2: MTU has no value: " },
	{ "[Interface]\nMTU = # 1420\n", "t.conf:2: MTU has no value: " },
	{ "[Interface]\nMTU = 14\00120\n", "t.conf:2: the line holds the control character 0x01: " },
	{ "[Interface]\nMTU = 1420\002\n", "t.conf:2: the line holds the control character 0x02: " },
	{ "[Interface]\nMTU = 14\r20\n", "t.conf:2: the line holds the control character 0x0d: " },
	{ "[Interface]\nListenPrt = 1\n",
	  "t.conf:2: [Interface] knows no key \"ListenPrt\": write ListenPort, " },
	{ "[Interface]\nXyzzyPlugh = 1\n",
	  "t.conf:2: [Interface] knows no key \"XyzzyPlugh\": remove the line" },
	{ "[Peer]\nPubKey = 1\n", "t.conf:2: [Peer] knows no key \"PubKey\": write PublicKey, " },
	{ "[Interface]\nEndpoint = 1\n",
	  "t.conf:2: Endpoint belongs into [Peer], not into [Interface]: " },
	{ "[Peer]\nlistenport = 1\n",
	  "t.conf:2: ListenPort belongs into [Interface], not into [Peer]: " },
	{ "[Interface]\nMTU = 1420\n[Peer]\n[Interface]\nmtu = 1421\n",
	  "t.conf:5: MTU stands already in line 2: " },
	{ "[Peer]\nName = a\nName = b\n", "t.conf:3: Name stands already in line 2: " },

	/* [Interface] */
	{ "", "t.conf: [Interface] has no PrivateKey: " },
	{ "[Interface]\nPrivateKey = abc\n", "t.conf:2: PrivateKey is not a key, which is 44 " },
	{ "[Interface]\nPrivateKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	  "t.conf:2: PrivateKey is all zeros, which means no key: " },
	{ HEAD "Address = 10.0.0.256/24\n",
	  "t.conf:3: Address \"10.0.0.256/24\" is no IP address with an optional prefix length: " },
	{ HEAD "Address = 10.0.0.1/33\n", "t.conf:3: Address \"10.0.0.1/33\" is no IP " },
	{ HEAD "Address = fd00::1/129\n", "t.conf:3: Address \"fd00::1/129\" is no IP " },
	{ HEAD "Address = 10.0.0.1/\n", "t.conf:3: Address \"10.0.0.1/\" is no IP " },
	{ HEAD "Address = 10.0.0.1/24,\n", "t.conf:3: Address has an empty element: " },
	{ HEAD "Address = 10.0.0.1/24 10.0.0.2/24\n", "t.conf:3: Address \"10.0.0.1/24 10.0.0.2" },
	{ HEAD "Address = 10.0.0.1/24\nAddress = fd00::1, 10.0.0.1/16\n",
	  "t.conf:4: Address \"10.0.0.1/16\" stands already in line 3: " },
	{ HEAD "Address = 10.0.0.1/0\n", "t.conf:3: Address \"10.0.0.1/0\" cannot be that of an " },
	{ HEAD "Address = ::/64\n", "t.conf:3: Address \"::/64\" cannot be that of an interface: " },
	{ HEAD "Address = 127.0.0.1/8\n", "t.conf:3: Address \"127.0.0.1/8\" cannot be that of " },
	{ HEAD "Address = 239.1.2.3\n", "t.conf:3: Address \"239.1.2.3\" cannot be that of an " },
	{ HEAD "Address = 255.255.255.255\n", "t.conf:3: Address \"255.255.255.255\" cannot be " },
	{ HEAD "Address = 240.0.0.1\n", "t.conf:3: Address \"240.0.0.1\" cannot be " },
	{ HEAD "Address = 0.1.2.3\n", "t.conf:3: Address \"0.1.2.3\" cannot be " },
	{ HEAD "Address = fd00::1/64\nMTU = 1279\n",
	  "t.conf:3: Address fd00::1/64 is of IPv6, which needs an MTU of 1280 or more, not 1279: " },
	{ HEAD "ListenPort = 65536\n", "t.conf:3: ListenPort \"65536\" is not a number of 0 to 65535: " },
	{ HEAD "ListenPort = -1\n", "t.conf:3: ListenPort \"-1\" is not a number" },
	{ HEAD "ListenPort = 51820x\n", "t.conf:3: ListenPort \"51820x\" is not a number" },
	{ HEAD "ListenPort = 18446744073709551617\n", "t.conf:3: ListenPort \"184467440737" },
	{ HEAD "FwMark = 0x100000000\n", "t.conf:3: FwMark \"0x100000000\" is no 32-bit number: " },
	{ HEAD "FwMark = 0x\n", "t.conf:3: FwMark \"0x\" is no 32-bit number: " },
	{ HEAD "FwMark = on\n", "t.conf:3: FwMark \"on\" is no 32-bit number: " },
	{ HEAD "MTU = 575\n", "t.conf:3: MTU \"575\" is not a number of 576 to 65455: " },
	{ HEAD "MTU = 65456\n", "t.conf:3: MTU \"65456\" is not a number of 576 to 65455: " },
	{ HEAD "MTU = big\n", "t.conf:3: MTU \"big\" is not a number of 576 to 65455: " },
	{ HEAD "Public = a/b\n", "t.conf:3: Public \"a/b\" cannot be the name of a netdev: " },
	{ HEAD "Public = ens3, ,ens4\n", "t.conf:3: Public has an empty element: " },
	{ HEAD "Public = abcdefghijklmnop\n", "t.conf:3: Public \"abcdefghijklmnop\" cannot be " },
	{ HEAD "Public = all\n", "t.conf:3: Public \"all\" cannot be the name of a netdev: " },
	{ HEAD "Public = relay0\n", "t.conf:3: Public \"relay0\" is the tunnel itself: " },
	{ HEAD "Public = ens3, ens3\n", "t.conf:3: Public \"ens3\" is listed twice: " },
	{ HEAD "Table = main\n", "t.conf:3: Table \"main\" is no routing table: " },
	{ HEAD "Table = 0\n", "t.conf:3: Table \"0\" is no routing table: " },
	{ HEAD "Table = 4294967296\n", "t.conf:3: Table \"4294967296\" is no routing table: " },
	{ HEAD "PostUp =\n", "t.conf:3: PostUp has no value: " },
	{ HEAD "DNS = not a name\n", "t.conf:3: DNS \"not a name\" is neither an IP address nor " },
	{ HEAD "DNS = 1.1.1.1,\n", "t.conf:3: DNS has an empty element: " },
	{ HEAD "DNS = -x\n", "t.conf:3: DNS \"-x\" is neither an IP address nor " },
	{ HEAD "SaveConfig = true\n", "t.conf:3: SaveConfig \"true\" is not supported, " },

	/* [Peer] */
	{ HEAD "[Peer]\nName = a\n", "t.conf:3: the peer has no PublicKey: " },
	{ HEAD "[Peer]\nName = a b\n", "t.conf:4: Name \"a b\" is no name: " },
	{ HEAD "[Peer]\nName = 12345678901234567890123456789012\n",
	  "t.conf:4: Name \"12345678901234567890123456789012\" is no name: use 1 to 31 letters" },
	{ PEER "Name = a\n[Peer]\nName = a\n", "t.conf:7: Name \"a\" is that of the peer in line 3 " },
	{ HEAD "[Peer]\nPublicKey = " KEY_A "x\n", "t.conf:4: PublicKey \"" KEY_A "x\" is not a key" },
	{ HEAD "[Peer]\nPublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dh=\n",
	  "t.conf:4: PublicKey \"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dh=\" is not a key" },
	{ PEER "[Peer]\nPublicKey = " KEY_A "\n",
	  "t.conf:6: PublicKey \"" KEY_A "\" is that of the peer in line 3 already: " },
	{ PEER "PresharedKey = 1234\n", "t.conf:5: PresharedKey is not a key, which is 44 " },
	{ PEER "AllowedIPs = 10.0.0.0/33\n", "t.conf:5: AllowedIPs \"10.0.0.0/33\" is no IP " },
	{ PEER "AllowedIPs = 10.0.0.0/8,,\n", "t.conf:5: AllowedIPs has an empty element: " },
	{ PEER "AllowedIPs = 0.0.0.0/0\n",
	  "t.conf:5: AllowedIPs 0.0.0.0/0 would take this host's default route into the tunnel: " },
	{ PEER "AllowedIPs = 10.0.0.2\nAllowedIPs = ::/0\n",
	  "t.conf:6: AllowedIPs ::/0 would take this host's default route into the tunnel: " },
	{ PEER "AllowedIPs = 10.0.0.9/24\n[Peer]\nPublicKey = " KEY_B "\nAllowedIPs = fd00::/64\n"
	  "AllowedIPs = 10.0.0.0/24\n",
	  "t.conf:9: AllowedIPs 10.0.0.0/24 is that of the peer in line 3 already: " },
	{ HEAD "Address = 10.0.0.1/24\n[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = 10.0.0.0/24, 10.0.0.1\n",
	  "t.conf:6: AllowedIPs 10.0.0.1/32 is this interface's own Address of line 3, which no " },
	{ PEER "AllowedIPs = fd00::1/128\n[Interface]\nAddress = fd00::1/64\n",
	  "t.conf:5: AllowedIPs fd00::1/128 is this interface's own Address of line 7, which no " },
	{ PEER "Endpoint = vps\n", "t.conf:5: Endpoint \"vps\" has no port: " },
	{ PEER "Endpoint = vps:0\n", "t.conf:5: Endpoint port \"0\" is not a number of 1 to 65535: " },
	{ PEER "Endpoint = vps:\n", "t.conf:5: Endpoint port \"\" is not a number of 1 to 65535: " },
	{ PEER "Endpoint = :51820\n", "t.conf:5: Endpoint host \"\" is neither a name nor an " },
	{ PEER "Endpoint = fd00::1:51820\n", "t.conf:5: Endpoint host \"fd00::1\" is neither a " },
	{ PEER "Endpoint = [fd00::1:51820\n", "t.conf:5: Endpoint host \"[fd00::1\" is neither a " },
	{ PEER "Endpoint = []:51820\n", "t.conf:5: Endpoint host \"[]\" is neither a " },
	{ PEER "Endpoint = a b:51820\n", "t.conf:5: Endpoint host \"a b\" cannot be the name of " },
	{ PEER "PersistentKeepalive = 65536\n",
	  "t.conf:5: PersistentKeepalive \"65536\" is not a number of seconds of 0 to 65535: " },
	{ PEER "PersistentKeepalive = 0x19\n", "t.conf:5: PersistentKeepalive \"0x19\" is not " },
	{ PEER "Bridge = maybe\n", "t.conf:5: Bridge \"maybe\" is neither yes nor no: " },
	{ PEER "Accept = tcp/80\n", "t.conf:5: Accept limits what comes in through a bridge, " },
	{ PEER "Bridge = yes\nAccept = tcp+/443\n",
	  "t.conf:6: Accept \"/443\" does not begin with an IP protocol: " },
	{ PEER "Bridge = yes\nAccept = tcp+icmp/443\n",
	  "t.conf:6: Accept \"icmp/443\" gives a port to a protocol that has none: " },
	{ PEER "Bridge = yes\nAccept = tcp/443,\n", "t.conf:6: Accept has an empty element: " },
	{ PEER "Bridge = yes\nAccept = tcp/80, foo\n",
	  "t.conf:6: Accept \"foo\" does not begin with an IP protocol: " },
	{ PEER "Bridge = yes\nAccept = tcp/80 192.168.7.20\n",
	  "t.conf:6: Accept \"tcp/80 192.168.7.20\" goes on with something else than an address: " },
	{ PEER "Bridge = yes\nAccept = tcp/80 on\n",
	  "t.conf:6: Accept \"tcp/80 on\" goes on with something else than an address: " },
	{ PEER "Bridge = yes\nAccept = tcp/80 only 192.168.7.20\n",
	  "t.conf:6: Accept \"tcp/80 only 192.168.7.20\" goes on with something else than an address: " },
	{ PEER "Bridge = yes\nAccept = tcp/80 on 192.168.7.0/24\n",
	  "t.conf:6: Accept \"tcp/80 on 192.168.7.0/24\" names an address that is none: " },
	{ PEER "Bridge = yes\nAccept = tcp/80 on 192.168.7.20 udp/7\n",
	  "t.conf:6: Accept \"tcp/80 on 192.168.7.20 udp/7\" names an address that is none: " },

	/* Forwards among the rest of the file; their grammar has its own test */
	{ PEER "AllowedIPs = 10.0.0.2/32\nForward = tcp/80\n",
	  "t.conf:6: Forward \"tcp/80\" has nowhere to come from: write Public " },
	{ HEAD "Public = ens3\n[Peer]\nPublicKey = " KEY_A "\nForward = tcp/80\nAllowedIPs = 10.0.0.0/24\n",
	  "t.conf:6: Forward \"tcp/80\" names no target address and peer " KEY_A " has no single " },
	{ BRIDGE "Forward = tcp/80 -> 10.0.0.3:80\n",
	  "t.conf:7: Forward \"tcp/80 -> 10.0.0.3:80\" has the target 10.0.0.3, which is not " },
	{ BRIDGE "AllowedIPs = 10.0.0.0/24\nForward = tcp/80 -> 10.0.0.1:80\n"
	  "[Interface]\nAddress = 10.0.0.1/24\n",
	  "t.conf:8: Forward \"tcp/80 -> 10.0.0.1:80\" leads to 10.0.0.1, this interface's own "
	  "Address of line 10, " },
	{ BRIDGE "Forward = tcp/80\nForward = tcp/70-90 -> 170-190\n",
	  "t.conf:8: Forward \"tcp/70-90 -> 10.0.0.2:170-190\" overlaps \"tcp/80 -> 10.0.0.2:80\" "
	  "of line 7 in its public ports: " },
	{ BRIDGE "Forward = tcp/80\nForward = tcp/8080 -> 80\n",
	  "t.conf:8: Forward \"tcp/8080 -> 10.0.0.2:80\" overlaps \"tcp/80 -> 10.0.0.2:80\" "
	  "of line 7 in its target ports, so replies could not tell which was meant: " },
	{ HEAD "ListenPort = 500\nPublic = ens3\n[Peer]\nPublicKey = " KEY_A
	  "\nAllowedIPs = 10.0.0.2/32\nForward = udp/400-600\n",
	  "t.conf:8: Forward \"udp/400-600 -> 10.0.0.2:400-600\" would take the tunnel's own " },
};

static void test_refusals(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		assert_refused(refusals[i].text, refusals[i].sentence);
}

/* Each of them with the line ends and the indentation of another editor. */
static void test_refusals_crlf(void **state)
{
	char text[4096];
	const char *from;
	char *to;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		to = text;
		for (from = refusals[i].text; *from; from++) {
			if (*from == '\n')
				to = stpcpy(to, " \t\r");
			*to++ = *from;
			if (*from == '\n')
				to = stpcpy(to, " \t ");
		}
		*to = '\0';
		assert_refused(text, refusals[i].sentence);
	}
}

static void test_secrets_stay(void **state)
{
	(void)state;
	assert_refused("[Interface]\nPrivateKey = S3cret\n", "t.conf:2: ");
	assert_null(strstr(said, "S3cret"));
	assert_refused(PEER "PresharedKey = S3cret\n", "t.conf:5: ");
	assert_null(strstr(said, "S3cret"));
	/* The halves of one whose line was broken. */
	assert_refused("[Interface]\nS3cret=\n", "t.conf:2: what stands before \"=\" is no key");
	assert_null(strstr(said, "S3cret"));
	assert_refused("[Interface]\nS3cret==\n", "t.conf:2: what stands before \"=\" is no key");
	assert_null(strstr(said, "S3cret"));
	assert_refused("[Interface]\nS3/cret = 1\n", "t.conf:2: what stands before \"=\" is no key");
	assert_null(strstr(said, "S3"));
	assert_refused("[Interface]\nS3cretS3cretS3cretS3 = 1\n", "t.conf:2: what stands before ");
	assert_null(strstr(said, "S3"));
	assert_refused("[S3+cret]\n", "t.conf:1: what stands in the line is no section: ");
	assert_null(strstr(said, "S3"));
	assert_refused("[S3cret=\n", "t.conf:1: what stands in the line is no section: ");
	assert_null(strstr(said, "S3"));
	/* The key before a misplaced line end, too. */
	assert_refused("[Interface]\nPrivateKey\nS3cret\n", "t.conf:2: ");
	assert_null(strstr(said, "PrivateKey"));
}

static const char everything[] =
	"\xef\xbb\xbf# a comment\n"
	"; another\n"
	"  [interface]   # here, too\n"
	"privatekey = " PRIVATE_KEY "#x\n"
	"\tADDRESS=10.66.0.1/24, fd00::1/64\n"
	"Address = 192.168.9.9 ; a host\n"
	"ListenPort = 51820\n"
	"FwMark = 0xCA6c\n"
	"MTU = 1380\n"
	"Public = ens3, eth0.5\n"
	"Table = 51\n"
	"PreUp = a; b ; c\n"
	"PostUp = iptables -A X -j Y; echo %i = $1 # not this\n"
	"PostUp = second\n"
	"PreDown = d\n"
	"PostDown = e\n"
	"DNS = 1.1.1.1, fd00::53, lan\n"
	"SaveConfig = false\n"
	"\n"
	"[Peer]\n"
	"Forward = tcp/80\n"
	"Name = home-1.x_y\n"
	"PublicKey = " KEY_A "\n"
	"PresharedKey = " KEY_B "\n"
	"AllowedIPs = 10.66.0.2/32, 10.66.7.9/24\n"
	"AllowedIPs = fd00::2\n"
	"AllowedIPs =\n"
	"Endpoint = [2001:db8::1]:51821\n"
	"PersistentKeepalive = 7\n"
	"Forward = udp/53 -> 5353, tcp+udp/443\n"
	"[PEER]\n"
	"PublicKey = " KEY_B "\n"
	"Bridge = YES\n"
	"AllowedIPs = 0.0.0.0/0\n"
	"Endpoint = vps.example.org:51820\n"
	"Accept = tcp/80-81, icmp\n"
	"Accept = 47 on 192.168.7.20, tcp+udp/443  on\tfd00:7::20\n";

static void check_peer_a(const struct peer *peer)
{
	assert_string_equal(peer->name, "home-1.x_y");
	assert_true(peer->has_preshared_key);
	assert_int_equal(peer->allowed_ips.count, 3);
	assert_int_equal(peer->allowed_ips.items[1].prefix.length, 24);
	assert_int_equal(peer->allowed_ips.items[1].prefix.address.bytes[3], 0);
	assert_int_equal(peer->allowed_ips.items[2].prefix.length, 128);
	assert_string_equal(peer->endpoint_host, "2001:db8::1");
	assert_string_equal(peer->endpoint_port, "51821");
	assert_int_equal(peer->keepalive, 7);
	assert_false(peer->bridge);
}

static void check_peer_b(const struct peer *peer)
{
	char text[ACCEPT_TEXT_LEN];

	assert_true(peer->bridge);
	assert_int_equal(peer->keepalive, CONFIG_BRIDGE_KEEPALIVE);
	assert_string_equal(peer->endpoint_host, "vps.example.org");
	assert_int_equal(peer->accepts.count, 5);
	assert_int_equal(peer->accepts.items[0].first, 80);
	assert_int_equal(peer->accepts.items[0].last, 81);
	assert_int_equal(peer->accepts.items[1].proto, IPPROTO_ICMP);
	assert_int_equal(peer->accepts.items[1].address.family, 0);
	assert_int_equal(peer->accepts.items[2].proto, 47);
	assert_string_equal(accept_format(&peer->accepts.items[2], text), "gre on 192.168.7.20");
	assert_string_equal(accept_format(&peer->accepts.items[3], text), "tcp/443 on fd00:7::20");
	assert_string_equal(accept_format(&peer->accepts.items[4], text), "udp/443 on fd00:7::20");
}

static void test_everything(void **state)
{
	char text[ADDRESS_TEXT_LEN];
	struct config config;
	struct device *device = &config.device;

	(void)state;
	if (parse(&config, everything))
		fail_msg("%s", said);
	assert_silent();
	assert_true(device->has_private_key);
	assert_int_equal(config.addresses.count, 3);
	assert_int_equal(config.addresses.items[2].prefix.length, 32);
	assert_string_equal(address_format(&config.addresses.items[1].prefix.address, text),
			    "fd00::1");
	assert_int_equal(device->listen_port, 51820);
	assert_int_equal(device->fwmark, 0xca6c);
	assert_int_equal(config.mtu, 1380);
	assert_int_equal(device->publics.count, 2);
	assert_string_equal(device->publics.items[1].name, "eth0.5");
	assert_int_equal(config.table, TABLE_NUMBER);
	assert_int_equal(config.table_number, 51);
	assert_string_equal(config.hooks[HOOK_PRE_UP].items[0].text, "a; b ; c");
	assert_string_equal(config.hooks[HOOK_POST_UP].items[0].text,
			    "iptables -A X -j Y; echo %i = $1");
	assert_int_equal(config.hooks[HOOK_POST_UP].count, 2);
	assert_string_equal(config.hooks[HOOK_PRE_DOWN].items[0].text, "d");
	assert_string_equal(config.hooks[HOOK_POST_DOWN].items[0].text, "e");
	assert_int_equal(config.dns.count, 2);
	assert_string_equal(config.search.items[0].text, "lan");
	assert_int_equal(device->peers.count, 2);
	check_peer_a(&device->peers.items[0]);
	check_peer_b(&device->peers.items[1]);
	/* Both families: the peer and the interface have addresses of both. */
	assert_int_equal(device->forwards.count, 8);
	assert_int_equal(device->forwards.items[2].line, 30);
	assert_int_equal(device->forwards.items[2].family, AF_INET);
	assert_int_equal(device->forwards.items[2].target_first, 5353);
	assert_int_equal(device->forwards.items[3].family, AF_INET6);
	config_free(&config);
}

static void test_defaults(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, PEER), 0);
	assert_silent();
	assert_int_equal(config.mtu, CONFIG_MTU);
	assert_int_equal(config.table, TABLE_AUTO);
	assert_int_equal(config.device.listen_port, 0);
	assert_int_equal(config.device.peers.items[0].keepalive, 0);
	config_free(&config);
	assert_int_equal(parse(&config, PEER "Bridge = yes\nPersistentKeepalive = off\n"), 0);
	assert_int_equal(config.device.peers.items[0].keepalive, 0);
	config_free(&config);
	/* The last line may lack its end. */
	assert_int_equal(parse(&config, HEAD "MTU = 1300"), 0);
	assert_int_equal(config.mtu, 1300);
	config_free(&config);
}

/* Longer than any buffer of inih, and than a piece by every remainder. */
static void test_long_lines(void **state)
{
	char *text = malloc(1 << 20);
	struct config config;
	int i, n, spaces;

	(void)state;
	for (spaces = 0; spaces < 130; spaces++) {
		n = sprintf(text, PEER "AllowedIPs = %*s", spaces, "");
		for (i = 0; i < 300; i++)
			n += sprintf(text + n, "%s10.%d.%d.0/24", i ? ", " : "", i / 250, i % 250);
		if (parse(&config, text))
			fail_msg("%s", said);
		assert_int_equal(config.device.peers.items[0].allowed_ips.count, 300);
		assert_int_equal(config.device.peers.items[0].allowed_ips.items[299].line, 5);
		config_free(&config);
	}
	/* Blanks and semicolons at the seams of a command stay what they are. */
	n = sprintf(text, HEAD "PostUp = x");
	for (i = 0; i < 2000; i++)
		n += sprintf(text + n, "%c", " ;="[i % 3]);
	sprintf(text + n, "x\n");
	assert_int_equal(parse(&config, text), 0);
	assert_int_equal(strlen(config.hooks[HOOK_POST_UP].items[0].text), 2002);
	assert_int_equal(strspn(config.hooks[HOOK_POST_UP].items[0].text, "x ;="), 2002);
	assert_memory_equal(config.hooks[HOOK_POST_UP].items[0].text, "x ;= ;= ;=", 10);
	config_free(&config);
	free(text);
}

static void write_peer(FILE *out, unsigned int n)
{
	const uint8_t key[KRELAY_KEY_LEN] = { 1, n >> 8, n };
	char text[KEY_TEXT_LEN];

	key_format(key, text);
	fprintf(out, "[Peer]\nName = p%u\nPublicKey = %s\nAllowedIPs = 10.1.%u.%u\n", n, text,
		n >> 8, n & 255);
}

/* Pair by pair, that would take half a minute. */
static void test_many_peers(void **state)
{
	clock_t start = clock();
	struct config config;
	unsigned int i;
	size_t size;
	char *text;
	FILE *out;

	(void)state;
	out = open_memstream(&text, &size);
	fputs(HEAD, out);
	for (i = 0; i < 30000; i++)
		write_peer(out, i);
	fflush(out);
	assert_int_equal(parse(&config, text), 0);
	assert_silent();
	assert_int_equal(config.device.peers.count, 30000);
	config_free(&config);
	fputs("[Peer]\nName = p29999\n", out);
	fclose(out);
	assert_refused(text, "t.conf:120004: Name \"p29999\" is that of the peer in line 119999 ");
	free(text);
	assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
}

static void test_nul(void **state)
{
	static const char text[] = HEAD "MTU = 1420\0\n";
	struct config config;

	(void)state;
	said_clear();
	assert_int_equal(config_parse(&config, "t.conf", "relay0", text, sizeof(text) - 1), -1);
	assert_said("t.conf:3: the line holds the control character 0x00: ");
	config_free(&config);
}

/* To take it down, no more of a file need be right than what that takes. */
static void test_for_down(void **state)
{
	static const char text[] = "[Interface]\nPrivateKey = lost\nDNS = 10.0.0.53\n"
		"PreDown = one; two\nPostUp = never\nMTU = many\n[Pear]\n[Peer]\n"
		"Forward = tcp/80 deny @/nowhere/list\n[Interface]\nPostDown = three\n";
	struct config config;

	(void)state;
	said_clear();
	assert_int_equal(config_parse_for_down(&config, "t.conf", "relay0", text,
					       sizeof(text) - 1), 0);
	assert_silent();
	assert_int_equal(config.hooks[HOOK_PRE_DOWN].count, 1);
	assert_string_equal(config.hooks[HOOK_PRE_DOWN].items[0].text, "one; two");
	assert_int_equal(config.hooks[HOOK_POST_DOWN].count, 1);
	assert_int_equal(config.hooks[HOOK_POST_UP].count, 0);
	assert_int_equal(config.dns.count, 1);
	config_free(&config);
}

/* Who has broken a line has to get the interface down all the same, and is told of it. */
static void test_for_down_passes_over(void **state)
{
	static const char *const broken[] = {
		"this line is broken", "[Pe er", "Public Key = x", "ListenPort = 5\001",
		"= nothing", "[Peer",
	};
	struct config config;
	char text[256];
	size_t i;
	int len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(broken); i++) {
		said_clear();
		len = snprintf(text, sizeof(text), "[Interface]\nPreDown = one\n%s\n"
			       "PostDown = two\nPrivateKey = x\n", broken[i]);
		assert_int_equal(config_parse_for_down(&config, "t.conf", "relay0", text, len), 0);
		assert_said("t.conf:3: ");
		assert_int_equal(config.hooks[HOOK_PRE_DOWN].count, 1);
		assert_int_equal(config.hooks[HOOK_POST_DOWN].count, 1);
		config_free(&config);
	}
}

static void test_own_key(void **state)
{
	char text[KEY_TEXT_LEN];
	uint8_t public_key[KRELAY_KEY_LEN];
	uint8_t key[KRELAY_KEY_LEN];
	char file[512];

	(void)state;
	assert_true(key_parse(PRIVATE_KEY, key));
	key_derive_public(key, public_key);
	key_format(public_key, text);
	snprintf(file, sizeof(file), HEAD "[Peer]\nPublicKey = %s\n", text);
	assert_refused(file, "t.conf:3: the peer's PublicKey is this interface's own: ");
}

/* What is refused for one peer or table is right for another. */
static void test_default_route(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, HEAD "Table = off\n[Peer]\nPublicKey = " KEY_A
			       "\nAllowedIPs = 0.0.0.0/0, ::/0\n"), 0);
	config_free(&config);
	assert_int_equal(parse(&config, PEER "AllowedIPs = 0.0.0.0/0\nBridge = yes\n"), 0);
	config_free(&config);
	assert_silent();
}

static void test_find(void **state)
{
	static const struct {
		const char *argument;
		const char *ifname;
		const char *file;
	} good[] = {
		{ "relay0", "relay0", "/nowhere/krelay/relay0.conf" },
		{ "relay0.conf", "relay0", "relay0.conf" },
		{ "./relay0.conf", "relay0", "./relay0.conf" },
		{ "/a.b/c.conf", "c", "/a.b/c.conf" },
		{ "./x", "x", "./x" },
		{ "a_b=c+d.e-f", "a_b=c+d.e-f", "/nowhere/krelay/a_b=c+d.e-f.conf" },
		{ "123456789012345", "123456789012345", "/nowhere/krelay/123456789012345.conf" },
	};
	static const char *const bad[] = {
		"", ".", "..", "all", "default.conf", "-x", "--watch", "./-x.conf", "./", "a b", "1234567890123456", ".conf", "./.conf", "a:b", "a\nb",
		"relay\xc3\xa4.conf",
	};
	char ifname[IFNAMSIZ];
	char *file;
	size_t i;

	(void)state;
	said_clear();
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(config_find(good[i].argument, ifname, &file), 0);
		assert_string_equal(ifname, good[i].ifname);
		assert_string_equal(file, good[i].file);
		free(file);
	}
	assert_silent();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		said_clear();
		assert_int_equal(config_find(bad[i], ifname, &file), -1);
		assert_said("relayctl: \"");
		assert_null(file);
	}
}

static void test_resolve(void **state)
{
	struct config config;
	struct sockaddr_in6 *v6;
	struct sockaddr_in *v4;

	(void)state;
	assert_int_equal(parse(&config, PEER "Endpoint = 203.0.113.5:51820\n[Peer]\nPublicKey = "
			       KEY_B "\nEndpoint = [2001:db8::5]:9\n"), 0);
	assert_int_equal(config_resolve(&config, 1), 0);
	v4 = (struct sockaddr_in *)&config.device.peers.items[0].endpoint;
	v6 = (struct sockaddr_in6 *)&config.device.peers.items[1].endpoint;
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(ntohs(v4->sin_port), 51820);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), 0xcb007105);
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(v6->sin6_port), 9);
	assert_silent();
	config_free(&config);

	assert_int_equal(parse(&config, PEER "Endpoint = krelay.invalid:51820\n"), 0);
	assert_int_equal(config_resolve(&config, 1), -1);
	assert_said("t.conf:5: Endpoint host \"krelay.invalid\" has no address that can be found, ");
	config_free(&config);
}

static void test_resolve_nobody(void **state)
{
	static const char *const bad[] = {
		"0.0.0.0", "255.255.255.255", "224.0.0.1", "[::]", "[ff02::1]",
	};
	struct config config;
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), PEER "Endpoint = %s:51820\n", bad[i]);
		assert_int_equal(parse(&config, text), 0);
		assert_int_equal(config_resolve(&config, 1), -1);
		assert_said("t.conf:5: Endpoint host \"");
		assert_non_null(strstr(said, ", which no machine can have: "));
		config_free(&config);
	}
	/* Something may relay it from there. */
	assert_int_equal(parse(&config, PEER "Endpoint = 127.0.0.1:51820\n"), 0);
	assert_int_equal(config_resolve(&config, 1), 0);
	config_free(&config);
}

static void test_warn_readable(void **state)
{
	static const struct {
		mode_t folder;
		mode_t file;
		bool warned;
	} modes[] = {
		{ 0755, 0600, false }, { 0700, 0644, false }, { 0755, 0644, true },
		{ 0711, 0644, true }, { 0711, 0602, true }, { 0744, 0604, false },
		{ 0755, 0601, false },
	};
	char folder[] = "/tmp/krelay-unit-XXXXXX";
	struct config config;
	char file[64];
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/t.conf", folder);
	assert_int_equal(close(creat(file, 0600)), 0);
	assert_int_equal(config_parse(&config, file, "relay0", HEAD, strlen(HEAD)), 0);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(file, modes[i].file), 0);
		assert_int_equal(chmod(folder, modes[i].folder), 0);
		said_clear();
		config_warn(&config);
		assert_int_equal(said_count, modes[i].warned);
	}
	chmod(folder, 0700);
	unlink(file);
	rmdir(folder);
	config_free(&config);
}

static void test_warn_public(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, HEAD "Public = lo\n"), 0);
	config_warn(&config);
	assert_silent();
	config_free(&config);
	assert_int_equal(parse(&config, HEAD "Public = lo\nPublic = nowhere0\n"), 0);
	config_warn(&config);
	assert_said("t.conf:4: warning: Public \"nowhere0\" is no netdev here: ");
	config_free(&config);
}

static void test_warn_bridge(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, PEER "Bridge = yes\nAccept = tcp/80\n"), 0);
	config_warn(&config);
	assert_silent();
	config_free(&config);
	assert_int_equal(parse(&config, PEER "Bridge = yes\n"), 0);
	config_warn(&config);
	assert_said("t.conf:3: warning: the peer is a bridge without Accept, ");
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refusals_crlf),
		cmocka_unit_test(test_secrets_stay),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_many_peers),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_for_down),
		cmocka_unit_test(test_for_down_passes_over),
		cmocka_unit_test(test_own_key),
		cmocka_unit_test(test_default_route),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_resolve_nobody),
		cmocka_unit_test(test_warn_readable),
		cmocka_unit_test(test_warn_public),
		cmocka_unit_test(test_warn_bridge),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
