/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime spec: a configuration to begin with, for a rootfs directory beside it. */
#include "base/json_write.h"
#include "base/mem.h"
#include "cli/oci/oci.h"
#include "oci/spec_defaults.h"
#include "runtime/bundle/verbs.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_NAME "config.json"

struct spec_input {
	char *bundle;
	bool rootless;
};

static void spec_input_done(void *pointer)
{
	struct spec_input *input = pointer;
	free(input->bundle);
}

static const struct option_row spec_rows[] = {
	{ "bundle", 'b', OPTION_STRING, "dir", NULL, NULL,
	  "Directory of the bundle (the current one)", offsetof(struct spec_input, bundle),
	  .complete = COMPLETE_DIRECTORIES },
	{ "rootless", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "For the calling user instead of root: in a user namespace, with the host's network",
	  offsetof(struct spec_input, rootless) },
	{ 0 },
};

#define CAPS "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"

static const char process_json[] =
	"{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
	"\"TERM=xterm\"],\"cwd\":\"/\",\"capabilities\":{\"bounding\":" CAPS ",\"effective\":" CAPS
	",\"permitted\":" CAPS
	"},\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
	"\"noNewPrivileges\":true}";

static const struct {
	const char *destination, *type, *source, *options; /* comma-separated */
	enum { FOR_ALL, FOR_ROOT, FOR_USER } whom;
} mounts[] = {
	{ "/proc", "proc", "proc", NULL, FOR_ALL },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k", FOR_ALL },
	{ "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5",
	  FOR_ROOT },
	/* One id is all a user can map without help: there is no group 5. */
	{ "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620",
	  FOR_USER },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k", FOR_ALL },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev", FOR_ALL },
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro", FOR_ROOT },
	/* A sysfs of one's own needs a network namespace of one's own. */
	{ "/sys", "none", "/sys", "rbind,nosuid,noexec,nodev,ro", FOR_USER },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro", FOR_ALL },
};

static void add_mounts(struct buf *out, bool rootless)
{
	bool is_first = true;
	json_add_key(out, "mounts");
	buf_add_char(out, '[');
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		AUTO(struct strv, strv_done) options = { 0 };
		if (mounts[i].whom == (rootless ? FOR_ROOT : FOR_USER))
			continue;
		if (mounts[i].options != NULL)
			strv_split(&options, mounts[i].options, ',');
		buf_add_str(out, is_first ? "{" : ",{");
		is_first = false;
		json_add_str(out, "destination", mounts[i].destination);
		json_add_str(out, "type", mounts[i].type);
		json_add_str(out, "source", mounts[i].source);
		if (options.len > 0)
			json_add_strv(out, "options", &options);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

/* The caller's own id is root's inside: all that a user can map without help. */
static void add_own_id(struct buf *out, const char *key, unsigned id)
{
	json_add_key(out, key);
	buf_addf(out, "[{\"containerID\":0,\"hostID\":%u,\"size\":1}]", id);
}

static void add_namespaces(struct buf *out, bool rootless)
{
	/* An ordinary user has the host's network: nobody could connect another one. */
	static const enum ns_type root[] = { NS_PID, NS_NET, NS_IPC, NS_UTS, NS_MOUNT, NS_CGROUP };
	static const enum ns_type user[] = { NS_PID, NS_IPC, NS_UTS, NS_MOUNT, NS_CGROUP, NS_USER };
	json_add_key(out, "namespaces");
	/* What there is, not what the caller may write to. */
	bool is_v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	for (size_t i = 0; i < ARRAY_LEN(root); i++) {
		enum ns_type type = rootless ? user[i] : root[i];
		/* As runc's: on v1 tools find a container by the paths that its /proc shows. */
		if (type != NS_CGROUP || is_v2)
			buf_addf(out, "%s{\"type\":\"%s\"}", i > 0 ? "," : "[",
				 ns_info(type)->name);
	}
	buf_add_char(out, ']');
}

static void add_linux(struct buf *out, bool rootless)
{
	AUTO(struct spec, spec_done) defaults = { 0 };
	spec_add_default_masks(&defaults);
	json_add_key(out, "linux");
	buf_add_char(out, '{');
	if (rootless) {
		add_own_id(out, "uidMappings", geteuid());
		add_own_id(out, "gidMappings", getegid());
	} else {
		json_add_key(out, "resources");
		buf_add_str(out, "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}");
	}
	add_namespaces(out, rootless);
	json_add_strv(out, "maskedPaths", &defaults.masked_paths);
	json_add_strv(out, "readonlyPaths", &defaults.readonly_paths);
	buf_add_char(out, '}');
}

static void add_document(struct buf *out, bool rootless)
{
	buf_add_char(out, '{');
	json_add_str(out, "ociVersion", BUNDLE_OCI_VERSION);
	json_add_key(out, "process");
	buf_add_str(out, process_json);
	json_add_key(out, "root");
	buf_add_str(out, "{\"path\":\"rootfs\",\"readonly\":true}");
	json_add_str(out, "hostname", "onggi");
	add_mounts(out, rootless);
	add_linux(out, rootless);
	buf_add_char(out, '}');
}

static int spec_verb(const struct oci_globals *globals UNUSED, void *pointer,
		     const struct strv *operands UNUSED, struct err *err)
{
	const struct spec_input *input = pointer;
	const char *dir = input->bundle != NULL ? input->bundle : ".";
	AUTO(struct buf, buf_done) text = { 0 };
	add_document(&text, input->rootless);
	struct json_object *doc = json_tokener_parse(buf_str(&text));
	const char *pretty = json_object_to_json_string_ext(
		doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB |
			     JSON_C_TO_STRING_NOSLASHESCAPE);
	AUTO_FREE char *lines = mem_printf("%s\n", pretty);
	json_object_put(doc);
	AUTO_FD dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(err, "bundle %s", dir);
	/* Somebody's configuration is not ours to replace. */
	AUTO_FD fd = openat(dir_fd, CONFIG_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_CONFLICT, "file %s/" CONFIG_NAME " exists. Remove it first",
			       dir);
	if (fd < 0 || fd_write_all(fd, lines, strlen(lines)) < 0)
		return err_sys(err, "write %s/" CONFIG_NAME, dir);
	return 0;
}

const struct oci_verb oci_spec = {
	.name = "spec",
	.summary = "Write a configuration to begin with",
	.details = "Writes config.json for a shell in the directory rootfs beside it. A file that "
		   "is there is never replaced.\n\n"
		   "With --rootless it is one that the calling user can run: root inside is the "
		   "caller outside, the network is the host's, and there are no limits.",
	.options = { { spec_rows } },
	.input_size = sizeof(struct spec_input),
	.done = spec_input_done,
	.run = spec_verb,
};
