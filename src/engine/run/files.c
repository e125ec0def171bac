/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/files.h"

#include "base/mem.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESOLV_CONF_MAX (64u << 10)

/* A word for a line-oriented file: printable, no blanks. */
static int check_word(const char *what, const char *word, struct err *err)
{
	for (const unsigned char *s = (const unsigned char *)word; *s != '\0'; s++)
		if (*s <= ' ' || *s == 0x7f)
			return err_set(err, ERR_INVALID, "%s contains a blank or control character",
				       what);
	if (word[0] == '\0')
		return err_set(err, ERR_INVALID, "%s is empty", what);
	return 0;
}

static int add_extra_host(const char *text, struct buf *out, struct err *err)
{
	AUTO_FREE char *name = mem_strdup(text);
	char *ip = strpbrk(name, ":=");
	if (ip == NULL)
		return err_set(err, ERR_INVALID, "bad format for add-host: \"%s\"", text);
	*ip++ = '\0';
	if (check_word("--add-host: the name", name, err) < 0 ||
	    check_word("--add-host: the address", ip, err) < 0)
		return -1;
	buf_addf(out, "%s\t%s\n", ip, name);
	return 0;
}

/* The directory is new and ours alone: no need to replace atomically. */
static int write_new(int dir_fd, const char *name, const struct buf *text, struct err *err)
{
	AUTO_FD fd = openat(dir_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, 0644) < 0 || fd_write_all(fd, buf_str(text), text->len) < 0)
		return err_sys(err, "write %s of the container", name);
	return 0;
}

static int write_hosts(const struct run_draft *draft, int run_dir_fd, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	buf_add_str(&text, "127.0.0.1\tlocalhost\n"
			   "::1\tlocalhost ip6-localhost ip6-loopback\n"
			   "fe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\n"
			   "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
	const struct strv *extra = &draft->options->add_hosts;
	for (size_t i = 0; i < extra->len; i++)
		if (add_extra_host(extra->items[i], &text, err) < 0)
			return -1;
	return write_new(run_dir_fd, "hosts", &text, err);
}

static int add_servers(const struct run_draft *draft, struct buf *out, struct err *err)
{
	const struct run_options *options = draft->options;
	const struct {
		const char *keyword;
		const struct strv *words;
		bool one_per_line;
	} parts[] = {
		{ "nameserver", &options->dns, true },
		{ "search", &options->dns_search, false },
		{ "options", &options->dns_options, false },
	};
	for (size_t p = 0; p < ARRAY_LEN(parts); p++) {
		for (size_t i = 0; i < parts[p].words->len; i++) {
			const char *word = parts[p].words->items[i];
			if (check_word(parts[p].keyword, word, err) < 0)
				return -1;
			if (i == 0 || parts[p].one_per_line)
				buf_addf(out, "%s%s", out->len > 0 ? "\n" : "", parts[p].keyword);
			buf_addf(out, " %s", word);
		}
	}
	if (out->len > 0)
		buf_add_char(out, '\n');
	return 0;
}

/* The caller's own servers, where the container shares the network they are reachable in. */
static int write_resolv_conf(const struct run_draft *draft, int run_dir_fd, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	if (add_servers(draft, &text, err) < 0)
		return -1;
	if (draft->options->dns.len == 0 && !draft->spec.namespaces[NS_NET].is_used) {
		AUTO_FD fd = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && fd_read_all(fd, RESOLV_CONF_MAX, "resolv.conf", &text, err) < 0)
			return -1;
	}
	return write_new(run_dir_fd, "resolv.conf", &text, err);
}

static int write_hostname(const struct run_draft *draft, int run_dir_fd, struct err *err)
{
	char own[65] = "";
	const char *name = draft->spec.hostname;
	if (name == NULL && gethostname(own, sizeof(own) - 1) == 0)
		name = own;
	if (check_word("the hostname", name != NULL ? name : "localhost", err) < 0)
		return -1;
	AUTO(struct buf, buf_done) line = { 0 };
	buf_addf(&line, "%s\n", name);
	return write_new(run_dir_fd, "hostname", &line, err);
}

int run_files_write(const struct run_draft *draft, int run_dir_fd, struct err *err)
{
	if (!draft->has_image || !draft->spec.namespaces[NS_MOUNT].is_used)
		return 0;
	if (write_hosts(draft, run_dir_fd, err) < 0 || write_hostname(draft, run_dir_fd, err) < 0)
		return -1;
	return write_resolv_conf(draft, run_dir_fd, err);
}
