// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/bartizanN, N > 0, in a VM whose enclaves watch other machines: what is written is sent to the agent outside, by
 * way of the virtio port that belongs to target N, and what comes back is read. The bytes are the frames of
 * wire/agent.h with the link's records in them, sealed between enclave and agent: they aren't looked at here, and this
 * kernel couldn't.
 *
 * So there is no pread() of a page by its number: the number would stand there in clear, and the page could only be
 * sealed for somebody whose key were here (docs/decisions/minors-forward-sealed.md).
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>

#include "minors.h"

/* Opened by the rights of whoever opens us, so that nobody reaches by us what he couldn't reach by himself. */
static struct file *open_port(const char *path)
{
	struct file *port = filp_open(path, O_RDWR | O_NONBLOCK | O_NOCTTY, 0);

	if (IS_ERR(port))
		return port;
	/* A port of virtio_console: its operations take the caller's own buffer. */
	if (S_ISCHR(file_inode(port)->i_mode) && port->f_op->read != NULL && port->f_op->write != NULL &&
	    port->f_op->owner != THIS_MODULE)
		return port;
	fput(port);
	return ERR_PTR(-ENOTTY);
}

/* The file's own data is the port, held until it is closed. One that only looks takes it from nobody (a virtio port
 * has one user at a time), and has none. */
static int forward_open(struct inode *inode, struct file *file)
{
	struct file *port = NULL;

	if ((file->f_mode & FMODE_WRITE) != 0) {
		port = open_port(minors_port(iminor(inode)));
		if (IS_ERR(port))
			return PTR_ERR(port);
	}
	file->private_data = port;
	return stream_open(inode, file);
}

static int forward_release(struct inode *inode, struct file *file)
{
	if (file->private_data != NULL)
		fput(file->private_data);
	return 0;
}

static ssize_t forward_write(struct file *file, const char __user *from, size_t size, loff_t *position)
{
	struct file *port = file->private_data;
	loff_t nowhere = 0;

	return port->f_op->write(port, from, size, &nowhere);
}

/* Whoever wants to wait polls. */
static ssize_t forward_read(struct file *file, char __user *to, size_t size, loff_t *position)
{
	struct file *port = file->private_data;
	loff_t nowhere = 0;

	return port == NULL ? -EAGAIN : port->f_op->read(port, to, size, &nowhere);
}

/* Without a port nothing will ever come. */
static __poll_t forward_poll(struct file *file, struct poll_table_struct *table)
{
	struct file *port = file->private_data;

	return port == NULL ? EPOLLERR : vfs_poll(port, table);
}

const struct file_operations forward_operations = {
	.owner = THIS_MODULE,
	.open = forward_open,
	.release = forward_release,
	.read = forward_read,
	.write = forward_write,
	.poll = forward_poll,
};
