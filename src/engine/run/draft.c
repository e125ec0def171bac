/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/draft.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/run/skeleton.h"
#include "sys/fd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Without a store only the built-in image is known: its config as tools/embedded_image.py has it.
 */
static int stand_in_image(struct run_draft *draft, struct err *err)
{
	const char *reference = draft->options->image;
	struct image *image = &draft->image;
	if (!engine_is_embedded_image(reference)) {
		err_set(err, ERR_UNSUPPORTED, "image %s: only root may look into the store %s",
			reference, draft->engine->store.root_path);
		return err_hint(err, "as root, or with a directory (--rootfs), or with onggi/jar");
	}
	strv_add(&image->config.cmd, "/bin/hello");
	strv_add(&image->config.env,
		 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	strv_add(&image->layers, "LAYER");
	return 0;
}

static int find_image(struct run_draft *draft, struct err *err)
{
	const char *reference = draft->options->image;
	struct engine *engine = draft->engine;
	if (!engine_has_store(engine))
		return stand_in_image(draft, err);
	struct err first = { 0 };
	if (image_find(&engine->store, reference, &draft->image, &first) == 0)
		return 0;
	if (first.kind == ERR_NOT_FOUND && engine_is_embedded_image(reference) &&
	    engine_load_embedded(engine, err) == 0)
		return image_find(&engine->store, reference, &draft->image, err);
	if (err != NULL && !err_is_set(err))
		*err = first;
	return err_hint(err,
			"bring it by 'onggi pull' or 'onggi load -i FILE', or see 'onggi images'");
}

/* Pulling what is missing is for faces to decide: here the layers are there. */
static int stack_layers(struct run_draft *draft, struct err *err)
{
	const struct strv *layers = &draft->image.layers;
	if (layers->len >= OVERLAY_LAYERS_MAX)
		return err_set(err, ERR_UNSUPPORTED, "image %s has %zu layers; overlayfs takes %d",
			       draft->options->image, layers->len, OVERLAY_LAYERS_MAX - 1);
	for (size_t i = layers->len; i-- > 0;)
		strv_add_take(&draft->lower, mem_printf("layers/%s/fs", layers->items[i]));
	/* A bare chroot shows the image and nothing else. */
	if (run_draft_isolates(draft, ISOLATE_MOUNT))
		strv_add(&draft->lower, SKELETON_PATH);
	draft->upper = mem_printf("containers/%s/upper", draft->container.id);
	draft->work = mem_printf("containers/%s/work", draft->container.id);
	draft->overlay = (struct overlay){
		.base_dir_fd = draft->engine->store.root_fd,
		.lower = (const char *const *)draft->lower.items,
		.lower_len = draft->lower.len,
		.upper = draft->upper,
		.work = draft->work,
		.is_volatile = draft->options->is_throwaway,
		.idmap_userns_fd = -1,
	};
	draft->boot.root.overlay = &draft->overlay;
	return 0;
}

static int choose_root(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	if (options->rootfs != NULL) {
		draft->spec.root_path = mem_strdup(options->rootfs);
		draft->boot.root.path = draft->spec.root_path;
		draft->container.rootfs = mem_strdup(options->rootfs);
		return 0;
	}
	if (find_image(draft, err) < 0)
		return -1;
	draft->has_image = true;
	draft->container.image = mem_strdup(options->image);
	draft->container.image_id = mem_strdup(draft->image.id);
	return stack_layers(draft, err);
}

static int name_container(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	struct container *container = &draft->container;
	if (draft->purpose == RUN_DRAFT_EXPLAIN)
		snprintf(container->id, sizeof(container->id), "ID");
	else
		id_new(container->id);
	if (options->name != NULL && !id_is_name(options->name))
		return err_set(err, ERR_INVALID,
			       "invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are "
			       "allowed, at least two of them",
			       options->name);
	char random_name[ID_NAME_SIZE];
	id_new_name(random_name);
	container->name = mem_strdup(options->name != NULL ? options->name : random_name);
	container->created_ns = clock_realtime_ns();
	container->is_throwaway = options->is_throwaway;
	strv_add_all(&container->labels, &options->labels);
	draft->run_dir = mem_printf("%s/containers/%s", draft->engine->store.run_path,
				    container->id);
	return 0;
}

/*
 * On v2 systemd takes the controllers that no unit of its own needs away from the children of the
 * root at every reload, and their limits with them. A cgroup between that passes them on holds
 * them (the kernel refuses with EBUSY); it stays when its containers are gone.
 */
static const char *default_parent(const struct run_draft *draft)
{
	return draft->boot.is_cgroup_v2 ? "/onggi/" : "/onggi-";
}

static int choose_cgroup(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	struct spec *spec = &draft->spec;
	draft->container.cgroup_path = mem_strdup("");
	if (!run_draft_isolates(draft, ISOLATE_CGROUP))
		return 0;
	if (cgroup_layout_detect(NULL, &draft->cgroups, err) < 0)
		return -1;
	draft->boot.is_cgroup_v2 = draft->cgroups.mode == CGROUP_V2;
	if (draft->cgroups.mode == CGROUP_NONE && draft->purpose == RUN_DRAFT_RUN)
		return err_set(err, ERR_UNSUPPORTED, "no writable cgroup hierarchy is mounted");
	/* To those who may not write there, what root would do is explained. */
	if (draft->cgroups.mode == CGROUP_NONE)
		draft->boot.is_cgroup_v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	spec->has_cgroup = true;
	const char *parent = options->cgroup_parent != NULL ? options->cgroup_parent : "";
	size_t len = strlen(parent);
	while (len > 0 && parent[len - 1] == '/')
		len--;
	spec->cgroups_path = parent[0] != '\0'
				     ? mem_printf("%s%.*s/%s", parent[0] == '/' ? "" : "/",
						  (int)len, parent, draft->container.id)
				     : mem_printf("%s%s", default_parent(draft),
						  draft->container.id);
	free(draft->container.cgroup_path);
	draft->container.cgroup_path = mem_strdup(spec->cgroups_path);
	return 0;
}

static int fill(struct run_draft *draft, struct err *err)
{
	if (run_draft_check(draft, err) < 0 || name_container(draft, err) < 0 ||
	    choose_root(draft, err) < 0 || choose_cgroup(draft, err) < 0)
		return -1;
	if (run_draft_process(draft, err) < 0 || run_draft_namespaces(draft, err) < 0 ||
	    run_draft_security(draft, err) < 0 || run_draft_mounts(draft, err) < 0)
		return -1;
	draft->container.details_json = run_draft_details(draft);
	return 0;
}

int run_draft_make(struct engine *engine, const struct run_options *options,
		   enum run_draft_purpose purpose, struct run_draft *out, struct err *err)
{
	*out = (struct run_draft){
		.engine = engine, .options = options, .purpose = purpose, .userns_slot_fd = -1
	};
	spec_init(&out->spec);
	if (fill(out, err) == 0)
		return 0;
	run_draft_done(out);
	return -1;
}

void run_draft_done(struct run_draft *draft)
{
	if (draft->has_image)
		image_done(&draft->image);
	container_done(&draft->container);
	spec_done(&draft->spec);
	strv_done(&draft->lower);
	free(draft->upper);
	free(draft->work);
	free(draft->run_dir);
	free(draft->user);
	free(draft->seccomp_profile);
	fd_close(&draft->userns_slot_fd);
	memset(draft, 0, sizeof(*draft));
	draft->userns_slot_fd = -1;
}
