/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/headers/socket.h"

#include <linux/highuid.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <net/net_namespace.h>

#include "guest/proc/socket-namespace.h"

unsigned long socket_inode_number(const struct sock *sk)
{
	struct socket *socket = READ_ONCE(sk->sk_socket);

	return socket != NULL ? SOCK_INODE(socket)->i_ino : 0;
}

uid_t socket_owner(const struct sock *sk)
{
	struct socket *socket = READ_ONCE(sk->sk_socket);
	kuid_t uid = socket != NULL ? SOCK_INODE(socket)->i_uid : GLOBAL_ROOT_UID;

	return uid_valid(uid) ? __kuid_val(uid) : (uid_t)overflowuid;
}

clock_t clock_of(unsigned long ticks)
{
	if (TICK_NSEC % (NSEC_PER_SEC / USER_HZ) != 0)
		return div_u64((u64)ticks * TICK_NSEC, NSEC_PER_SEC / USER_HZ);
	return HZ < USER_HZ ? ticks * (USER_HZ / HZ) : ticks / (HZ < USER_HZ ? 1 : HZ / USER_HZ);
}

clock_t clock_until(unsigned long expires)
{
	long left = expires - jiffies;

	return clock_of(left > 0 ? left : 0);
}

bool socket_matches(const struct sock *sk)
{
	if (sk->sk_family != AF_INET)
		return false;
	if (net_eq(sock_net(sk), &init_net))
		return true;
	socket_check_namespace(sock_net(sk));
	return false;
}

unsigned int bucket_count(unsigned int mask)
{
	if ((mask & (mask + 1)) != 0 || mask >= SOCKET_BUCKET_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a hash table's mask isn't one that Linux makes");
	return mask + 1;
}
