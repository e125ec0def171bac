/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted where: the kernel's own file systems, the generated files of /etc, the user's
 * mounts, and what of /proc and /sys is hidden or read-only. The lists are moby's, which images
 * have come to expect; docs/security.md has them with reasons.
 */
#include "engine/run/draft.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "oci/spec_defaults.h"

#include <string.h>

static void add_masks(struct run_draft *draft)
{
	const struct run_options *options = draft->options;
	if (!run_draft_isolates(draft, ISOLATE_MASKS) || options->privileged ||
	    options->systempaths_unconfined)
		return;
	spec_add_default_masks(&draft->spec);
}

/* Did the user put a mount of his own there? Then ours is left out. */
static bool is_taken(const struct run_draft *draft, const char *target)
{
	for (size_t i = 0; i < draft->options->mounts_len; i++)
		if (strcmp(draft->options->mounts[i].target, target) == 0)
			return true;
	return false;
}

static void add_shm(struct run_draft *draft)
{
	const struct run_options *options = draft->options;
	struct spec *spec = &draft->spec;
	if (options->ipc.kind == RUN_NS_NONE || is_taken(draft, "/dev/shm"))
		return;
	if (!spec->namespaces[NS_IPC].is_used) {
		spec_add_mount(spec, "/dev/shm", NULL, "/dev/shm", "bind");
		return;
	}
	/* Who shares the IPC namespace shares /dev/shm: POSIX shared memory is files in it. */
	const char *ipc_path = spec->namespaces[NS_IPC].path;
	if (options->ipc.kind == RUN_NS_CONTAINER) {
		struct spec_mount *shm = spec_add_mount(spec, "/dev/shm", NULL, "/dev/shm", "bind");
		int dir_len = (int)(strrchr(ipc_path, '/') - ipc_path);
		shm->source_mnt_ns = mem_printf("%.*s/mnt", dir_len, ipc_path);
		return;
	}
	uint64_t bytes = options->shm_bytes != 0 ? options->shm_bytes : 64u << 20;
	AUTO_FREE char *words = mem_printf("nosuid,noexec,nodev,mode=1777,size=%llu",
					   (unsigned long long)bytes);
	spec_add_mount(spec, "/dev/shm", "tmpfs", "shm", words);
}

static void add_sys(struct run_draft *draft)
{
	const struct run_options *options = draft->options;
	struct spec *spec = &draft->spec;
	bool is_writable = options->privileged;
	/* A sysfs shows the network namespace it is mounted in; inside a user namespace it can
	 * only be mounted for a network namespace of one's own. */
	bool is_foreign_net = spec->namespaces[NS_USER].is_used &&
			      (!spec->namespaces[NS_NET].is_used ||
			       spec->namespaces[NS_NET].path != NULL);
	if (is_foreign_net)
		spec_add_mount(spec, "/sys", NULL, "/sys", "rbind,rro,rnosuid,rnoexec,rnodev");
	else
		spec_add_mount(spec, "/sys", "sysfs", "sysfs",
			       is_writable ? "nosuid,noexec,nodev" : "nosuid,noexec,nodev,ro");
	if (!spec->has_cgroup || is_foreign_net)
		return;
	is_writable = is_writable || options->writable_cgroups;
	spec_add_mount(spec, "/sys/fs/cgroup", "cgroup", "cgroup",
		       is_writable ? "nosuid,noexec,nodev" : "nosuid,noexec,nodev,ro");
}

static void add_kernel_mounts(struct run_draft *draft)
{
	struct spec *spec = &draft->spec;
	if (!is_taken(draft, "/proc"))
		spec_add_mount(spec, "/proc", "proc", "proc", "nosuid,noexec,nodev");
	if (!is_taken(draft, "/dev")) {
		spec_add_mount(spec, "/dev", "tmpfs", "tmpfs",
			       "nosuid,strictatime,mode=755,size=65536k");
		/* Group 5 is tty everywhere, unless there are not so many. */
		bool has_tty_group = spec->gid_maps_len == 0 || spec->gid_maps[0].count > 5;
		spec_add_mount(spec, "/dev/pts", "devpts", "devpts",
			       has_tty_group
				       ? "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"
				       : "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620");
		spec->has_default_devices = true;
	}
	if (!is_taken(draft, "/sys"))
		add_sys(draft);
	if (!is_taken(draft, "/dev/mqueue") && spec->namespaces[NS_IPC].is_used)
		spec_add_mount(spec, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
	add_shm(draft);
}

/* Written into the run directory by engine/run/files.c. */
static void add_generated_files(struct run_draft *draft)
{
	static const char *const names[] = { "hosts", "hostname", "resolv.conf" };
	for (size_t i = 0; draft->has_image && i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *target = mem_printf("/etc/%s", names[i]);
		AUTO_FREE char *source = mem_printf("%s/%s", draft->run_dir, names[i]);
		if (!is_taken(draft, target))
			spec_add_mount(&draft->spec, target, NULL, source, "bind");
	}
}

static void add_bind(struct run_draft *draft, const struct run_mount *mount)
{
	struct spec_mount *added = spec_add_mount(&draft->spec, mount->target, NULL, mount->source,
						  mount->is_nonrecursive ? "bind" : "rbind");
	if (mount->is_readonly)
		strv_add(&added->options,
			 mount->is_readonly_recursive && !mount->is_nonrecursive ? "rro" : "ro");
	strv_add(&added->options, mount->propagation != NULL ? mount->propagation : "rprivate");
	strv_add_all(&added->options, &mount->options);
}

static void add_tmpfs(struct run_draft *draft, const struct run_mount *mount)
{
	struct spec_mount *added = spec_add_mount(&draft->spec, mount->target, "tmpfs", "tmpfs",
						  "noexec,nosuid,nodev");
	if (mount->is_readonly)
		strv_add(&added->options, "ro");
	strv_add_all(&added->options, &mount->options);
}

static unsigned depth_of(const char *path)
{
	unsigned depth = 0;
	for (; *path != '\0'; path++)
		depth += path[0] == '/' && path[1] != '/' && path[1] != '\0';
	return depth;
}

/* Outer ones first, whatever the order on the command line: an inner one must not be covered. */
static int add_user_mounts(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	unsigned depth_max = 0;
	for (size_t i = 0; i < options->mounts_len; i++) {
		unsigned depth = depth_of(options->mounts[i].target);
		if (depth == 0)
			return err_set(err, ERR_INVALID, "invalid mount: destination can't be '/'");
		depth_max = depth > depth_max ? depth : depth_max;
	}
	for (unsigned depth = 1; depth <= depth_max; depth++) {
		for (size_t i = 0; i < options->mounts_len; i++) {
			const struct run_mount *mount = &options->mounts[i];
			if (depth_of(mount->target) != depth)
				continue;
			if (mount->type == RUN_MOUNT_BIND)
				add_bind(draft, mount);
			else
				add_tmpfs(draft, mount);
		}
	}
	return 0;
}

static void add_init(struct run_draft *draft)
{
	if (!draft->options->init)
		return;
	AUTO_FREE char *source = mem_printf("%s/onggi-init", draft->engine->libexec_path);
	spec_add_mount(&draft->spec, RUN_INIT_PATH, NULL, source, "bind,ro,nosuid,nodev");
}

int run_draft_mounts(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	struct spec *spec = &draft->spec;
	if (!run_draft_isolates(draft, ISOLATE_MOUNT)) {
		spec->root_change = SPEC_ROOT_CHROOT;
		return 0;
	}
	spec->root_change = run_draft_isolates(draft, ISOLATE_PIVOT) ? SPEC_ROOT_PIVOT
								     : SPEC_ROOT_CHROOT;
	spec->root_readonly = options->read_only;
	add_kernel_mounts(draft);
	if (add_user_mounts(draft, err) < 0)
		return -1;
	/* Above a mount of the user's on /etc or /dev. */
	add_generated_files(draft);
	add_init(draft);
	add_masks(draft);
	return 0;
}
