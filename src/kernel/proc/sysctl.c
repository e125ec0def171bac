/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Kernel parameters: an allow-list of what the kernel keeps per namespace, and one write each
 * through a procfs of our own. Anything else would change the host, and is refused.
 */
#include "kernel/proc/sysctl.h"

#include "kernel/proc/procfs.h"

#include <stdio.h>
#include <string.h>

#define SYSCTL_PATH_SIZE 256

enum sysctl_owner { OWNER_IPC, OWNER_NET, OWNER_USER, OWNER_UTS, OWNER_FIELD };

/* Paths below /proc/sys; one that ends in a slash is a prefix. */
static const struct {
	const char *path;
	enum sysctl_owner owner;
} namespaced[] = {
	{ "fs/mqueue/", OWNER_IPC },
	{ "kernel/domainname", OWNER_UTS },
	{ "kernel/hostname", OWNER_FIELD },
	{ "kernel/msg_next_id", OWNER_IPC },
	{ "kernel/msgmax", OWNER_IPC },
	{ "kernel/msgmnb", OWNER_IPC },
	{ "kernel/msgmni", OWNER_IPC },
	{ "kernel/sem", OWNER_IPC },
	{ "kernel/sem_next_id", OWNER_IPC },
	{ "kernel/shm_next_id", OWNER_IPC },
	{ "kernel/shm_rmid_forced", OWNER_IPC },
	{ "kernel/shmall", OWNER_IPC },
	{ "kernel/shmmax", OWNER_IPC },
	{ "kernel/shmmni", OWNER_IPC },
	{ "net/", OWNER_NET },
	{ "user/", OWNER_USER },
};

/*
 * sysctl(8): the first separator decides. "net.ipv4.conf.eth0/1.forwarding" and
 * "net/ipv4/conf/eth0.1/forwarding" are the same parameter.
 * @return 0, or -1 if the name is no parameter's
 */
static int path_of(const char *name, char out[SYSCTL_PATH_SIZE])
{
	size_t len = strlen(name);
	if (len == 0 || len >= SYSCTL_PATH_SIZE)
		return -1;
	size_t first = strcspn(name, "./");
	bool is_dotted = name[first] == '.';
	size_t start = 0;
	for (size_t i = 0; i <= len; i++) {
		char c = name[i];
		if (is_dotted && (c == '.' || c == '/'))
			c = c == '.' ? '/' : '.';
		if (c != '\0' && (c <= ' ' || c > '~'))
			return -1;
		out[i] = c;
		if (c != '/' && c != '\0')
			continue;
		size_t part = i - start;
		if (part == 0 || (part == 1 && out[start] == '.') ||
		    (part == 2 && out[start] == '.' && out[start + 1] == '.'))
			return -1;
		start = i + 1;
	}
	return 0;
}

static int check_value(const char *name, const char *value, struct err *err)
{
	for (const char *c = value; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			return err_set(err, ERR_INVALID,
				       "sysctl %s: the value has a control or non-ASCII character",
				       name);
	return 0;
}

static int check_owner(const char *name, enum sysctl_owner owner, const struct sysctl_scope *scope,
		       struct err *err)
{
	static const char *const owner_names[] = { [OWNER_IPC] = "ipc",
						   [OWNER_NET] = "network",
						   [OWNER_USER] = "user",
						   [OWNER_UTS] = "uts" };
	const bool has_own[] = { [OWNER_IPC] = scope->has_ipc,
				 [OWNER_NET] = scope->has_net,
				 [OWNER_USER] = scope->has_user,
				 [OWNER_UTS] = scope->has_uts };
	if (owner == OWNER_FIELD) {
		err_set(err, ERR_INVALID, "sysctl %s: not set as a sysctl", name);
		return err_hint(err, "use the container's host name setting");
	}
	if (has_own[owner])
		return 0;
	return err_set(err, ERR_INVALID, "sysctl %s: needs a %s namespace of the container's own",
		       name, owner_names[owner]);
}

int sysctl_check(const char *name, const char *value, const struct sysctl_scope *scope,
		 struct err *err)
{
	char path[SYSCTL_PATH_SIZE];
	if (path_of(name, path) < 0)
		return err_set(err, ERR_INVALID, "sysctl \"%.80s\": not a parameter's name", name);
	if (check_value(name, value, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(namespaced); i++) {
		const char *entry = namespaced[i].path;
		size_t len = strlen(entry);
		bool is_same = entry[len - 1] == '/'
				       ? strncmp(path, entry, len) == 0 && path[len] != '\0'
				       : strcmp(path, entry) == 0;
		if (is_same)
			return check_owner(name, namespaced[i].owner, scope, err);
	}
	return err_set(err, ERR_INVALID, "sysctl %s: is not kept per namespace, it is the host's",
		       name);
}

int sysctl_write(int proc_fd, const char *name, const char *value, struct err *err)
{
	char path[SYSCTL_PATH_SIZE];
	char below[SYSCTL_PATH_SIZE + sizeof("sys/")];
	if (path_of(name, path) < 0)
		return err_set(err, ERR_INVALID, "sysctl \"%.80s\": not a parameter's name", name);
	if (check_value(name, value, err) < 0)
		return -1;
	snprintf(below, sizeof(below), "sys/%s", path);
	if (procfs_write(proc_fd, below, value, err) < 0)
		return err_context(err, "sysctl %s", name);
	return 0;
}
