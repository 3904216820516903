/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What NFS shows in its own way: options, device, a mount's root (fs/nfs/super.c, namespace.c; 5.10 to 7.2). */
#include "guest/proc/mention.h"
#include "guest/proc/mounts.h"
#include "guest/proc/symbols.h"
#include "guest/proc/ticks.h"

#include "guest/kernel/guestc-types-begin.h"

struct __kernel_sockaddr_storage {
	u16 ss_family;
};

struct rpc_timeout {
	unsigned long to_initval;
	unsigned int to_retries;
};

struct rpc_auth {
	u32 au_flavor;
};

struct rpc_xprt {
	const char *address_strings[6]; /* by rpc_display_format_t */
};

struct rpc_clnt {
	struct rpc_xprt *cl_xprt;
	struct rpc_auth *cl_auth;
	const struct rpc_timeout *cl_timeout;
	unsigned int cl_netunreach_fatal : 1; /* came with an option that is always shown (6.15) */
};

struct nfs_rpc_ops {
	u32 version;
};

struct xprtsec_parms {
	unsigned int policy : 32;
	s32 cert_serial, privkey_serial;
};

struct nfs_client {
	struct rpc_clnt *cl_rpcclient;
	const struct nfs_rpc_ops *rpc_ops;
	u32 cl_minorversion;
	unsigned int cl_nconnect, cl_max_connect; /* the second from 5.15 */
	struct xprtsec_parms cl_xprtsec; /* from 6.5 */
	char cl_ipaddr[48];
};

struct nfs_server {
	struct nfs_client *nfs_client;
	struct rpc_clnt *client;
	unsigned int flags, rsize, wsize, bsize, acregmin, acregmax, acdirmin, acdirmax, namelen, options;
	unsigned short port;
	char *fscache_uniq; /* where configured */
	struct __kernel_sockaddr_storage mountd_address;
	u32 mountd_version;
	unsigned short mountd_port, mountd_protocol;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	TYPE_SIZE = 8,
	TEXT_SIZE = 128, /* of an address */
	VERSION_OF_STATE = 4,
	NFS_PORT = 2049,
	NFS_UNSPECIFIED_PORT = 0xffff, /* (unsigned short)NFS_UNSPEC_PORT */
	DISPLAY_ADDRESS = 0, /* RPC_DISPLAY_… */
	DISPLAY_NETWORK = 5,
	FAMILY_INET = 2,
	FAMILY_INET6 = 10,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	MOUNT_SOFT = 0x1, /* NFS_MOUNT_… */
	MOUNT_NO_NEGATIVE = 0x10000,
	MOUNT_NO_LOOKUPS = 0x20000,
	MOUNT_LEGACY = 0x80000,
	MOUNT_LOCAL_FLOCK = 0x100000,
	MOUNT_LOCAL_FCNTL = 0x200000,
	MOUNT_SOFT_ERRORS = 0x400000,
	MOUNT_WRITE_EAGER = 0x1000000,
	MOUNT_WRITE_WAIT = 0x2000000,
	MOUNT_NO_ALIGNED_WRITE = 0x10000000,
	MOUNT_UNREACHABLE_FATAL = 0x40000000,
	OPTION_CACHE = 1, /* NFS_OPTION_… */
	OPTION_MIGRATION = 2,
	TLS_ANONYMOUS = 1, /* RPC_XPRTSEC_TLS_… */
	TLS_CERTIFIED = 2,
	FIRST_KERBEROS = 390003, /* RPC_AUTH_GSS_KRB5 */
};

extern const char nfs_show_mount_options[];

static bool is_nfs(const struct super_block *super)
{
	char type[TYPE_SIZE];

	guest_string_copy(type, sizeof type, super->s_type->name);
	return (strcmp(type, "nfs") == 0 || strcmp(type, "nfs4") == 0) && type_exists(struct nfs_server);
}

/* A load takes some 150 bytes of code, wherever it stands. */
static __attribute__((noinline)) void show_number(struct seq *seq, const char *format, u32 value)
{
	seq_printf(seq, format, value);
}

static __attribute__((noinline)) void show_time(struct seq *seq, const char *format, u32 ticks, u32 usual, u64 hz)
{
	if (ticks != usual * hz)
		seq_printf(seq, format, (u32)(ticks / hz));
}

static void show_times(struct seq *seq, const struct nfs_server *server, u64 hz)
{
	/* NFS_DEF_AC… */
	show_time(seq, ",acregmin=%u", server->acregmin, 3, hz);
	show_time(seq, ",acregmax=%u", server->acregmax, 60, hz);
	show_time(seq, ",acdirmin=%u", server->acdirmin, 30, hz);
	show_time(seq, ",acdirmax=%u", server->acdirmax, 60, hz);
}

static void show_flags(struct seq *seq, u32 flags)
{
	static const struct {
		u32 flag;
		const char *name;
	} names[] = {{MOUNT_SOFT, ",soft"},	{MOUNT_SOFT_ERRORS, ",softerr"},
		     {0x800000, ",softreval"},	{0x8, ",posix"},
		     {0x10, ",nocto"},		{0x20, ",noac"},
		     {0x200, ",nolock"},	{0x800, ",noacl"},
		     {0x4000, ",nordirplus"},	{0x20000000, ",rdirplus=force"},
		     {0x8000, ",nosharecache"}, {0x40000, ",noresvport"}};

	if ((flags & (MOUNT_SOFT | MOUNT_SOFT_ERRORS)) == 0)
		seq_puts(seq, ",hard");
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if ((flags & names[i].flag) != 0)
			seq_puts(seq, names[i].name);
	if (field_exists(struct rpc_clnt, cl_netunreach_fatal))
		seq_puts(seq, (flags & MOUNT_UNREACHABLE_FATAL) != 0 ? ",fatal_neterrors=ENETDOWN:ENETUNREACH"
								     : ",fatal_neterrors=none");
}

/* rpc_peeraddr2str() */
static __attribute__((noinline)) void show_peer(struct seq *seq, const char *option, const struct rpc_clnt *client,
						u32 form)
{
	const char *const *strings = READ_ONCE(client->cl_xprt)->address_strings;
	const char *string = READ_ONCE(strings[form]);
	char text[TEXT_SIZE] = "unprintable";

	if (string != NULL)
		guest_string_copy(text, sizeof text, string);
	seq_printf(seq, "%s%s", option, text);
}

static void show_connections(struct seq *seq, const struct nfs_server *server, const struct nfs_client *client,
			     u32 version)
{
	u32 port = server->port;

	if (client->cl_nconnect > 0)
		show_number(seq, ",nconnect=%u", client->cl_nconnect);
	if (version == VERSION_OF_STATE && field_exists(struct nfs_client, cl_max_connect) &&
	    client->cl_max_connect > 1)
		show_number(seq, ",max_connect=%u", client->cl_max_connect);
	if (port != (version == VERSION_OF_STATE ? NFS_PORT : 0))
		show_number(seq, ",port=%u", port);
}

static const char *flavor_name(u32 flavor)
{
	static const char *const names[] = {"krb5",  "krb5i", "krb5p", "lkey", "lkeyi",
					    "lkeyp", "spkm",  "spkmi", "spkmp"};

	if (flavor < 2)
		return flavor == 0 ? "null" : "sys"; /* RPC_AUTH_… */
	flavor -= FIRST_KERBEROS;
	return flavor < ARRAY_SIZE(names) ? names[flavor] : "unknown";
}

static void show_transport_security(struct seq *seq, const struct nfs_client *client)
{
	u32 policy;

	if (!field_exists(struct nfs_client, cl_xprtsec))
		return;
	policy = client->cl_xprtsec.policy;
	if (policy == TLS_ANONYMOUS)
		seq_puts(seq, ",xprtsec=tls");
	else if (policy == TLS_CERTIFIED)
		seq_puts(seq, ",xprtsec=mtls");
	/* Nobody can set these where the kernel doesn't show them (before 6.17). */
	if (client->cl_xprtsec.cert_serial != 0)
		seq_puts(seq, ",cert_serial=<redacted>");
	if (client->cl_xprtsec.privkey_serial != 0)
		seq_puts(seq, ",privkey_serial=<redacted>");
}

static const char *protocol_name(u32 family, u32 protocol)
{
	if (protocol == PROTOCOL_UDP)
		return family == FAMILY_INET ? "udp" : "udp6";
	if (protocol == PROTOCOL_TCP)
		return family == FAMILY_INET ? "tcp" : "tcp6";
	return NULL;
}

/* Whom a client asks what is to be mounted, before version 4. */
static void show_mountd(struct seq *seq, const struct nfs_server *server)
{
	const char *protocol;
	u32 family = server->mountd_address.ss_family, port = server->mountd_port;
	u8 address[8];

	if (family == FAMILY_INET) {
		guest_copy(address, &server->mountd_address, sizeof address);
		seq_printf(seq, ",mountaddr=%u.%u.%u.%u", address[4], address[5], address[6], address[7]);
	} else if (family == FAMILY_INET6) {
		seq_fault(seq, "the address that an NFS was mounted by (mountaddr) is missing: of version 6");
	}
	if (server->mountd_version != 0)
		show_number(seq, ",mountvers=%u", server->mountd_version);
	if (port != 0 && port != NFS_UNSPECIFIED_PORT)
		show_number(seq, ",mountport=%u", port);
	protocol =
		family == FAMILY_INET || family == FAMILY_INET6 ? protocol_name(family, server->mountd_protocol) : NULL;
	if (protocol != NULL)
		seq_printf(seq, ",mountproto=%s", protocol);
}

/* From 6.3 or so it says under which name the cache has it. */
static void show_cache(struct seq *seq, const struct nfs_server *server)
{
	const char *function = module_symbol_find("nfs_show_mount_options");
	const char *name = NULL;

	if (field_exists(struct nfs_server, fscache_uniq))
		name = READ_ONCE(server->fscache_uniq);
	if (symbol_exists(nfs_show_mount_options))
		function = nfs_show_mount_options;
	if (name != NULL && function == NULL)
		guest_fail(STATUS_MISSING, "how an NFS says where it is cached isn't known: its code isn't found");
	seq_puts(seq, ",fsc");
	if (name != NULL && code_mentions(function, ",fsc=%s")) {
		seq_putc(seq, '=');
		string_write(seq, name, "");
	}
}

static void show_caching(struct seq *seq, u32 flags)
{
	bool flock = (flags & MOUNT_LOCAL_FLOCK) != 0, fcntl = (flags & MOUNT_LOCAL_FCNTL) != 0;

	if ((flags & MOUNT_NO_NEGATIVE) != 0)
		seq_puts(seq, (flags & MOUNT_NO_LOOKUPS) != 0 ? ",lookupcache=none" : ",lookupcache=pos");
	if (flock)
		seq_puts(seq, fcntl ? ",local_lock=all" : ",local_lock=flock");
	else
		seq_puts(seq, fcntl ? ",local_lock=posix" : ",local_lock=none");
	if ((flags & MOUNT_NO_ALIGNED_WRITE) != 0)
		seq_puts(seq, ",noalignwrite");
	if ((flags & MOUNT_WRITE_EAGER) != 0)
		seq_puts(seq, (flags & MOUNT_WRITE_WAIT) != 0 ? ",write=wait" : ",write=eager");
}

static void show_client(struct seq *seq, const struct nfs_server *server, const struct nfs_client *client, u32 version)
{
	char address[TEXT_SIZE];

	if (version == VERSION_OF_STATE) {
		guest_string_copy(address, sizeof address, client->cl_ipaddr);
		seq_printf(seq, ",clientaddr=%s", address);
	} else if ((server->flags & MOUNT_LEGACY) == 0) {
		show_mountd(seq, server);
	}
}

static void show_calls(struct seq *seq, const struct rpc_clnt *client, u64 hz)
{
	const struct rpc_timeout *timeout = client->cl_timeout;

	seq_printf(seq, ",timeo=%llu", 10ull * timeout->to_initval / hz);
	show_number(seq, ",retrans=%u", timeout->to_retries);
	seq_printf(seq, ",sec=%s", flavor_name(client->cl_auth->au_flavor));
}

/* nfs_show_options(), nfs_show_mount_options() */
bool nfs_options_show(struct seq *seq, const struct super_block *super)
{
	const struct nfs_server *server = super->s_fs_info;
	struct ticks ticks;

	if (!is_nfs(super))
		return false;
	const struct nfs_client *client = server->nfs_client;
	u32 version = client->rpc_ops->version, options = server->options;

	ticks_read(&ticks);
	show_number(seq, ",vers=%u", version);
	if (version == VERSION_OF_STATE)
		show_number(seq, ".%u", client->cl_minorversion);
	show_number(seq, ",rsize=%u", server->rsize);
	show_number(seq, ",wsize=%u", server->wsize);
	if (server->bsize != 0)
		show_number(seq, ",bsize=%u", server->bsize);
	show_number(seq, ",namlen=%u", server->namelen);
	show_times(seq, server, ticks_hz(&ticks));
	show_flags(seq, server->flags);
	show_peer(seq, ",proto=", server->client, DISPLAY_NETWORK);
	show_connections(seq, server, client, version);
	show_calls(seq, server->client, ticks_hz(&ticks));
	show_transport_security(seq, client);
	show_client(seq, server, client, version);
	if ((options & OPTION_CACHE) != 0)
		show_cache(seq, server);
	if ((options & OPTION_MIGRATION) != 0)
		seq_puts(seq, ",migration");
	show_caching(seq, server->flags);
	show_peer(seq, ",addr=", client->cl_rpcclient, DISPLAY_ADDRESS);
	return true;
}

/* The directory at which a server's file system begins here. */
static const struct dentry *top_of(const struct dentry *dentry)
{
	struct guest_bound bound = GUEST_BOUND(PATH_TEXT_SIZE, "directories of an NFS");
	const struct dentry *above;

	while ((above = READ_ONCE(dentry->d_parent)) != dentry) {
		guest_bound(&bound);
		dentry = above;
	}
	return dentry;
}

/* nfs_path(): what the top's directory was mounted as, and the names below. */
bool nfs_device_show(struct seq *seq, const struct mount *mount)
{
	const struct dentry *root = mount->mnt.mnt_root, *top;
	char server[PATH_LINK_LENGTH_MAX + 1];
	struct path_text text;
	u64 length;

	if (!is_nfs(mount->mnt.mnt_sb))
		return false;
	top = top_of(root);
	guest_string_copy(server, sizeof server, top->d_fsdata);
	if (top != root) {
		length = strlen(server);
		while (length > 0 && server[length - 1] == '/')
			server[--length] = '\0';
	}
	string_write(seq, server, " \t\n\\");
	if (top == root)
		return true;
	path_text_inside(&text, root);
	path_write(seq, &text, " \t\n\\");
	return true;
}

bool nfs_root_show(struct seq *seq, const struct super_block *super)
{
	if (!is_nfs(super))
		return false;
	seq_putc(seq, '/');
	return true;
}
