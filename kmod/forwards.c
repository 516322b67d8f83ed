// SPDX-License-Identifier: GPL-2.0

#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/netdevice.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "forwards.h"

enum {
	PAGES = 256,		/* of a port map */
	PAGE_PORTS = 256,
};

/* Whose ports are these? No padding, since it is hashed and compared as bytes. */
struct map_key {
	union nf_inet_addr addr;
	unsigned long peer;	/* on the target side */
	unsigned long kind;	/* family, proto (0: catch-all), any address */
};

/**
 * struct portmap - from the ports of one address to the slots of forwards
 * @next: in its bucket
 * @key: whose ports these are
 * @page: for each 256 ports: 0, none of them; odd, the one slot of all of them
 *	and a one bit behind it; even, the address of an array of slots
 *
 * A slot is 0 for none, or index plus one. The odd form keeps a forward of all
 * ports as small as one of a single port.
 */
struct portmap {
	struct portmap *next;
	struct map_key key;
	unsigned long *page;
};

/**
 * struct krelay_forwards - a table
 * @free: a grace period after it was taken back
 * @by_public: hash of the maps of public ports, and of what catch-alls except
 * @by_target: hash of the maps of target ports
 * @mask: number of buckets of each, a power of two, less one
 * @seed: of the hash
 * @catch_all: there is one
 * @count: elements of @forwards
 * @forwards: the forwards, each with a reference
 */
struct krelay_forwards {
	struct rcu_work free;
	struct portmap **by_public;
	struct portmap **by_target;
	u32 mask;
	u32 seed;
	bool catch_all;
	unsigned int count;
	struct krelay_forward *forwards[];
};

/* Frees tables, which takes long for a large one. */
static struct workqueue_struct *workqueue;

struct krelay_forward *krelay_forwards_alloc(void)
{
	struct krelay_forward *forward = kzalloc(sizeof(*forward), GFP_KERNEL_ACCOUNT);

	if (!forward)
		return NULL;
	forward->stats = __netdev_alloc_pcpu_stats(struct krelay_forward_stats, GFP_KERNEL_ACCOUNT);
	if (!forward->stats) {
		kfree(forward);
		return NULL;
	}
	refcount_set(&forward->refs, 1);
	return forward;
}

struct krelay_forward *krelay_forwards_get(struct krelay_forward *forward)
{
	refcount_inc(&forward->refs);
	return forward;
}

void krelay_forwards_put(struct krelay_forward *forward)
{
	if (!forward || !refcount_dec_and_test(&forward->refs))
		return;
	krelay_sources_put(forward->sources);
	free_percpu(forward->stats);
	kfree(forward->excepts);
	kfree(forward);
}

static void make_key(struct map_key *key, const struct krelay_peer *peer, u8 family, u8 proto,
		     const union nf_inet_addr *addr)
{
	*key = (struct map_key){
		.peer = (unsigned long)peer,
		.kind = (unsigned long)family << 16 | proto << 8 | (addr ? 0 : 1),
	};
	if (addr && family == NFPROTO_IPV4)
		key->addr.ip = addr->ip;
	else if (addr)
		key->addr.in6 = addr->in6;
}

static struct portmap **bucket_of(const struct krelay_forwards *table, struct portmap **side,
				  const struct map_key *key)
{
	BUILD_BUG_ON(sizeof(*key) != sizeof(key->addr) + 2 * sizeof(unsigned long));

	return &side[jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), table->seed) &
		     table->mask];
}

static struct portmap *find_map(const struct krelay_forwards *table, struct portmap **side,
				const struct map_key *key)
{
	struct portmap *map = *bucket_of(table, side, key);

	while (map && memcmp(&map->key, key, sizeof(*key)))
		map = map->next;
	return map;
}

static struct portmap *make_map(const struct krelay_forwards *table, struct portmap **side,
				const struct map_key *key)
{
	struct portmap *map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);
	struct portmap **bucket = bucket_of(table, side, key);

	if (!map)
		return NULL;
	map->page = kcalloc(PAGES, sizeof(*map->page), GFP_KERNEL_ACCOUNT);
	if (!map->page) {
		kfree(map);
		return NULL;
	}
	map->key = *key;
	map->next = *bucket;
	*bucket = map;
	return map;
}

static void free_map(struct portmap *map)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		if (!(map->page[i] & 1))
			kfree((void *)map->page[i]);
	kfree(map->page);
	kfree(map);
}

static void free_side(const struct krelay_forwards *table, struct portmap **side)
{
	struct portmap *map, *next;
	unsigned int i;

	for (i = 0; side && i <= table->mask; i++) {
		for (map = side[i]; map; map = next) {
			next = map->next;
			free_map(map);
		}
	}
	kvfree(side);
}

static u16 slot_at(const struct portmap *map, u16 port)
{
	unsigned long page = map->page[port / PAGE_PORTS];

	if (page & 1)
		return page >> 1;
	return page ? ((const u16 *)page)[port % PAGE_PORTS] : 0;
}

/* The slot that is in the way between two ports of one page, or 0. */
static u16 occupied(const struct portmap *map, u16 first, u16 last)
{
	unsigned int port;
	u16 slot = 0;

	if (!map->page[first / PAGE_PORTS])
		return 0;
	for (port = first; port <= last && !slot; port++)
		slot = slot_at(map, port);
	return slot;
}

static int fill_page(struct portmap *map, u16 first, u16 last, u16 slot)
{
	unsigned long *page = &map->page[first / PAGE_PORTS];
	u16 *slots = (u16 *)*page;
	unsigned int port;

	/* Nothing else is in a page that is to be filled from end to end. */
	if (last - first == PAGE_PORTS - 1) {
		*page = (unsigned long)slot << 1 | 1;
		return 0;
	}
	if (!slots) {
		slots = kcalloc(PAGE_PORTS, sizeof(*slots), GFP_KERNEL_ACCOUNT);
		if (!slots)
			return -ENOMEM;
		*page = (unsigned long)slots;
	}
	for (port = first; port <= last; port++)
		slots[port % PAGE_PORTS] = slot;
	return 0;
}

/* Page by page; @taken receives the slot that is in the way. */
static int fill(struct portmap *map, u16 first, u16 last, u16 slot, u16 *taken)
{
	unsigned int port, end;
	int err;

	for (port = first; port <= last; port = end + 1) {
		end = min_t(unsigned int, last, port | (PAGE_PORTS - 1));
		*taken = occupied(map, port, end);
		if (*taken)
			return -EEXIST;
		err = fill_page(map, port, end, slot);
		if (err)
			return err;
	}
	return 0;
}

static int claim(struct krelay_forwards *table, struct portmap **side, const struct map_key *key,
		 u16 first, u16 last, unsigned int conflict[2])
{
	struct portmap *map = find_map(table, side, key) ?: make_map(table, side, key);
	u16 taken;
	int err;

	if (!map)
		return -ENOMEM;
	err = fill(map, first, last, table->count, &taken);
	if (err == -EEXIST) {
		conflict[0] = taken - 1;
		conflict[1] = table->count - 1;
	}
	return err;
}

static bool is_sane(const struct krelay_forward *forward)
{
	if (forward->family != NFPROTO_IPV4 && forward->family != NFPROTO_IPV6)
		return false;
	if (forward->whole)
		return !forward->port_first && !forward->target_first &&
		       forward->port_last == U16_MAX;
	return forward->proto && forward->port_first && forward->target_first &&
	       forward->port_first <= forward->port_last &&
	       forward->port_last - forward->port_first <= U16_MAX - forward->target_first;
}

static const union nf_inet_addr *public_address(const struct krelay_forward *forward)
{
	return forward->any_address ? NULL : &forward->public;
}

static int claim_excepts(struct krelay_forwards *table, const struct krelay_forward *forward,
			 unsigned int conflict[2])
{
	const struct krelay_except *except = forward->excepts;
	struct map_key key;
	unsigned int i;
	int err = 0;

	for (i = 0; i < forward->num_excepts && !err; i++, except++) {
		make_key(&key, NULL, forward->family, except->proto, public_address(forward));
		err = claim(table, table->by_public, &key, except->port_first,
			    except->port_last, conflict);
	}
	return err;
}

static int add(struct krelay_forwards *table, struct krelay_forward *forward,
	       unsigned int conflict[2])
{
	const u16 target_last = forward->target_first + forward->port_last - forward->port_first;
	struct map_key key;
	int err;

	if (!is_sane(forward)) {
		conflict[0] = table->count;
		return -EINVAL;
	}
	table->forwards[table->count++] = krelay_forwards_get(forward);
	table->catch_all |= !forward->proto;

	make_key(&key, NULL, forward->family, forward->proto, public_address(forward));
	err = claim(table, table->by_public, &key, forward->port_first, forward->port_last,
		    conflict);
	if (!err)
		err = claim_excepts(table, forward, conflict);
	if (err)
		return err;

	make_key(&key, forward->peer, forward->family, forward->proto, &forward->target);
	err = claim(table, table->by_target, &key, forward->target_first, target_last, conflict);
	return err == -EEXIST ? -EADDRINUSE : err;
}

static struct krelay_forwards *alloc_table(unsigned int count)
{
	unsigned int buckets = roundup_pow_of_two(max(count, 1U));
	struct krelay_forwards *table;

	table = kvzalloc(struct_size(table, forwards, count), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	table->mask = buckets - 1;
	table->seed = get_random_u32();
	table->by_public = kvcalloc(buckets, sizeof(*table->by_public), GFP_KERNEL_ACCOUNT);
	table->by_target = kvcalloc(buckets, sizeof(*table->by_target), GFP_KERNEL_ACCOUNT);
	if (table->by_public && table->by_target)
		return table;
	krelay_forwards_free(table);
	return NULL;
}

int krelay_forwards_build(struct krelay_forward **list, unsigned int count,
			  struct krelay_forwards **table, unsigned int conflict[2])
{
	struct krelay_forwards *fresh;
	unsigned int i;
	int err;

	if (count > KRELAY_FORWARDS_MAX)
		return -E2BIG;
	fresh = alloc_table(count);
	if (!fresh)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		err = add(fresh, list[i], conflict);
		if (err) {
			krelay_forwards_free(fresh);
			return err;
		}
		cond_resched();
	}
	*table = fresh;
	return 0;
}

void krelay_forwards_free(struct krelay_forwards *table)
{
	unsigned int i;

	if (!table)
		return;
	free_side(table, table->by_public);
	free_side(table, table->by_target);
	for (i = 0; i < table->count; i++)
		krelay_forwards_put(table->forwards[i]);
	kvfree(table);
}

static void free_late(struct work_struct *work)
{
	krelay_forwards_free(container_of(to_rcu_work(work), struct krelay_forwards, free));
}

void krelay_forwards_free_rcu(struct krelay_forwards *table)
{
	if (!table)
		return;
	INIT_RCU_WORK(&table->free, free_late);
	queue_rcu_work(workqueue, &table->free);
}

int krelay_forwards_init(void)
{
	workqueue = alloc_workqueue("krelay-forwards", WQ_UNBOUND, 0);
	return workqueue ? 0 : -ENOMEM;
}

void krelay_forwards_exit(void)
{
	/* What waits for its grace period is not queued yet. */
	rcu_barrier();
	destroy_workqueue(workqueue);
}

static struct krelay_forward *find(const struct krelay_forwards *table, struct portmap **side,
				   const struct map_key *key, __be16 port)
{
	const struct portmap *map = find_map(table, side, key);
	u16 slot = map ? slot_at(map, ntohs(port)) : 0;

	return slot ? table->forwards[slot - 1] : NULL;
}

/* Under the key of one protocol: an exact address before any. */
static struct krelay_forward *find_public(const struct krelay_forwards *table, u8 family,
					  u8 proto, const union nf_inet_addr *addr, __be16 port)
{
	struct krelay_forward *forward;
	struct map_key key;

	make_key(&key, NULL, family, proto, addr);
	forward = find(table, table->by_public, &key, port);
	if (forward)
		return forward;
	make_key(&key, NULL, family, proto, NULL);
	return find(table, table->by_public, &key, port);
}

static struct krelay_forward *find_target(const struct krelay_forwards *table,
					  const struct krelay_peer *peer, u8 family, u8 proto,
					  const union nf_inet_addr *addr, __be16 port)
{
	struct map_key key;

	make_key(&key, peer, family, proto, addr);
	return find(table, table->by_target, &key, port);
}

struct krelay_forward *krelay_forwards_by_public(const struct krelay_forwards *table, u8 family,
						 u8 proto, const union nf_inet_addr *addr,
						 __be16 port)
{
	struct krelay_forward *forward;

	if (!table)
		return NULL;
	forward = find_public(table, family, proto, addr, port);
	/* A catch-all under this key is what it excepts. */
	if (forward)
		return forward->proto ? forward : NULL;
	if (!table->catch_all)
		return NULL;
	forward = find_public(table, family, 0, addr, 0);
	if (!forward ||
	    find_target(table, forward->peer, family, proto, &forward->target, port))
		return NULL;
	return forward;
}

struct krelay_forward *krelay_forwards_by_target(const struct krelay_forwards *table,
						 const struct krelay_peer *peer, u8 family,
						 u8 proto, const union nf_inet_addr *addr,
						 __be16 port)
{
	struct krelay_forward *forward;

	if (!table)
		return NULL;
	forward = find_target(table, peer, family, proto, addr, port);
	if (forward || !table->catch_all)
		return forward;
	return find_target(table, peer, family, 0, addr, 0);
}

struct krelay_forward *krelay_forwards_find(const struct krelay_forwards *table,
					    const struct krelay_forward *wanted)
{
	struct krelay_forward *found;
	struct map_key key;

	if (!table)
		return NULL;
	make_key(&key, NULL, wanted->family, wanted->proto, public_address(wanted));
	found = find(table, table->by_public, &key, htons(wanted->port_first));
	if (!found || found->proto != wanted->proto ||
	    found->port_first != wanted->port_first || found->port_last != wanted->port_last)
		return NULL;
	return found;
}

bool krelay_forwards_catch_all(const struct krelay_forwards *table)
{
	return table && table->catch_all;
}

unsigned int krelay_forwards_count(const struct krelay_forwards *table)
{
	return table ? table->count : 0;
}

struct krelay_forward *krelay_forwards_at(const struct krelay_forwards *table, unsigned int index)
{
	return index < krelay_forwards_count(table) ? table->forwards[index] : NULL;
}

void krelay_forwards_account(const struct krelay_forward *forward,
			     enum krelay_forwards_direction direction, unsigned int packets,
			     unsigned int bytes)
{
	struct krelay_forward_stats *stats = this_cpu_ptr(forward->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->count[direction].packets, packets);
	u64_stats_add(&stats->count[direction].bytes, bytes);
	u64_stats_update_end(&stats->syncp);
}

void krelay_forwards_account_drop(const struct krelay_forward *forward,
				  enum krelay_forwards_direction direction,
				  enum krelay_stat reason)
{
	struct krelay_forward_stats *stats = this_cpu_ptr(forward->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->count[direction].drops[reason - KRELAY_FORWARDS_FIRST_DROP]);
	u64_stats_update_end(&stats->syncp);
}

static void read_cpu(const struct krelay_forward_stats *stats,
		     enum krelay_forwards_direction direction, struct krelay_forward_totals *once)
{
	const struct krelay_forward_count *count = &stats->count[direction];
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&stats->syncp);
		once->packets = u64_stats_read(&count->packets);
		once->bytes = u64_stats_read(&count->bytes);
		for (i = 0; i < KRELAY_FORWARDS_DROPS; i++)
			once->drops[i] = u64_stats_read(&count->drops[i]);
	} while (u64_stats_fetch_retry(&stats->syncp, start));
}

void krelay_forwards_totals(const struct krelay_forward *forward,
			    enum krelay_forwards_direction direction,
			    struct krelay_forward_totals *totals)
{
	struct krelay_forward_totals once;
	unsigned int i;
	int cpu;

	memset(totals, 0, sizeof(*totals));
	for_each_possible_cpu(cpu) {
		read_cpu(per_cpu_ptr(forward->stats, cpu), direction, &once);
		totals->packets += once.packets;
		totals->bytes += once.bytes;
		for (i = 0; i < KRELAY_FORWARDS_DROPS; i++)
			totals->drops[i] += once.drops[i];
	}
}

#ifdef KRELAY_SELFTEST
#include "selftest/forwards.c"
#endif
