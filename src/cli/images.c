/* SPDX-License-Identifier: Apache-2.0 */
/* onggi images: the images there are, one row for each name. */
#include "base/json.h"
#include "base/mem.h"
#include "cli/listing.h"
#include "cli/verb.h"
#include "format/bytes.h"
#include "format/reference.h"

#include <fnmatch.h>
#include <json-c/json.h>
#include <string.h>

struct images_input {
	bool all, digests, no_trunc, quiet;
	char *format;
	struct strv filters;
};

static void images_done(void *pointer)
{
	struct images_input *input = pointer;
	free(input->format);
	strv_done(&input->filters);
}

/* A name taken apart for the columns. */
struct image_name {
	char *repository, *tag; /* owned; "<none>" where there is nothing */
	const char *full;       /* borrowed; NULL without a name */
};

static void image_name_done(struct image_name *name)
{
	free(name->repository);
	free(name->tag);
}

static void image_name_split(const char *full, struct image_name *out)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	*out = (struct image_name){ .full = full };
	if (full == NULL || reference_parse(full, &reference, NULL) < 0) {
		out->repository = mem_strdup(full != NULL ? full : "<none>");
		out->tag = mem_strdup("<none>");
		return;
	}
	out->tag = mem_strdup(reference.tag != NULL ? reference.tag : "<none>");
	char *short_name = reference_familiar(&reference);
	/* The last colon behind the last slash begins the tag. */
	char *slash = strrchr(short_name, '/');
	char *colon = strchr(slash != NULL ? slash : short_name, ':');
	if (colon != NULL)
		*colon = '\0';
	char *at = strchr(short_name, '@');
	if (at != NULL)
		*at = '\0';
	out->repository = short_name;
}

struct images_subject {
	const struct image *image;
	const struct image_name *name;
};

static bool match_dangling(const void *object, const char *value)
{
	const struct images_subject *subject = object;
	bool wants_dangling = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
	return wants_dangling == (subject->name->full == NULL);
}

static bool match_label(const void *object, const char *value)
{
	const struct images_subject *subject = object;
	return filter_matches_label(&subject->image->config.labels, value);
}

/* A pattern for the repository, or for repository:tag. */
static bool match_reference(const void *object, const char *value)
{
	const struct images_subject *subject = object;
	AUTO_FREE char *whole = mem_printf("%s:%s", subject->name->repository, subject->name->tag);
	return fnmatch(value, subject->name->repository, FNM_PATHNAME) == 0 ||
	       fnmatch(value, whole, FNM_PATHNAME) == 0 ||
	       (subject->name->full != NULL && strcmp(subject->name->full, value) == 0);
}

static void add_row(struct json_object *rows, const struct image *image,
		    const struct image_name *name, const struct images_input *input)
{
	char size[BYTES_TEXT_SIZE];
	AUTO_FREE char *id = input->no_trunc ? mem_printf("sha256:%s", image->id)
					     : mem_strndup(image->id, ID_SHORT_LEN);
	bytes_format_decimal(image->size_bytes, size);
	struct json_object *row = listing_add_row(rows, &image->config.labels);
	listing_set(row, "Containers", "N/A");
	listing_set_time(row, "CreatedSince", "CreatedAt", image->created_ns);
	listing_set(row, "Digest", "<none>");
	listing_set(row, "ID", id);
	listing_set(row, "Repository", name->repository);
	listing_set(row, "SharedSize", "N/A");
	listing_set(row, "Size", size);
	listing_set(row, "Tag", name->tag);
	listing_set(row, "UniqueSize", "N/A");
}

static struct json_object *collect(const struct images_input *input, const struct image_list *list,
				   const char *repository)
{
	struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < list->len; i++) {
		const struct image *image = &list->items[i];
		size_t names = image->names.len > 0 ? image->names.len : 1;
		for (size_t k = 0; k < names; k++) {
			AUTO(struct image_name, image_name_done) name = { 0 };
			image_name_split(image->names.len > 0 ? image->names.items[k] : NULL,
					 &name);
			struct images_subject subject = { image, &name };
			if ((repository != NULL && !match_reference(&subject, repository)) ||
			    !filter_any(&input->filters, "reference", match_reference, &subject) ||
			    !filter_any(&input->filters, "dangling", match_dangling, &subject) ||
			    !filter_all(&input->filters, "label", match_label, &subject))
				continue;
			add_row(rows, image, &name, input);
			if (input->quiet) /* one id for all its names */
				break;
		}
	}
	return rows;
}

static const struct listing_field fields[] = {
	{ "Repository", "REPOSITORY" },
	{ "Tag", "TAG" },
	{ "Digest", "DIGEST" },
	{ "ID", "IMAGE ID" },
	{ "CreatedSince", "CREATED" },
	{ "CreatedAt", "CREATED AT" },
	{ "Size", "SIZE" },
	{ "Containers", "CONTAINERS" },
	{ "SharedSize", "SHARED SIZE" },
	{ "UniqueSize", "UNIQUE SIZE" },
	{ 0 },
};
static const char *const columns[] = { "Repository", "Tag", "ID", "CreatedSince", "Size", NULL };
static const char *const columns_digests[] = { "Repository",   "Tag",  "Digest", "ID",
					       "CreatedSince", "Size", NULL };
static const char *const flexible[] = { "Repository", "Tag", NULL };

static int images_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct images_input *input = pointer;
	if (filter_check(&input->filters, "dangling label reference", err) < 0)
		return -1;
	struct engine *engine = cli_engine(cli, err);
	AUTO(struct image_list, image_list_done) list = { 0 };
	if (engine == NULL || image_list(&engine->store, &list, err) < 0)
		return -1;
	struct listing listing = { fields, input->digests ? columns_digests : columns, flexible };
	AUTO_JSON struct json_object *rows = collect(input, &list,
						     operands->len > 0 ? operands->items[0] : NULL);
	return listing_print(&listing, rows, input->quiet ? "{{.ID}}" : input->format, err);
}

#define AT(member) offsetof(struct images_input, member)
static const struct option_row rows[] = {
	{ .name = "all",
	  .letter = 'a',
	  .type = OPTION_FLAG,
	  .offset = AT(all),
	  .is_hidden = true,
	  .help = "There are no intermediate images" },
	{ .name = "digests",
	  .type = OPTION_FLAG,
	  .offset = AT(digests),
	  .help = "Show digests of manifests" },
	{ .name = "filter",
	  .letter = 'f',
	  .type = OPTION_LIST,
	  .argument = "name=value",
	  .offset = AT(filters),
	  .help = "Show only what matches: reference (a pattern), dangling (true or false), "
		  "label" },
	{ .name = "format",
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = AT(format),
	  .help = "table, table TEMPLATE, json, or a Go template: {{.Repository}} {{.ID}}" },
	{ .name = "no-trunc",
	  .type = OPTION_FLAG,
	  .offset = AT(no_trunc),
	  .help = "Show whole IDs" },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = OPTION_FLAG,
	  .offset = AT(quiet),
	  .help = "Show only IDs" },
	{ .name = "tree", .type = OPTION_REFUSED },
	{ 0 },
};

const struct verb verb_images = {
	.name = "images",
	.operands = "[REPOSITORY[:TAG]]",
	.summary = "List images",
	.details = "Templates know .Repository .Tag .ID .Digest .CreatedSince .CreatedAt .Size "
		   ".Containers .SharedSize .UniqueSize and .Label \"KEY\". Images that were "
		   "loaded or "
		   "imported have no digest of a manifest.",
	.examples = "  onggi images\n  onggi images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
	.options = { { rows } },
	.input_size = sizeof(struct images_input),
	.done = images_done,
	.operands_max = 1,
	.complete_operands = COMPLETE_IMAGES,
	.run = images_verb,
};
