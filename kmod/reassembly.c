// SPDX-License-Identifier: GPL-2.0

#include <linux/ipv6.h>
#include <linux/rhashtable.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/inet_frag.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netns/generic.h>

#include "compat/compat.h"
#include "reassembly.h"
#include "rewrite.h"

struct reassembly_net {
	struct fqdir *queues;
};

static unsigned int reassembly_net_id __read_mostly;

/**
 * struct piece - a fragment before it is in a queue
 * @dev: where it came from; its skb has no room for that in the queue
 * @header: offset of the fragment header
 * @next: offset of the byte that announces it
 * @begin: where it belongs in the packet's fragmentable part
 * @end: where it ends there
 * @size: of the packet that it came in, as far as 16 bits can say
 * @more: it is not the last
 */
struct piece {
	struct net_device *dev;
	unsigned int header;
	unsigned int next;
	unsigned int begin;
	unsigned int end;
	unsigned int size;
	bool more;
};

/* Return: 0, -ENOENT when there is none, -EINVAL. */
static int find_header(const struct sk_buff *skb, struct piece *piece)
{
	struct ipv6_opt_hdr buffer, *header;
	u8 type = ipv6_hdr(skb)->nexthdr;

	piece->next = offsetof(struct ipv6hdr, nexthdr);
	piece->header = sizeof(struct ipv6hdr);
	while (type == NEXTHDR_HOP || type == NEXTHDR_DEST || type == NEXTHDR_ROUTING) {
		header = skb_header_pointer(skb, piece->header, sizeof(buffer), &buffer);
		if (!header || piece->header > KRELAY_REWRITE_MAX_HEADERS)
			return -EINVAL;
		piece->next = piece->header + offsetof(struct ipv6_opt_hdr, nexthdr);
		piece->header += ipv6_optlen(header);
		type = header->nexthdr;
	}
	return type == NEXTHDR_FRAGMENT ? 0 : -ENOENT;
}

static int read_piece(struct sk_buff *skb, struct piece *piece)
{
	unsigned int payload = piece->header + sizeof(struct frag_hdr);
	const struct frag_hdr *header;
	u8 next;

	if (skb->len < payload || skb->len != sizeof(struct ipv6hdr) +
					      ntohs(ipv6_hdr(skb)->payload_len))
		return -EINVAL;
	if (!pskb_may_pull(skb, payload))
		return -ENOMEM;

	header = (const struct frag_hdr *)(skb->data + piece->header);
	piece->dev = skb->dev;
	piece->begin = ntohs(header->frag_off) & IP6_OFFSET;
	piece->end = piece->begin + skb->len - payload;
	piece->size = min_t(unsigned int, skb->len, U16_MAX);
	piece->more = header->frag_off & htons(IP6_MF);
	if (piece->header - sizeof(struct ipv6hdr) + piece->end > IPV6_MAXPLEN)
		return -E2BIG;
	/* Those of no length would be found nowhere, and be no end to a flood. */
	if (piece->more ? piece->end & 7 || piece->end == piece->begin :
			  piece->begin && piece->end == piece->begin)
		return -EINVAL;

	next = header->nexthdr;
	if (!piece->begin && piece->more && ipv6frag_thdr_truncated(skb, payload, &next))
		return -EINVAL;
	return 0;
}

static bool is_atomic(const struct piece *piece)
{
	return !piece->begin && !piece->more;
}

/*
 * Takes the fragment header out, which the network header and what follows it
 * end with. skb->data is behind it, the head is our own. Whoever reads the link
 * layer's header finds it before the network header, as ever.
 */
static void remove_header(struct sk_buff *skb, unsigned int next)
{
	const unsigned int len = sizeof(struct frag_hdr);
	u8 *from = skb_network_header(skb), *end = skb->data - len;

	from[next] = *end;
	if (skb_mac_header_was_set(skb) && skb_mac_header(skb) <= from) {
		from = skb_mac_header(skb);
		skb->mac_header += len;
	}
	memmove(from + len, from, end - from);
	skb->network_header += len;
}

/* What stands before a piece is no part of what is put together. */
static void pull_headers(struct sk_buff *skb, unsigned int len)
{
	skb_pull(skb, len);
	skb_postpull_rcsum(skb, skb_network_header(skb), len);
}

/* @skb begins at the base header again, of which skb->csum does not know. */
static void finish_header(struct sk_buff *skb, const struct piece *piece, unsigned int headers,
			  u8 ecn)
{
	struct ipv6hdr *ip = ipv6_hdr(skb);

	ip->payload_len = htons(skb->len - sizeof(*ip));
	ipv6_change_dsfield(ip, 0xff, ecn);
	skb_postpush_rcsum(skb, ip, headers);
	skb_set_transport_header(skb, sizeof(*ip));
	skb->dev = piece->dev;
}

static int assemble_atomic(struct sk_buff *skb, const struct piece *piece)
{
	unsigned int headers = piece->header + sizeof(struct frag_hdr);

	if (skb_ensure_writable(skb, headers))
		return -ENOMEM;
	pull_headers(skb, headers);
	remove_header(skb, piece->next);
	skb_push(skb, piece->header);
	finish_header(skb, piece, piece->header, 0);
	return 0;
}

/* Frees with the queue what is in it, as soon as nobody looks at it. */
static void kill(struct frag_queue *queue, int *refs)
{
	krelay_compat_frag_kill(&queue->q, refs);
}

/*
 * All pieces are there, the last to come in @skb. It becomes the whole; while
 * it does not it is the queue's.
 */
static int assemble(struct frag_queue *queue, struct sk_buff *skb, struct sk_buff *tail,
		    const struct piece *piece)
{
	u8 ecn = ip_frag_ecn_table[queue->ecn];
	unsigned int headers;
	void *list;

	if (ecn == 0xff)
		return -EINVAL;
	list = inet_frag_reasm_prepare(&queue->q, skb, tail);
	if (!list)
		return -ENOMEM;
	headers = skb->data - skb_network_header(skb) - sizeof(struct frag_hdr);
	/* The headers that count are those of the first piece. */
	if (headers - sizeof(struct ipv6hdr) + queue->q.len > IPV6_MAXPLEN)
		return -E2BIG;

	remove_header(skb, queue->nhoffset);
	inet_frag_reasm_finish(&queue->q, skb, list, true);
	queue->q.rb_fragments = RB_ROOT;
	queue->q.fragments_tail = NULL;
	queue->q.last_run_head = NULL;

	finish_header(skb, piece, headers, ecn);
	skb->ignore_df = 1;
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->iif = piece->dev->ifindex;
	IP6CB(skb)->flags = IP6SKB_FRAGMENTED;
	IP6CB(skb)->frag_max_size = queue->q.max_size;
	return 0;
}

/* Does it agree with the others on where the packet ends? */
static bool agree_on_end(struct frag_queue *queue, const struct piece *piece)
{
	bool known = queue->q.flags & INET_FRAG_LAST_IN;

	if (!piece->more) {
		if (piece->end < queue->q.len || (known && piece->end != queue->q.len))
			return false;
		queue->q.flags |= INET_FRAG_LAST_IN;
	} else if (known && piece->end > queue->q.len) {
		return false;
	}
	queue->q.len = max_t(int, queue->q.len, piece->end);
	return true;
}

static bool is_complete(const struct frag_queue *queue)
{
	return queue->q.flags & INET_FRAG_FIRST_IN && queue->q.flags & INET_FRAG_LAST_IN &&
	       queue->q.meat == queue->q.len;
}

/*
 * Puts @skb into the queue, whose lock is held, and what is then complete into
 * @skb. Return: as gather6(); after -EEXIST and with @taken false the caller
 * frees @skb.
 */
static int insert(struct frag_queue *queue, struct sk_buff *skb, const struct piece *piece,
		  int *refs, bool *taken)
{
	struct sk_buff *tail = queue->q.fragments_tail;
	u8 ecn = ipv6_get_dsfield(ipv6_hdr(skb)) & INET_ECN_MASK;
	int ret;

	/* It has been killed since it was found, or emptied with its namespace. */
	if (queue->q.flags & INET_FRAG_COMPLETE || READ_ONCE(queue->q.fqdir->dead))
		return -EINVAL;
	if (!agree_on_end(queue, piece))
		goto err_kill;

	pull_headers(skb, piece->header + sizeof(struct frag_hdr));
	ret = inet_frag_queue_insert(&queue->q, skb, piece->begin, piece->end);
	if (ret == IPFRAG_DUP)
		return -EEXIST;
	if (ret)
		goto err_kill;

	*taken = true;
	queue->iif = piece->dev->ifindex;
	queue->ecn |= 1 << ecn;
	queue->q.meat += skb->len;
	queue->q.max_size = max_t(u16, queue->q.max_size, piece->size);
	add_frag_mem_limit(queue->q.fqdir, skb->truesize);
	if (!piece->begin) {
		queue->nhoffset = piece->next;
		queue->q.flags |= INET_FRAG_FIRST_IN;
	}
	if (!is_complete(queue))
		return -EINPROGRESS;

	ret = assemble(queue, skb, tail, piece);
	kill(queue, refs);
	return ret;

err_kill:
	kill(queue, refs);
	return -EINVAL;
}

static struct frag_queue *find_queue(struct net *net, const struct sk_buff *skb,
				     const struct piece *piece)
{
	const struct reassembly_net *own = net_generic(net, reassembly_net_id);
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	const struct frag_hdr *header = (const struct frag_hdr *)(skb->data + piece->header);
	struct frag_v6_compare_key key = {
		.saddr = ip->saddr,
		.daddr = ip->daddr,
		.id = header->identification,
	};
	struct inet_frag_queue *queue;

	if ((ipv6_addr_type(&ip->saddr) | ipv6_addr_type(&ip->daddr)) & IPV6_ADDR_LINKLOCAL)
		key.iif = piece->dev->ifindex;
	queue = inet_frag_find(own->queues, &key);
	return queue ? container_of(queue, struct frag_queue, q) : NULL;
}

static int gather(struct net *net, struct sk_buff *skb, const struct piece *piece)
{
	int refs = KRELAY_COMPAT_FRAG_REFS, ret;
	struct frag_queue *queue;
	bool taken = false;

	/* It may stay longer than what these point to. */
	skb_dst_drop(skb);
	skb_orphan(skb);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));

	rcu_read_lock();
	queue = find_queue(net, skb, piece);
	if (!queue) {
		rcu_read_unlock();
		kfree_skb(skb);
		return -ENOMEM;
	}
	spin_lock(&queue->q.lock);
	ret = insert(queue, skb, piece, &refs, &taken);
	spin_unlock(&queue->q.lock);
	rcu_read_unlock();
	krelay_compat_frag_put(&queue->q, refs);

	if (!taken)
		kfree_skb(skb);
	return ret;
}

int krelay_reassembly_gather6(struct net *net, struct sk_buff *skb)
{
	struct piece piece;
	int ret;

	if (!ipv6_mod_enabled()) {
		ret = -EAFNOSUPPORT;
		goto err_free;
	}
	ret = find_header(skb, &piece);
	if (ret == -ENOENT)
		return 0;
	ret = ret ?: read_piece(skb, &piece);
	if (ret)
		goto err_free;
	if (!is_atomic(&piece))
		return gather(net, skb, &piece);

	ret = assemble_atomic(skb, &piece);
	if (!ret)
		return 0;

err_free:
	kfree_skb(skb);
	return ret;
}

/* In a softirq; owns the timer's reference. */
static void expire(struct timer_list *timer)
{
	struct inet_frag_queue *q = from_timer(q, timer, timer);

	ip6frag_expire_frag_queue(q->fqdir->net, container_of(q, struct frag_queue, q));
}

static struct inet_frags reassembly_frags = {
	.qsize = sizeof(struct frag_queue),
	.constructor = ip6frag_init,
	.frag_expire = expire,
	.frags_cache_name = "krelay_reassembly",
	.rhash_params = {
		.head_offset = offsetof(struct inet_frag_queue, node),
		.hashfn = ip6frag_key_hashfn,
		.obj_hashfn = ip6frag_obj_hashfn,
		.obj_cmpfn = ip6frag_obj_cmpfn,
		.automatic_shrinking = true,
	},
};

static int __net_init begin_net(struct net *net)
{
	struct reassembly_net *own = net_generic(net, reassembly_net_id);
	int ret;

	ret = fqdir_init(&own->queues, &reassembly_frags, net);
	if (ret)
		return ret;
	own->queues->high_thresh = IPV6_FRAG_HIGH_THRESH;
	own->queues->low_thresh = IPV6_FRAG_LOW_THRESH;
	own->queues->timeout = IPV6_FRAG_TIMEOUT;
	return 0;
}

/* From here on nobody finds a queue; what is in use is left after a grace period. */
static void __net_exit pre_end_net(struct net *net)
{
	const struct reassembly_net *own = net_generic(net, reassembly_net_id);

	fqdir_pre_exit(own->queues);
}

static void __net_exit end_net(struct net *net)
{
	const struct reassembly_net *own = net_generic(net, reassembly_net_id);

	fqdir_exit(own->queues);
}

/* Of the kind that ends after all netdevs of the namespace, and their hooks. */
static struct pernet_operations reassembly_net_ops = {
	.init = begin_net,
	.pre_exit = pre_end_net,
	.exit = end_net,
	.id = &reassembly_net_id,
	.size = sizeof(struct reassembly_net),
};

int krelay_reassembly_init(void)
{
	int ret;

	ret = inet_frags_init(&reassembly_frags);
	if (ret)
		return ret;
	ret = register_pernet_subsys(&reassembly_net_ops);
	if (ret)
		inet_frags_fini(&reassembly_frags);
	return ret;
}

void krelay_reassembly_exit(void)
{
	unregister_pernet_subsys(&reassembly_net_ops);
	/* Waits for the work that empties the tables. */
	inet_frags_fini(&reassembly_frags);
}

#ifdef KRELAY_SELFTEST
#include "selftest/reassembly.c"
#endif
