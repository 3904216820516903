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
