/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of an image, side by side. Each has a worker and a staging directory of its own; they
 * start bottom first and are committed bottom to top. A layer that asks what is below it stands
 * still until the lower ones are committed. The lowest that is not committed never stands still,
 * and it has always begun, so nothing waits in a circle.
 */
#include "engine/unpacking.h"

#include "base/mem.h"
#include "store/layer.h"
#include "sys/fd.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Layers that are read at once: two for each CPU, within these. With less it would be idle while
 * one waits for the network, and while we wait for the disk in a commit. */
#define BUSY_MIN  4u
#define BUSY_MAX  8u
#define ALIVE_MAX 16u /* with those that stand still */

struct set;

struct slot {
	struct set *set;
	size_t index;
	enum unpacking_state state;
	char chain_id[DIGEST_HEX_SIZE];
	char *name; /* of a layer that is there */
	struct unpack_job *job;
	struct unpack_totals totals;
	struct layer_staging staging;
};

struct set {
	const struct unpacking *unpacking;
	const struct engine *engine;
	const struct unpacking_hooks *hooks;
	const struct strv *diff_ids;
	struct unpacking_stack *stack;
	struct slot *slots;
	size_t done;    /* so many, from the bottom, are on the stack */
	size_t started; /* so many, from the bottom, have begun or are there */
	size_t busy_max;
};

static void tell(struct slot *slot, uint64_t done_bytes)
{
	const struct unpacking_hooks *hooks = slot->set->hooks;
	if (hooks->progress != NULL)
		hooks->progress(hooks->arg, slot->index, slot->state, done_bytes);
}

static void enter_state(struct slot *slot, enum unpacking_state state)
{
	slot->state = state;
	tell(slot, 0);
}

static void tell_bytes(void *arg, uint64_t done_bytes)
{
	tell(arg, done_bytes);
}

static int layer_failed(const struct slot *slot, struct err *err)
{
	return err_context(err, "layer %.12s", slot->set->diff_ids->items[slot->index]);
}

/* A worker may have failed because its source did: then that is what happened. */
static int worker_failed(const struct slot *slot, struct err *err)
{
	const struct unpacking_hooks *hooks = slot->set->hooks;
	struct err source = { 0 };
	bool is_source = (hooks->has_fd && hooks->step(hooks->arg, &source) < 0) ||
			 (hooks->check != NULL &&
			  hooks->check(hooks->arg, slot->index, &source) < 0);
	if (is_source && err_is_set(&source) && err != NULL)
		*err = source;
	return layer_failed(slot, err);
}

/* --- begin --- */

static int start_job(struct slot *slot, struct unpack_layer *layer, struct err *err)
{
	const struct set *set = slot->set;
	struct unpack_run run = { .worker_path = set->unpacking->run.worker_path,
				  .progress = tell_bytes,
				  .arg = slot };
	if (layer_stage(&set->engine->store, &slot->staging, err) < 0)
		return -1;
	layer->diff_id = set->diff_ids->items[slot->index];
	layer->dir_fd = slot->staging.dir_fd;
	layer->recipe_fd = slot->staging.recipe_fd;
	layer->lower_fd = -1;
	layer->has_lower_later = slot->index > 0;
	slot->job = unpack_job_start(&run, layer, err);
	return slot->job != NULL ? 0 : -1;
}

static int start_slot(struct slot *slot, struct err *err)
{
	const struct unpacking_hooks *hooks = slot->set->hooks;
	struct unpack_layer layer = { .blob_fd = -1 };
	if (slot->state == UNPACKING_IS_THERE)
		return 0;
	enter_state(slot, UNPACKING_RUNS);
	int rc = hooks->open(hooks->arg, slot->index, &layer, err);
	if (rc == 0)
		rc = start_job(slot, &layer, err);
	fd_close(&layer.blob_fd); /* the worker has it: when it goes, the source must see that */
	return rc < 0 ? layer_failed(slot, err) : 0;
}

static bool may_start(const struct set *set)
{
	size_t alive = 0, busy = 0;
	for (size_t i = set->done; i < set->started; i++) {
		const struct unpack_job *job = set->slots[i].job;
		alive += job != NULL;
		busy += job != NULL && !unpack_job_waits(job);
	}
	return alive < ALIVE_MAX && busy < set->busy_max;
}

static int start_more(struct set *set, struct err *err)
{
	while (set->started < set->diff_ids->len && may_start(set))
		if (start_slot(&set->slots[set->started++], err) < 0)
			return -1;
	return 0;
}

/* --- end --- */

static void push(struct slot *slot, char *name)
{
	struct unpacking_stack *stack = slot->set->stack;
	strv_add_take(&stack->names, name);
	memcpy(stack->chain_id, slot->chain_id, sizeof(stack->chain_id));
	slot->set->done++;
}

static int commit(struct slot *slot, struct err *err)
{
	const struct set *set = slot->set;
	char *name = layer_commit(&set->engine->store, &slot->staging, slot->chain_id,
				  slot->totals.diff_id, slot->totals.bytes, err);
	if (name == NULL)
		return layer_failed(slot, err);
	push(slot, name);
	enter_state(slot, UNPACKING_IS_DONE);
	return 0;
}

static int show_below(struct slot *slot, struct err *err)
{
	const struct set *set = slot->set;
	AUTO_FD view_fd = unpacking_view(&set->engine->store, &set->stack->names, err);
	if (view_fd < 0)
		return err_context(err, "show the layers below");
	return unpack_job_show_below(slot->job, view_fd, err) < 0 ? layer_failed(slot, err) : 0;
}

/* Bring the lowest layer that is not on the stack forward. @return 1 it is on it now, 0, -1 */
static int advance(struct set *set, struct err *err)
{
	const struct unpacking_hooks *hooks = set->hooks;
	struct slot *slot = &set->slots[set->done];
	if (slot->state == UNPACKING_IS_THERE) {
		push(slot, ptr_take(&slot->name));
		return 1;
	}
	if (slot->job != NULL && unpack_job_waits(slot->job))
		return show_below(slot, err);
	if (slot->state != UNPACKING_IS_FILLED)
		return 0;
	int rc = hooks->check != NULL ? hooks->check(hooks->arg, slot->index, err) : 1;
	if (rc <= 0)
		return rc < 0 ? layer_failed(slot, err) : 0;
	return commit(slot, err) < 0 ? -1 : 1;
}

static int advance_all(struct set *set, struct err *err)
{
	int rc = 1;
	while (rc > 0 && set->done < set->diff_ids->len)
		rc = advance(set, err);
	return rc < 0 ? -1 : 0;
}

/* --- in between --- */

static int step_slot(struct slot *slot, struct err *err)
{
	int rc = unpack_job_step(slot->job, err);
	if (rc < 0)
		return worker_failed(slot, err);
	if (rc == 0)
		return 0;
	slot->totals = *unpack_job_totals(slot->job);
	unpack_job_free(ptr_take(&slot->job));
	enter_state(slot, UNPACKING_IS_FILLED);
	return 0;
}

/* Wait until there is something to do, and do what is not the layers' order. */
static int step_all(struct set *set, struct err *err)
{
	const struct unpacking_hooks *hooks = set->hooks;
	struct pollfd fds[ALIVE_MAX + 1];
	struct slot *slots[ALIVE_MAX];
	size_t len = 0;
	for (size_t i = set->done; i < set->started; i++) {
		if (set->slots[i].job == NULL)
			continue;
		slots[len] = &set->slots[i];
		fds[len++] = unpack_job_pollfd(set->slots[i].job);
	}
	fds[len] = (struct pollfd){ .fd = hooks->has_fd ? hooks->fd : -1, .events = POLLIN };
	if (poll(fds, len + 1, -1) < 0)
		return errno == EINTR ? 0 : err_sys(err, "wait for the unpack workers");
	if (fds[len].revents != 0 && hooks->step(hooks->arg, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		if (fds[i].revents != 0 && step_slot(slots[i], err) < 0)
			return -1;
	return 0;
}

static void find_layers(struct set *set)
{
	const char *below = "";
	for (size_t i = 0; i < set->diff_ids->len; i++) {
		struct slot *slot = &set->slots[i];
		slot->set = set;
		slot->index = i;
		slot->staging = (struct layer_staging){ .dir_fd = -1,
							.recipe_fd = -1,
							.lock_fd = -1 };
		layer_chain_id(below, set->diff_ids->items[i], slot->chain_id);
		below = slot->chain_id;
		slot->name = layer_find(&set->engine->store, slot->chain_id);
		if (slot->name != NULL)
			enter_state(slot, UNPACKING_IS_THERE);
	}
}

static size_t choose_busy_max(void)
{
	cpu_set_t cpus;
	size_t count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? 2 * (size_t)CPU_COUNT(&cpus)
								      : BUSY_MIN;
	return count < BUSY_MIN ? BUSY_MIN : count > BUSY_MAX ? BUSY_MAX : count;
}

int unpacking_layers(const struct unpacking *unpacking, const struct engine *engine,
		     const struct strv *diff_ids, const struct unpacking_hooks *hooks,
		     struct unpacking_stack *stack, struct err *err)
{
	struct set set = {
		.unpacking = unpacking,
		.engine = engine,
		.hooks = hooks,
		.diff_ids = diff_ids,
		.stack = stack,
		.slots = mem_alloc(diff_ids->len + 1, sizeof(*set.slots)),
		.busy_max = choose_busy_max(),
	};
	int rc = 0;
	/* What killed ones left, perhaps of this very image. A failure here is not ours to report.
	 */
	store_sweep_staging(&engine->store, NULL);
	find_layers(&set);
	while (rc == 0) {
		rc = start_more(&set, err);
		if (rc == 0)
			rc = advance_all(&set, err);
		if (rc < 0 || set.done == diff_ids->len)
			break;
		rc = step_all(&set, err);
	}
	for (size_t i = 0; i < diff_ids->len; i++) {
		unpack_job_free(set.slots[i].job);
		layer_abort(&engine->store, &set.slots[i].staging);
		free(set.slots[i].name);
	}
	free(set.slots);
	return rc;
}
