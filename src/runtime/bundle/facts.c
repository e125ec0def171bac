/* SPDX-License-Identifier: Apache-2.0 */
/* state.json, written and read. What is absent is false, none or nothing. */
#include "runtime/bundle/facts.h"

#include "base/json.h"
#include "base/json_write.h"

#include <stdlib.h>

void facts_done(struct record_facts *facts)
{
	free(facts->oci_version);
	free(facts->bundle);
	free(facts->rootfs);
	free(facts->created);
	free(facts->cgroup_path);
	free(facts->class_group);
	scope_done(&facts->unit);
	strv_done(&facts->annotations);
	*facts = (struct record_facts){ 0 };
}

static void add_mark(struct buf *out, const char *key, const struct process_mark *mark)
{
	if (mark->pid == 0)
		return;
	json_add_key(out, key);
	buf_add_char(out, '{');
	json_add_int(out, "pid", mark->pid);
	json_add_uint(out, "startTicks", mark->start_ticks);
	buf_add_char(out, '}');
}

void facts_format(const struct record_facts *facts, const char *id, struct buf *out)
{
	buf_add_char(out, '{');
	json_add_str(out, "ociVersion", facts->oci_version);
	json_add_str(out, "id", id);
	json_add_str(out, "bundle", facts->bundle);
	json_add_str(out, "rootfs", facts->rootfs);
	json_add_str(out, "created", facts->created);
	json_add_uint(out, "owner", facts->owner);
	json_add_str(out, "cgroupsPath", facts->cgroup_path);
	json_add_str(out, "resctrlGroup", facts->class_group);
	json_add_str(out, "systemdUnit", facts->unit.unit);
	json_add_true(out, "systemdUser", facts->unit.is_user);
	add_mark(out, "init", &facts->init);
	add_mark(out, "monitor", &facts->monitor);
	json_add_true(out, "hasPoststart", facts->has_poststart);
	json_add_true(out, "hasPoststop", facts->has_poststop);
	json_add_true(out, "isRestored", facts->is_restored);
	json_add_true(out, "sharesPids", facts->shares_pids);
	json_add_true(out, "noPivot", facts->has_chroot);
	json_add_true(out, "noNewKeyring", facts->no_new_keyring);
	if (facts->annotations.len > 0)
		json_add_map(out, "annotations", &facts->annotations);
	buf_add_str(out, "}\n");
}

static int read_mark(const struct json_at *root, const char *key, struct process_mark *out,
		     struct err *err)
{
	struct json_at at;
	int64_t pid = 0;
	int found = json_get_object(root, key, &at, err);
	if (found <= 0)
		return found;
	if (json_need(json_get_int64(&at, "pid", &pid, err), &at, "pid", err) < 0 ||
	    json_need(json_get_uint64(&at, "startTicks", &out->start_ticks, err), &at, "startTicks",
		      err) < 0)
		return -1;
	if (pid <= 0 || pid > INT32_MAX)
		return json_err(&at, err, "no process id");
	out->pid = (pid_t)pid;
	return 1;
}

static int read_facts(const struct json_at *root, struct record_facts *out, struct err *err)
{
	uint32_t owner = 0;
	if (json_get_str(root, "ociVersion", &out->oci_version, err) < 0 ||
	    json_get_str(root, "bundle", &out->bundle, err) < 0 ||
	    json_get_str(root, "rootfs", &out->rootfs, err) < 0 ||
	    json_get_str(root, "created", &out->created, err) < 0 ||
	    json_get_str(root, "cgroupsPath", &out->cgroup_path, err) < 0 ||
	    json_get_str(root, "resctrlGroup", &out->class_group, err) < 0 ||
	    json_get_str(root, "systemdUnit", &out->unit.unit, err) < 0 ||
	    json_get_bool(root, "systemdUser", &out->unit.is_user, err) < 0 ||
	    json_get_uint32(root, "owner", &owner, err) < 0 ||
	    read_mark(root, "init", &out->init, err) < 0 ||
	    read_mark(root, "monitor", &out->monitor, err) < 0 ||
	    json_get_bool(root, "hasPoststart", &out->has_poststart, err) < 0 ||
	    json_get_bool(root, "hasPoststop", &out->has_poststop, err) < 0 ||
	    json_get_bool(root, "isRestored", &out->is_restored, err) < 0 ||
	    json_get_bool(root, "sharesPids", &out->shares_pids, err) < 0 ||
	    json_get_bool(root, "noPivot", &out->has_chroot, err) < 0 ||
	    json_get_bool(root, "noNewKeyring", &out->no_new_keyring, err) < 0 ||
	    json_get_map(root, "annotations", &out->annotations, err) < 0)
		return -1;
	out->owner = owner;
	return 0;
}

int facts_parse(const struct buf *text, const char *what, struct record_facts *out, struct err *err)
{
	AUTO(struct record_facts, facts_done) facts = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	struct json_source source = { .what = what, .max_bytes = FACTS_MAX_BYTES };
	if (json_parse_strict(buf_str(text), text->len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	if (read_facts(&root, &facts, err) < 0)
		return err_context(err, "%s", what);
	*out = facts;
	facts = (struct record_facts){ 0 };
	return 0;
}
