/* SPDX-License-Identifier: Apache-2.0 */
/* onggi system check: is what is stored whole? */
#include "engine/check.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "engine/engine.h"
#include "format/printable.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

struct check_input {
	bool deep, repair, quiet;
	char *format;
};

static void check_done(void *pointer)
{
	struct check_input *input = pointer;
	free(input->format);
}

static const char *const kinds[] = {
	[CHECK_IMAGE] = "image",         [CHECK_CONFIG] = "config",  [CHECK_MANIFEST] = "manifest",
	[CHECK_BLOB] = "blob",           [CHECK_NAME] = "name",      [CHECK_LAYER] = "layer",
	[CHECK_CONTAINER] = "container", [CHECK_LEFT_OVER] = "file",
};

static const char *const states[] = {
	[CHECK_DAMAGED] = "damaged",
	[CHECK_MISSING] = "missing",
	[CHECK_UNUSED] = "left over",
};

/* Ids are cut as everywhere; names and paths are not. */
static char *shown_id(const struct check_finding *finding)
{
	bool is_hex = finding->kind != CHECK_NAME && finding->kind != CHECK_LEFT_OVER &&
		      strspn(finding->id, "0123456789abcdef.") == strlen(finding->id);
	return is_hex ? mem_strndup(finding->id, ID_SHORT_LEN) : mem_strdup(finding->id);
}

/* "damaged: layer 0123456789ab of image 345 (debian:12): its checksum does not match" */
static void add_finding(struct buf *out, const struct check_finding *finding)
{
	AUTO(struct buf, buf_done) line = { 0 };
	AUTO_FREE char *id = shown_id(finding);
	buf_addf(&line, "%s: %s %s", states[finding->state], kinds[finding->kind], id);
	for (size_t i = 0; i < finding->belongs_to.len; i++)
		buf_addf(&line, "%s%s", i == 0 ? " of " : ", ", finding->belongs_to.items[i]);
	buf_addf(&line, ": %s", finding->problem);
	printable_add(out, buf_str(&line), PRINTABLE_LINE);
	if (finding->repair != NULL)
		buf_addf(out, "\n  repaired: %s", finding->repair);
	else if (finding->obstacle != NULL)
		buf_addf(out, "\n  not repaired: %s", finding->obstacle);
	buf_add_char(out, '\n');
}

static void count(const struct check_report *report, size_t by_state[3], size_t *out_repaired)
{
	for (size_t i = 0; i < report->len; i++) {
		by_state[report->items[i].state]++;
		*out_repaired += report->items[i].repair != NULL;
	}
}

static void add_summary(struct buf *out, const struct check_report *report, bool is_deep)
{
	size_t found[3] = { 0 }, repaired = 0;
	count(report, found, &repaired);
	buf_addf(out, "Checked: %zu images, %zu names, %zu layers%s, %zu containers\n",
		 report->images, report->names, report->layers,
		 is_deep ? " with all their files" : "", report->containers);
	buf_addf(out, "Found: %zu damaged, %zu missing, %zu left over", found[CHECK_DAMAGED],
		 found[CHECK_MISSING], found[CHECK_UNUSED]);
	if (repaired > 0)
		buf_addf(out, "; %zu repaired", repaired);
	buf_add_char(out, '\n');
}

static void put(struct json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, value != NULL ? json_object_new_string(value) : NULL);
}

static void put_count(struct json_object *object, const char *name, size_t value)
{
	json_object_object_add(object, name, json_object_new_uint64(value));
}

static struct json_object *facts_of(const struct check_report *report)
{
	struct json_object *facts = json_object_new_object();
	struct json_object *findings = json_object_new_array();
	json_object_object_add(facts, "Sound", json_object_new_boolean(check_is_sound(report)));
	put_count(facts, "Images", report->images);
	put_count(facts, "Names", report->names);
	put_count(facts, "Layers", report->layers);
	put_count(facts, "Containers", report->containers);
	for (size_t i = 0; i < report->len; i++) {
		const struct check_finding *finding = &report->items[i];
		struct json_object *item = json_object_new_object();
		struct json_object *owners = json_object_new_array();
		for (size_t k = 0; k < finding->belongs_to.len; k++)
			json_object_array_add(owners,
					      json_object_new_string(finding->belongs_to.items[k]));
		put(item, "State", states[finding->state]);
		put(item, "Type", kinds[finding->kind]);
		put(item, "ID", finding->id);
		json_object_object_add(item, "BelongsTo", owners);
		put(item, "Problem", finding->problem);
		put(item, "Repair", finding->repair);
		json_object_array_add(findings, item);
	}
	json_object_object_add(facts, "Findings", findings);
	return facts;
}

static int check_verb(struct cli *cli, void *pointer, const struct strv *operands UNUSED,
		      struct err *err)
{
	const struct check_input *input = pointer;
	struct check_options options = { .is_deep = input->deep, .repairs = input->repair };
	AUTO(struct check_report, check_report_done) report = { 0 };
	AUTO(struct buf, buf_done) text = { 0 };
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_check(engine, &options, &report, err) < 0)
		return -1;
	for (size_t i = 0; i < report.len; i++)
		add_finding(&text, &report.items[i]);
	if (!input->quiet)
		add_summary(&text, &report, input->deep);
	AUTO_JSON struct json_object *facts = facts_of(&report);
	if (facts_print(facts, buf_str(&text), input->format, err) < 0)
		return -1;
	return check_is_sound(&report) ? EXIT_OK : EXIT_FAILED;
}

#define AT(member) offsetof(struct check_input, member)
static const struct option_row rows[] = {
	{ .name = "deep",
	  .type = OPTION_FLAG,
	  .offset = AT(deep),
	  .help = "Read all files of all layers, too, and compare their digests" },
	{ .name = "format",
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = AT(format),
	  .help = "json, or a Go template: {{.Sound}} {{json .Findings}}" },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = OPTION_FLAG,
	  .offset = AT(quiet),
	  .help = "Print only what was found" },
	{ .name = "repair",
	  .letter = 'r',
	  .type = OPTION_FLAG,
	  .offset = AT(repair),
	  .help = "Move damaged objects away, so that they can be loaded or pulled again" },
	{ 0 },
};

const struct verb verb_system_check = {
	.name = "system check",
	.summary = "Find what is damaged or missing among images, layers and containers",
	.details =
		"Records have checksums, configs and manifests have digests; layers have to have "
		"their parts and to follow from each other, names and containers to lead to "
		"images. Each finding is printed with what it belongs to. With --deep every layer "
		"is put together again as the archive it came in, and the digest of that is "
		"compared: a changed or lost file is found, but not one that was added.\n\n"
		"Without --repair nothing is changed. With it, records that can be made again "
		"are, other damaged objects are moved to the directory quarantine/ of the store, "
		"and names that lead nowhere are removed; nothing sound is touched, and nothing "
		"that a running container stands on. The next load or pull of an image brings what "
		"it lacks, and only that.\n\n"
		"What is left over (layers that no image has, work of killed commands) is told, "
		"and is no damage.",
	.examples = "  onggi system check --deep\n"
		    "  onggi system check --repair && onggi load -i image.tar",
	.exit_status = "0 when all is whole, or was repaired; 1 when something is damaged or "
		       "missing, or the check itself failed; 125 when an option is wrong.",
	.options = { { rows } },
	.input_size = sizeof(struct check_input),
	.done = check_done,
	.run = check_verb,
};
