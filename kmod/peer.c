// SPDX-License-Identifier: GPL-2.0
#include "peer.h"

#include <linux/rtnetlink.h>
#include <linux/slab.h>

static const struct rhashtable_params params = {
	.key_len = KRELAY_KEY_SIZE,
	.key_offset = offsetof(struct krelay_peer, public_key),
	.head_offset = offsetof(struct krelay_peer, node),
	.automatic_shrinking = true,
};

int krelay_peer_init_table(struct krelay_device *kdev)
{
	return rhashtable_init(&kdev->peers_by_key, &params);
}

struct krelay_peer *krelay_peer_create(struct krelay_device *kdev,
				       const u8 public_key[KRELAY_KEY_SIZE],
				       const u8 *preshared,
				       void (*init_works)(struct krelay_timers_works *works))
{
	struct krelay_peer *peer = kzalloc(sizeof(*peer), GFP_KERNEL_ACCOUNT);

	ASSERT_RTNL();
	if (!peer)
		return NULL;
	peer->stats = netdev_alloc_pcpu_stats(struct krelay_peer_stats);
	if (!peer->stats)
		goto err_free;

	peer->device = kdev;
	memcpy(peer->public_key, public_key, KRELAY_KEY_SIZE);
	krelay_cidr_owner_init(&peer->allowed);
	spin_lock_init(&peer->keypairs.lock);
	spin_lock_init(&peer->endpoint_lock);
	skb_queue_head_init(&peer->staged);
	init_works(&peer->timers.works);
	krelay_timers_init(&peer->timers, kdev->dev, kdev->workqueue);
	krelay_cookie_init(&peer->cookie, public_key);
	mutex_lock(&kdev->handshake_lock);
	krelay_noise_init_handshake(&peer->handshake, &kdev->identity, public_key);
	if (preshared)
		memcpy(peer->handshake.preshared, preshared, KRELAY_KEY_SIZE);
	mutex_unlock(&kdev->handshake_lock);

	if (rhashtable_lookup_insert_fast(&kdev->peers_by_key, &peer->node, params))
		goto err_stats;
	list_add_tail(&peer->list, &kdev->peers);
	kdev->num_peers++;
	return peer;

err_stats:
	free_percpu(peer->stats);
err_free:
	kfree_sensitive(peer);
	return NULL;
}

struct krelay_peer *krelay_peer_find(struct krelay_device *kdev,
				     const u8 public_key[KRELAY_KEY_SIZE])
{
	struct krelay_peer *peer;

	rcu_read_lock();
	peer = rhashtable_lookup(&kdev->peers_by_key, public_key, params);
	rcu_read_unlock();
	return peer;
}

void krelay_peer_forget(struct krelay_peer *peer)
{
	struct krelay_device *kdev = peer->device;

	lockdep_assert_held(&kdev->handshake_lock);
	krelay_index_free(&kdev->indices, peer->handshake.index);
	krelay_noise_clear_handshake(&peer->handshake);
	krelay_noise_clear_sessions(&peer->keypairs, &kdev->indices);
}

/* From here on, nobody finds the peer who does not hold it already. */
static void unpublish(struct krelay_peer *peer)
{
	struct krelay_device *kdev = peer->device;

	krelay_cidr_remove_owner(&kdev->allowed, &peer->allowed);
	rhashtable_remove_fast(&kdev->peers_by_key, &peer->node, params);
	mutex_lock(&kdev->handshake_lock);
	peer->dead = true;
	krelay_timers_kill(&peer->timers);
	krelay_peer_forget(peer);
	mutex_unlock(&kdev->handshake_lock);
	kdev->num_peers--;
}

/*
 * The grace period has ended every packet and timer that took the peer for
 * alive, so that no work is queued any more. A work that began before may still
 * arm a timer: works go first.
 */
static void destroy(struct krelay_peer *peer)
{
	krelay_timers_drain(&peer->timers);
	skb_queue_purge(&peer->staged);
	krelay_peer_set_endpoint(peer, NULL, 0, 0);
	kfree_rcu(rcu_dereference_protected(peer->accepts, true), rcu);
	free_percpu(peer->stats);
	kfree_sensitive(peer);
}

void krelay_peer_remove(struct list_head *peers)
{
	struct krelay_peer *peer, *tmp;

	ASSERT_RTNL();
	if (list_empty(peers))
		return;
	list_for_each_entry(peer, peers, list)
		unpublish(peer);
	synchronize_net();
	list_for_each_entry_safe(peer, tmp, peers, list)
		destroy(peer);
	INIT_LIST_HEAD(peers);
}

void krelay_peer_stop(struct krelay_peer *peer)
{
	struct krelay_device *kdev = peer->device;

	krelay_timers_stop(&peer->timers);
	mutex_lock(&kdev->handshake_lock);
	krelay_peer_forget(peer);
	mutex_unlock(&kdev->handshake_lock);
	krelay_peer_purge_staged(peer);
}

static void free_endpoint_rcu(struct rcu_head *rcu)
{
	struct krelay_endpoint *endpoint = container_of(rcu, struct krelay_endpoint, rcu);

	dst_cache_destroy(&endpoint->cache);
	kfree(endpoint);
}

struct krelay_endpoint *krelay_peer_make_endpoint(const struct krelay_endpoint_key *key,
						  int ifindex, gfp_t gfp)
{
	struct krelay_endpoint *endpoint = kmalloc(sizeof(*endpoint), gfp);

	if (!endpoint)
		return NULL;
	if (dst_cache_init(&endpoint->cache, gfp)) {
		kfree(endpoint);
		return NULL;
	}
	endpoint->key = *key;
	endpoint->ifindex = ifindex;
	return endpoint;
}

void krelay_peer_free_endpoint(struct krelay_endpoint *endpoint)
{
	if (endpoint)
		free_endpoint_rcu(&endpoint->rcu);
}

void krelay_peer_put_endpoint(struct krelay_peer *peer, struct krelay_endpoint *endpoint)
{
	struct krelay_endpoint *old;

	spin_lock_bh(&peer->endpoint_lock);
	old = rcu_replace_pointer(peer->endpoint, endpoint,
				  lockdep_is_held(&peer->endpoint_lock));
	spin_unlock_bh(&peer->endpoint_lock);
	if (old)
		call_rcu(&old->rcu, free_endpoint_rcu);
}

int krelay_peer_set_endpoint(struct krelay_peer *peer, const struct krelay_endpoint_key *key,
			     int ifindex, gfp_t gfp)
{
	struct krelay_endpoint *endpoint = NULL;

	if (key) {
		endpoint = krelay_peer_make_endpoint(key, ifindex, gfp);
		if (!endpoint)
			return -ENOMEM;
	}
	krelay_peer_put_endpoint(peer, endpoint);
	return 0;
}

void krelay_peer_reset_route(struct krelay_peer *peer)
{
	struct krelay_endpoint *old, *new;
	struct krelay_endpoint_key key;

	rcu_read_lock();
	old = rcu_dereference(peer->endpoint);
	if (!old)
		goto out;
	key = old->key;
	memset(&key.source6, 0, sizeof(key.source6));
	new = krelay_peer_make_endpoint(&key, 0, GFP_ATOMIC);
	if (!new) {
		dst_cache_reset(&old->cache);
		goto out;
	}
	spin_lock_bh(&peer->endpoint_lock);
	/* One that came meanwhile is newer: leave it. */
	if (rcu_access_pointer(peer->endpoint) == old) {
		rcu_assign_pointer(peer->endpoint, new);
		new = old;
	}
	spin_unlock_bh(&peer->endpoint_lock);
	call_rcu(&new->rcu, free_endpoint_rcu);
out:
	rcu_read_unlock();
}

void krelay_peer_purge_staged(struct krelay_peer *peer)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&peer->staged)))
		krelay_drop(peer->device, skb, KRELAY_STAT_TX_STAGED);
}

void krelay_peer_account_rx(struct krelay_peer *peer, unsigned int bytes)
{
	struct krelay_peer_stats *stats = this_cpu_ptr(peer->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->rx_bytes, bytes);
	u64_stats_update_end(&stats->syncp);
}

void krelay_peer_account_tx(struct krelay_peer *peer, unsigned int bytes)
{
	struct krelay_peer_stats *stats = this_cpu_ptr(peer->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->tx_bytes, bytes);
	u64_stats_update_end(&stats->syncp);
}

void krelay_peer_totals(const struct krelay_peer *peer, u64 *rx_bytes, u64 *tx_bytes)
{
	unsigned int start;
	u64 rx, tx;
	int cpu;

	*rx_bytes = 0;
	*tx_bytes = 0;
	for_each_possible_cpu(cpu) {
		struct krelay_peer_stats *stats = per_cpu_ptr(peer->stats, cpu);

		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			rx = u64_stats_read(&stats->rx_bytes);
			tx = u64_stats_read(&stats->tx_bytes);
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		*rx_bytes += rx;
		*tx_bytes += tx;
	}
}
