/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id maps with the help of newuidmap and newgidmap. The helpers decide what a user may have; we
 * pass numbers, and read their files only to explain a refusal. Names of users come from
 * /etc/passwd alone: a static program asks no name service.
 */
#include "kernel/ns/subid.h"

#include "base/mem.h"
#include "kernel/caps/caps.h"
#include "sys/errand.h"
#include "sys/fd.h"
#include "sys/host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELPER_TIMEOUT_S 10
#define LISTING_MAX      (1u << 20)

static const struct helper {
	const char *program, *listing, *option; /* of usermod(8) */
	int cap;
} helpers[] = {
	[NS_UID] = { "newuidmap", "/etc/subuid", "--add-subuids", CAP_SETUID },
	[NS_GID] = { "newgidmap", "/etc/subgid", "--add-subgids", CAP_SETGID },
};

/* As a shell finds it, and then where distributions have it. NULL: nowhere */
static char *find_helper(const char *program)
{
	const char *path = getenv("PATH");
	AUTO_FREE char *places = mem_printf("%s:/usr/bin:/usr/sbin:/bin:/usr/local/bin",
					    path != NULL ? path : "");
	return host_find_program(program, places);
}

static char *read_listing(const char *path)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, LISTING_MAX, path, &text, NULL) < 0)
		return mem_strdup("");
	return buf_take(&text);
}

static bool is_for(const char *owner, const struct subid_user *user)
{
	char *end;
	if (user->name != NULL && strcmp(owner, user->name) == 0)
		return true;
	unsigned long long number = strtoull(owner, &end, 10);
	return *owner != '\0' && *end == '\0' && number == user->uid;
}

/* Is [from, to) listed? By one line: ranges that only touch are for the map to split. */
static bool is_listed(const char *text, const struct subid_user *user, uint64_t from, uint64_t to)
{
	AUTO_FREE char *copy = mem_strdup(text);
	char *rest = copy;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		const char *owner = strsep(&line, ":");
		const char *start = strsep(&line, ":");
		const char *count = strsep(&line, ":");
		if (start == NULL || count == NULL || !is_for(owner, user))
			continue;
		uint64_t first = strtoull(start, NULL, 10);
		if (from >= first && to <= first + strtoull(count, NULL, 10))
			return true;
	}
	return false;
}

size_t subid_find_unlisted(const char *text, const struct subid_user *user,
			   const struct ns_id_map *maps, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool is_own = maps[i].count == 1 && maps[i].outside == user->own_id;
		if (!is_own && !is_listed(text, user, maps[i].outside,
					  (uint64_t)maps[i].outside + maps[i].count))
			return i;
	}
	return len;
}

/* Why a helper said no: ids that are not listed, else a helper without the rights it needs. */
static int explain_helper(enum ns_id_kind kind, const struct ns_id_map *maps, size_t len,
			  struct err *err)
{
	const struct helper *helper = &helpers[kind];
	AUTO_FREE char *listing = read_listing(helper->listing);
	AUTO_FREE char *name = host_user_name(getuid());
	AUTO_FREE char *number = mem_printf("%u", (unsigned)getuid());
	struct subid_user user = { name, getuid(), kind == NS_UID ? geteuid() : getegid() };
	size_t i = subid_find_unlisted(listing, &user, maps, len);
	if (i < len) {
		uint32_t first = maps[i].outside, last = first + maps[i].count - 1;
		return err_hint(err,
				"%s does not list %" PRIu32 "-%" PRIu32 " for user %s: as root, "
				"usermod %s %" PRIu32 "-%" PRIu32 " %s",
				helper->listing, first, last, name != NULL ? name : number,
				helper->option, first, last, name != NULL ? name : number);
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return err_hint(err, "%s can have no rights: we were started with no_new_privs",
				helper->program);
	return err_hint(err, "is %s set-user-id root, on a file system without nosuid?",
			helper->program);
}

/* newuidmap PID INSIDE OUTSIDE COUNT ... */
static int run_helper(pid_t pid, enum ns_id_kind kind, const struct ns_id_map *maps, size_t len,
		      struct err *err)
{
	const char *program = helpers[kind].program;
	AUTO_FREE char *path = find_helper(program);
	if (path == NULL) {
		err_set(err, ERR_UNSUPPORTED, "mapping more than one's own id needs %s", program);
		return err_hint(err, "install it: package uidmap (Debian), shadow-utils (Fedora)");
	}
	AUTO(struct strv, strv_done) words = { 0 };
	char *no_environment[] = { NULL };
	strv_add(&words, program);
	strv_add_take(&words, mem_printf("%d", (int)pid));
	for (size_t i = 0; i < len; i++) {
		strv_add_take(&words, mem_printf("%" PRIu32, maps[i].inside));
		strv_add_take(&words, mem_printf("%" PRIu32, maps[i].outside));
		strv_add_take(&words, mem_printf("%" PRIu32, maps[i].count));
	}
	struct errand errand = {
		.path = path,
		.argv = words.items,
		.envp = no_environment,
		.timeout_s = HELPER_TIMEOUT_S,
	};
	if (errand_run(&errand, err) == 0)
		return 0;
	err_context(err, "%s", path);
	return explain_helper(kind, maps, len, err);
}

static int write_map(pid_t pid, enum ns_id_kind kind, const struct ns_id_map *maps, size_t len,
		     struct err *err)
{
	uint32_t own_id = kind == NS_UID ? geteuid() : getegid();
	bool is_own = len == 1 && maps[0].count == 1 && maps[0].outside == own_id;
	if (is_own || caps_has_effective(helpers[kind].cap))
		return ns_write_id_map(pid, kind, maps, len, err);
	if (ns_check_id_map(kind, maps, len, err) < 0)
		return -1;
	return run_helper(pid, kind, maps, len, err);
}

int subid_write_maps(pid_t pid, const struct ns_id_maps *maps, struct err *err)
{
	if (write_map(pid, NS_GID, maps->gids, maps->gids_len, err) < 0)
		return -1;
	return write_map(pid, NS_UID, maps->uids, maps->uids_len, err);
}
