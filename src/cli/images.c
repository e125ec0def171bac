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

/* A row: a name taken apart for the columns. */
struct image_name {
	char *repository, *tag; /* owned; "<none>" where there is nothing */
	const char *full;       /* borrowed; NULL without a tag */
	const char *digest;     /* "sha256:...", borrowed; NULL: there is none, or nobody asked */
};

static void image_name_done(struct image_name *name)
{
	free(name->repository);
	free(name->tag);
}

/* "docker.io/library/debian:12" or "...@sha256:..." as the short name of the repository. */
static char *repository_of(const char *full)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	if (reference_parse(full, &reference, NULL) < 0)
		return mem_strdup(full);
	char *short_name = reference_familiar(&reference);
	/* The last colon behind the last slash begins the tag. */
	char *slash = strrchr(short_name, '/');
	char *tail = slash != NULL ? slash : short_name;
	tail[strcspn(tail, ":@")] = '\0';
	return short_name;
}

static void image_name_split(const char *full, const char *digest, struct image_name *out)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	bool is_name = full != NULL && reference_parse(full, &reference, NULL) == 0;
	*out = (struct image_name){
		.full = full,
		.digest = digest,
		.repository = full != NULL ? repository_of(full) : mem_strdup("<none>"),
		.tag = mem_strdup(is_name && reference.tag != NULL ? reference.tag : "<none>"),
	};
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

/* "debian@sha256:...": does the repository of the row know the image by that digest? */
static bool match_digest(const struct images_subject *subject, const char *value)
{
	for (size_t i = 0; i < subject->image->digests.len; i++) {
		const char *full = subject->image->digests.items[i];
		AUTO_FREE char *repository = repository_of(full);
		AUTO_FREE char *short_name = mem_printf("%s%s", repository, strchr(full, '@'));
		if (strcmp(repository, subject->name->repository) == 0 &&
		    (strcmp(short_name, value) == 0 || strcmp(full, value) == 0))
			return true;
	}
	return false;
}

/* A pattern for the repository, or for repository:tag; or a name with a digest. */
static bool match_reference(const void *object, const char *value)
{
	const struct images_subject *subject = object;
	if (strchr(value, '@') != NULL)
		return match_digest(subject, value);
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
	listing_set(row, "Digest", name->digest != NULL ? name->digest : "<none>");
	listing_set(row, "ID", id);
	listing_set(row, "Repository", name->repository);
	listing_set(row, "SharedSize", "N/A");
	listing_set(row, "Size", size);
	listing_set(row, "Tag", name->tag);
	listing_set(row, "UniqueSize", "N/A");
}

struct images_query {
	const struct images_input *input;
	const char *repository; /* operand, or NULL */
	bool wants_digests;     /* a row for each of a repository's digests */
	struct json_object *rows;
};

/* @return whether it is shown */
static bool add_if_wanted(const struct images_query *query, const struct image *image,
			  struct image_name *name)
{
	const struct strv *filters = &query->input->filters;
	struct images_subject subject = { image, name };
	bool is_wanted = (query->repository == NULL ||
			  match_reference(&subject, query->repository)) &&
			 filter_any(filters, "reference", match_reference, &subject) &&
			 filter_any(filters, "dangling", match_dangling, &subject) &&
			 filter_all(filters, "label", match_label, &subject);
	if (is_wanted)
		add_row(query->rows, image, name, query->input);
	image_name_done(name);
	return is_wanted;
}

/* The digests of the repository that `full` is in, "sha256:..." (borrowed by the list's strings).
 */
static size_t add_digests(const struct images_query *query, const struct image *image,
			  const char *full, struct strv *out)
{
	AUTO_FREE char *repository = repository_of(full);
	for (size_t i = 0; query->wants_digests && i < image->digests.len; i++) {
		const char *item = image->digests.items[i];
		AUTO_FREE char *other = repository_of(item);
		if (strcmp(repository, other) == 0)
			strv_add(out, strchr(item, '@') + 1);
	}
	return out->len;
}

/* A name and its digests. @return whether something is shown */
static bool collect_name(const struct images_query *query, const struct image *image,
			 const char *full)
{
	AUTO(struct strv, strv_done) digests = { 0 };
	struct image_name name;
	bool is_shown = false;
	size_t len = add_digests(query, image, full, &digests);
	for (size_t i = 0; i < (len > 0 ? len : 1); i++) {
		image_name_split(full, len > 0 ? digests.items[i] : NULL, &name);
		is_shown = add_if_wanted(query, image, &name) || is_shown;
	}
	return is_shown;
}

/* A repository that knows the image by digest alone: no tag of it is there. */
static bool collect_untagged(const struct images_query *query, const struct image *image,
			     struct strv *seen, const char *full)
{
	AUTO_FREE char *repository = repository_of(full);
	if (!query->wants_digests && strv_find(seen, repository) >= 0)
		return false;
	for (size_t i = 0; i < image->names.len; i++) {
		AUTO_FREE char *other = repository_of(image->names.items[i]);
		if (strcmp(other, repository) == 0)
			return false;
	}
	struct image_name name = {
		.digest = query->wants_digests ? strchr(full, '@') + 1 : NULL,
		.repository = mem_strdup(repository),
		.tag = mem_strdup("<none>"),
	};
	strv_add(seen, repository);
	return add_if_wanted(query, image, &name);
}

static void collect_image(const struct images_query *query, const struct image *image)
{
	AUTO(struct strv, strv_done) seen = { 0 };
	struct image_name name;
	bool is_one = query->input->quiet; /* one id for all its names */
	if (image->names.len == 0 && image->digests.len == 0) {
		image_name_split(NULL, NULL, &name);
		add_if_wanted(query, image, &name);
		return;
	}
	for (size_t i = 0; i < image->names.len; i++)
		if (collect_name(query, image, image->names.items[i]) && is_one)
			return;
	for (size_t i = 0; i < image->digests.len; i++)
		if (collect_untagged(query, image, &seen, image->digests.items[i]) && is_one)
			return;
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
	AUTO_JSON struct json_object *rows = json_object_new_array();
	struct images_query query = {
		.input = input,
		.repository = operands->len > 0 ? operands->items[0] : NULL,
		.wants_digests = input->digests || (input->format != NULL &&
						    strstr(input->format, ".Digest") != NULL),
		.rows = rows,
	};
	for (size_t i = 0; i < list.len; i++)
		collect_image(&query, &list.items[i]);
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
	.operands = "[REPOSITORY[:TAG|@DIGEST]]",
	.summary = "List images",
	.details = "Templates know .Repository .Tag .ID .Digest .CreatedSince .CreatedAt .Size "
		   ".Containers .SharedSize .UniqueSize and .Label \"KEY\". Images that were "
		   "loaded or imported have no digest of a manifest. An image that was pulled by "
		   "digest has no tag; it is found by NAME@sha256:... all the same.",
	.examples = "  onggi images\n  onggi images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
	.options = { { rows } },
	.input_size = sizeof(struct images_input),
	.done = images_done,
	.operands_max = 1,
	.complete_operands = COMPLETE_IMAGES,
	.run = images_verb,
};
