/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the payload is: "name", "uid", "name:group", ... looked up in the container's own passwd and
 * group files. Those are foreign bytes: regular files only, opened inside the root, at most 1 MiB.
 * A text of digits is a number and never a name, so that a crafted passwd line cannot redefine it.
 */
#include "runtime/boot/step_functions.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define ACCOUNT_FILE_MAX (1u << 20)
#define ID_INVALID       4294967295u /* (uid_t)-1 */

/* Absent, or not a regular file: empty, as in an image from scratch. */
static int read_account_file(const struct boot *boot, const char *path, struct buf *out,
			     struct err *err)
{
	/* Looked at before it is opened for real: the open(2) of a device can act. */
	static const int answers[] = { ENOENT, ENOTDIR, ELOOP, EXDEV, EACCES, ENAMETOOLONG };
	struct err why = { 0 };
	struct stat st;
	AUTO_FD path_fd = rooted_open(boot->root_fd, path, O_PATH, 0, &why);
	for (size_t i = 0; path_fd < 0 && i < ARRAY_LEN(answers); i++)
		if (why.errnum == answers[i])
			return 0;
	/* Others say nothing of the file: who is in which group is not known then. */
	if (path_fd < 0) {
		*err = why;
		return -1;
	}
	if (fstat(path_fd, &st) < 0)
		return err_sys(err, "examine %s", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	AUTO_FD fd = fd_reopen(boot->own_fds_fd, path_fd, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	return fd_read_all(fd, ACCOUNT_FILE_MAX, path, out, err);
}

/* @return 1 a number in range, 0 not a number, -1 out of range */
static int parse_id(const char *text, uint32_t *out)
{
	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return 0;
	uint64_t value = 0;
	for (const char *s = text; *s != '\0'; s++) {
		value = value * 10 + (uint64_t)(*s - '0');
		if (value >= ID_INVALID)
			return -1;
	}
	*out = (uint32_t)value;
	return 1;
}

#define ACCOUNT_FIELDS_MAX 7

struct account_line {
	char *fields[ACCOUNT_FIELDS_MAX];
	size_t len;
};

/* Cut the next line of a colon-separated file in place. */
static bool next_line(char **rest, struct account_line *out)
{
	char *line = strsep(rest, "\n");
	if (line == NULL)
		return false;
	out->len = 0;
	while (line != NULL && out->len < ACCOUNT_FIELDS_MAX)
		out->fields[out->len++] = strsep(&line, ":");
	return true;
}

struct account {
	uint32_t uid, gid;
	char *name; /* owned; NULL: a number without an entry */
	char *home; /* owned */
};

static void account_done(struct account *account)
{
	free(account->name);
	free(account->home);
}

/* Find by name, or by number when `by_uid`. */
static bool find_account(const struct buf *passwd, const char *name, bool by_uid, uint32_t uid,
			 struct account *out)
{
	AUTO_FREE char *text = mem_strdup(buf_str(passwd));
	char *rest = text;
	struct account_line line;
	while (next_line(&rest, &line)) {
		uint32_t line_uid, line_gid;
		if (line.len < 6 || parse_id(line.fields[2], &line_uid) != 1 ||
		    parse_id(line.fields[3], &line_gid) != 1)
			continue;
		if (by_uid ? line_uid != uid : strcmp(line.fields[0], name) != 0)
			continue;
		out->uid = line_uid;
		out->gid = line_gid;
		out->name = mem_strdup(line.fields[0]);
		out->home = mem_strdup(line.fields[5]);
		return true;
	}
	return false;
}

static int find_user(const struct buf *passwd, const char *text, struct account *out,
		     struct err *err)
{
	uint32_t uid = 0;
	int is_number = text[0] == '\0' ? 1 : parse_id(text, &uid);
	if (is_number < 0)
		return err_set(err, ERR_INVALID, "user %s: uids are 0 to 4294967294", text);
	if (find_account(passwd, text, is_number == 1, uid, out))
		return 0;
	if (is_number == 0)
		return err_set(err, ERR_INVALID,
			       "unable to find user %s: no matching entries in passwd file", text);
	out->uid = uid;
	out->home = mem_strdup(uid == 0 ? "/root" : "/");
	return 0;
}

static int find_group(const struct buf *group, const char *text, uint32_t *out, struct err *err)
{
	int is_number = parse_id(text, out);
	if (is_number > 0)
		return 0;
	if (is_number < 0)
		return err_set(err, ERR_INVALID, "group %s: gids are 0 to 4294967294", text);
	AUTO_FREE char *copy = mem_strdup(buf_str(group));
	char *rest = copy;
	struct account_line line;
	while (next_line(&rest, &line))
		if (line.len >= 3 && strcmp(line.fields[0], text) == 0 &&
		    parse_id(line.fields[2], out) == 1)
			return 0;
	return err_set(err, ERR_INVALID,
		       "unable to find group %s: no matching entries in group file", text);
}

static void add_group(struct boot *boot, gid_t gid)
{
	for (size_t i = 0; i < boot->groups_len; i++)
		if (boot->groups[i] == gid)
			return;
	boot->groups = mem_realloc(boot->groups, (boot->groups_len + 1) * sizeof(gid_t));
	boot->groups[boot->groups_len++] = gid;
}

/* The groups that list the user as a member. */
static void add_memberships(struct boot *boot, const struct buf *group, const char *name)
{
	AUTO_FREE char *copy = mem_strdup(buf_str(group));
	char *rest = copy;
	struct account_line line;
	while (next_line(&rest, &line)) {
		uint32_t gid;
		if (line.len < 4 || parse_id(line.fields[2], &gid) != 1)
			continue;
		char *members = line.fields[3];
		for (char *member; (member = strsep(&members, ",")) != NULL;)
			if (strcmp(member, name) == 0)
				add_group(boot, gid);
	}
}

static int add_listed_groups(struct boot *boot, const struct buf *group, struct err *err)
{
	const struct strv *groups = boot->plan->options->groups;
	for (size_t i = 0; groups != NULL && i < groups->len; i++) {
		uint32_t gid;
		if (find_group(group, groups->items[i], &gid, err) < 0)
			return -1;
		add_group(boot, gid);
	}
	return 0;
}

/* The spec's numbers stand; only where the user is at home is not in them. */
static int find_home(struct boot *boot, const struct buf *passwd)
{
	AUTO(struct account, account_done) account = { 0 };
	bool is_known = find_account(passwd, "", true, boot->uid, &account);
	boot->home = is_known && account.home[0] != '\0' ? ptr_take(&account.home)
							 : mem_strdup("/");
	return 0;
}

int parent_find_user(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	AUTO(struct buf, buf_done) passwd = { 0 };
	AUTO(struct buf, buf_done) group = { 0 };
	if (read_account_file(boot, "etc/passwd", &passwd, err) < 0)
		return -1;
	const char *user = boot->plan->options->user;
	if (user == NULL)
		return find_home(boot, &passwd);
	if (read_account_file(boot, "etc/group", &group, err) < 0)
		return -1;
	AUTO_FREE char *name = mem_strndup(user, strcspn(user, ":"));
	const char *colon = strchr(user, ':');
	AUTO(struct account, account_done) account = { 0 };
	if (find_user(&passwd, name, &account, err) < 0)
		return -1;
	bool has_group = colon != NULL && colon[1] != '\0';
	if (has_group && find_group(&group, colon + 1, &account.gid, err) < 0)
		return -1;
	boot->uid = account.uid;
	boot->gid = account.gid;
	/* The primary group is among the supplementary ones too, else a file that denies it to
	 * the group could be read by dropping it. */
	add_group(boot, account.gid);
	if (!has_group && account.name != NULL)
		add_memberships(boot, &group, account.name);
	boot->home = ptr_take(&account.home);
	return add_listed_groups(boot, &group, err);
}
