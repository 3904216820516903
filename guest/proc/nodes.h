/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every node below /proc, one a line, sorted by path. No include guard: each
 * includer says what the three words mean.
 *
 *   DIRECTORY(path)             LINK(path, target)
 *   FILE_NODE(path, show, exists)   show: proc_show, exists: proc_exists or NULL
 */
DIRECTORY("")
LINK("net", "self/net")
FILE_NODE("net/icmp", icmp_show, net_node_exists)
FILE_NODE("net/icmp6", icmp6_show, net_node_exists)
FILE_NODE("net/raw", raw_show, net_node_exists)
FILE_NODE("net/raw6", raw6_show, net_node_exists)
FILE_NODE("net/tcp", tcp_show, net_node_exists)
FILE_NODE("net/tcp6", tcp6_show, net_node_exists)
FILE_NODE("net/udp", udp_show, net_node_exists)
FILE_NODE("net/udp6", udp6_show, net_node_exists)
FILE_NODE("net/udplite", udplite_show, net_node_exists)
FILE_NODE("net/udplite6", udplite6_show, net_node_exists)
DIRECTORY("self")
DIRECTORY("self/net")
DIRECTORY("sys")
DIRECTORY("sys/kernel")
FILE_NODE("sys/kernel/domainname", sys_domainname_show, NULL)
FILE_NODE("sys/kernel/hostname", sys_hostname_show, NULL)
FILE_NODE("sys/kernel/osrelease", sys_osrelease_show, NULL)
FILE_NODE("sys/kernel/ostype", sys_ostype_show, NULL)
FILE_NODE("sys/kernel/version", sys_version_show, NULL)
FILE_NODE("uptime", uptime_show, NULL)
FILE_NODE("version", version_show, NULL)
