/* SPDX-License-Identifier: Apache-2.0 */
/* What is allowed: capabilities, system calls, labels, devices, limits. docs/security.md explains.
 */
#include "engine/run/draft.h"

#include "base/mem.h"
#include "base/warn.h"
#include "kernel/lsm/lsm.h"
#include "kernel/proc/sysctl.h"
#include "kernel/seccomp/seccomp.h"
#include "oci/spec_defaults.h"
#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PIDS_DEFAULT 4096

static int choose_caps(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	struct spec_process *process = &draft->spec.process;
	if (!run_draft_isolates(draft, ISOLATE_CAPS))
		return 0;
	uint64_t mask = options->privileged    ? caps_all()
			: options->docker_caps ? caps_docker()
					       : caps_default();
	if (caps_tweak(&mask, &options->cap_add, &options->cap_drop, err) < 0)
		return -1;
	process->has_caps = true;
	/* Inheritable and ambient stay empty: what a file does not grant, exec does not give. */
	process->caps = (struct caps){ .bounding = mask, .effective = mask, .permitted = mask };
	return 0;
}

static void choose_seccomp(struct run_draft *draft)
{
	const struct run_options *options = draft->options;
	if (!run_draft_isolates(draft, ISOLATE_SECCOMP))
		return;
	if (options->seccomp == NULL)
		draft->seccomp_profile = options->privileged
						 ? NULL
						 : mem_strdup(seccomp_default_profile());
	else if (strcmp(options->seccomp, "unconfined") != 0)
		draft->seccomp_profile = mem_strdup(options->seccomp);
}

static int choose_apparmor(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	char **profile = &draft->spec.process.apparmor_profile;
	if (options->apparmor != NULL) {
		if (strcmp(options->apparmor, "unconfined") != 0)
			*profile = mem_strdup(options->apparmor);
		return 0;
	}
	if (options->privileged || !lsm_has_apparmor())
		return 0;
	struct err why = { 0 };
	if (draft->purpose == RUN_DRAFT_EXPLAIN || lsm_load_default_apparmor(&why) == 0) {
		*profile = mem_strdup(LSM_DEFAULT_APPARMOR);
		return 0;
	}
	if (why.kind != ERR_UNSUPPORTED) {
		*err = why;
		return -1;
	}
	warn_say("no AppArmor confinement: %s", why.text);
	return 0;
}

/* label=user:U, role:R, type:T, level:L, or disable. */
static int choose_selinux(struct run_draft *draft, struct err *err)
{
	const struct strv *labels = &draft->options->labels_selinux;
	const char *parts[4] = { "system_u", "system_r", "container_t", "s0" };
	static const char *const keys[4] = { "user:", "role:", "type:", "level:" };
	if (labels->len == 0 || strv_find(labels, "disable") >= 0)
		return 0;
	for (size_t i = 0; i < labels->len; i++) {
		size_t k = 0;
		while (k < ARRAY_LEN(keys) &&
		       strncmp(labels->items[i], keys[k], strlen(keys[k])) != 0)
			k++;
		if (k == ARRAY_LEN(keys))
			return err_set(err, ERR_INVALID, "invalid label option: %s",
				       labels->items[i]);
		parts[k] = labels->items[i] + strlen(keys[k]);
	}
	draft->spec.process.selinux_label = mem_printf("%s:%s:%s:%s", parts[0], parts[1], parts[2],
						       parts[3]);
	return 0;
}

static void add_rule(struct run_draft *draft, char type, int64_t major, int64_t minor,
		     const char *access)
{
	cgroup_limits_add_device(&draft->spec.limits, true, type, major, minor, access);
}

static void add_default_rules(struct run_draft *draft)
{
	if (draft->options->privileged)
		add_rule(draft, 'a', -1, -1, "rwm");
	else
		spec_add_default_device_rules(&draft->spec);
}

static void add_node(struct run_draft *draft, const char *target, const struct stat *st)
{
	struct spec_device *device = spec_add_device(&draft->spec);
	device->path = mem_strdup(target);
	device->type = S_ISBLK(st->st_mode) ? 'b' : 'c';
	device->major = major(st->st_rdev);
	device->minor = minor(st->st_rdev);
	device->mode = st->st_mode & 0777;
	device->uid = st->st_uid;
	device->gid = st->st_gid;
}

/* Made for every container anyway, or belonging to the host's own console. */
static bool is_standard_node(const char *target)
{
	static const char *const names[] = { "/dev/null", "/dev/zero",    "/dev/full",
					     "/dev/tty",  "/dev/random",  "/dev/urandom",
					     "/dev/ptmx", "/dev/console", "/dev/fd" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(target, names[i]) == 0)
			return true;
	return false;
}

/* A directory stands for all devices directly in it, as Docker has it. */
static int add_device_dir(struct run_draft *draft, const struct run_device *wanted, struct err *err)
{
	DIR *dir = opendir(wanted->source);
	if (dir == NULL)
		return err_sys(err, "device directory %s", wanted->source);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct stat st;
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
			continue;
		AUTO_FREE char *target = mem_printf("%s/%s", wanted->target, entry->d_name);
		if (is_standard_node(target))
			continue;
		add_node(draft, target, &st);
		add_rule(draft, S_ISBLK(st.st_mode) ? 'b' : 'c', major(st.st_rdev),
			 minor(st.st_rdev), wanted->access);
	}
	closedir(dir);
	return 0;
}

static int add_device(struct run_draft *draft, const struct run_device *wanted, struct err *err)
{
	struct stat st;
	if (stat(wanted->source, &st) < 0)
		return err_sys(err, "error gathering device information for %s", wanted->source);
	if (S_ISDIR(st.st_mode))
		return add_device_dir(draft, wanted, err);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a device node", wanted->source);
	add_node(draft, wanted->target, &st);
	add_rule(draft, S_ISBLK(st.st_mode) ? 'b' : 'c', major(st.st_rdev), minor(st.st_rdev),
		 wanted->access);
	return 0;
}

static int add_devices(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	static char dev[] = "/dev";
	const struct run_device host = { .source = dev, .target = dev, .access = "rwm" };
	if (options->privileged && run_draft_isolates(draft, ISOLATE_MOUNT) &&
	    add_device_dir(draft, &host, err) < 0)
		return -1;
	for (size_t i = 0; i < options->devices_len; i++)
		if (add_device(draft, &options->devices[i], err) < 0)
			return -1;
	return 0;
}

static void add_throttles(struct cgroup_throttles *to, const struct cgroup_throttles *from)
{
	to->items = mem_dup(from->items, from->len * sizeof(*from->items));
	to->len = from->len;
}

/* A copy of its own: the spec frees what it holds, the options too. */
static void copy_limits(struct cgroup_limits *to, const struct cgroup_limits *from)
{
	*to = *from;
	to->cpu.cpus = mem_strdup(from->cpu.cpus);
	to->cpu.mems = mem_strdup(from->cpu.mems);
	add_throttles(&to->io.weight_device, &from->io.weight_device);
	add_throttles(&to->io.read_bps, &from->io.read_bps);
	add_throttles(&to->io.write_bps, &from->io.write_bps);
	add_throttles(&to->io.read_iops, &from->io.read_iops);
	add_throttles(&to->io.write_iops, &from->io.write_iops);
	to->hugetlb = mem_dup(from->hugetlb, from->hugetlb_len * sizeof(*from->hugetlb));
	for (size_t i = 0; i < from->hugetlb_len; i++)
		to->hugetlb[i].page_size = mem_strdup(from->hugetlb[i].page_size);
	to->net_priorities = mem_dup(from->net_priorities,
				     from->net_priorities_len * sizeof(*from->net_priorities));
	for (size_t i = 0; i < from->net_priorities_len; i++)
		to->net_priorities[i].interface = mem_strdup(from->net_priorities[i].interface);
	to->devices = NULL;
	to->devices_len = 0;
	to->unified = (struct strv){ 0 };
	strv_add_all(&to->unified, &from->unified);
}

static int choose_limits(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	struct cgroup_limits *limits = &draft->spec.limits;
	copy_limits(limits, &options->limits);
	if (!limits->pids_max.is_set)
		limits->pids_max = (struct cgroup_value){ .is_set = true, .value = PIDS_DEFAULT };
	add_default_rules(draft);
	if (add_devices(draft, err) < 0)
		return -1;
	for (size_t i = 0; i < options->limits.devices_len; i++) {
		const struct cgroup_device_rule *rule = &options->limits.devices[i];
		cgroup_limits_add_device(limits, rule->allow, rule->type, rule->major, rule->minor,
					 "rwm");
		limits->devices[limits->devices_len - 1] = *rule;
	}
	return 0;
}

static int choose_sysctls(struct run_draft *draft, struct err *err)
{
	struct spec *spec = &draft->spec;
	const struct spec_namespace *ns = spec->namespaces;
	struct sysctl_scope scope = {
		.has_ipc = ns[NS_IPC].is_used,
		.has_net = ns[NS_NET].is_used,
		.has_uts = ns[NS_UTS].is_used,
		.has_user = ns[NS_USER].is_used,
	};
	for (size_t i = 0; i < draft->options->sysctls.len; i++) {
		AUTO_FREE char *name = mem_strdup(draft->options->sysctls.items[i]);
		char *value = strchr(name, '=');
		if (value == NULL)
			return err_set(err, ERR_INVALID, "sysctl '%s': NAME=VALUE expected", name);
		*value++ = '\0';
		if (sysctl_check(name, value, &scope, err) < 0)
			return -1;
		spec_add_sysctl(spec, name, value);
	}
	return 0;
}

int run_draft_security(struct run_draft *draft, struct err *err)
{
	draft->spec.process.no_new_privileges = draft->options->no_new_privileges;
	draft->spec.has_new_keyring = run_draft_isolates(draft, ISOLATE_KEYRING);
	if (choose_caps(draft, err) < 0)
		return -1;
	choose_seccomp(draft);
	if (run_draft_isolates(draft, ISOLATE_LSM) &&
	    (choose_apparmor(draft, err) < 0 || choose_selinux(draft, err) < 0))
		return -1;
	return choose_limits(draft, err) < 0 ? -1 : choose_sysctls(draft, err);
}
