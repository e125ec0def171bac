/* SPDX-License-Identifier: Apache-2.0 */
/* onggi pull: an image from a registry, or all of a repository. */
#include "cli/pull.h"

#include "base/mem.h"
#include "cli/output.h"
#include "cli/pull_screen.h"
#include "cli/verb.h"
#include "format/printable.h"
#include "sys/fd.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

struct pull_input {
	struct registry_flags flags; /* first: registry_flag_rows */
	bool all_tags, quiet;
	char *platform;
};

static void pull_input_done(void *pointer)
{
	struct pull_input *input = pointer;
	registry_flags_done(&input->flags);
	free(input->platform);
}

/* --- what is asked for --- */

/* "os/arch[/variant]", "os", or "arch": the parts stay in `text`, which is cut. */
static int split_platform(char *text, struct registry_platform *out, struct err *err)
{
	char *parts[3] = { text, NULL, NULL };
	size_t len = 1;
	for (char *slash = strchr(text, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		if (len == ARRAY_LEN(parts))
			return err_set(err, ERR_INVALID, "it has more than three parts");
		*slash = '\0';
		parts[len++] = slash + 1;
	}
	for (size_t i = 0; i < len; i++)
		if (parts[i][0] == '\0' ||
		    parts[i][strspn(parts[i], "abcdefghijklmnopqrstuvwxyz"
					      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] != '\0')
			return err_set(err, ERR_INVALID,
				       "it is not like linux/amd64 or linux/arm/v7");
	if (len == 1 && strcmp(parts[0], "linux") != 0)
		*out = (struct registry_platform){ .architecture = parts[0] };
	else
		*out = (struct registry_platform){ parts[0], parts[1], parts[2] };
	return 0;
}

static bool has_tag_or_digest(const char *name)
{
	const char *slash = strrchr(name, '/');
	return strpbrk(slash != NULL ? slash : name, ":@") != NULL;
}

/* --- what is said --- */

struct pull_session {
	const struct cli_pull *options;
	struct pull *pull;
	struct pull_screen screen;
};

static int say(const struct cli_pull *options, struct err *err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
static int say(const struct cli_pull *options, struct err *err, const char *fmt, ...)
{
	AUTO(struct buf, buf_done) line = { 0 };
	AUTO(struct buf, buf_done) out = { 0 };
	va_list ap;
	if (options->is_quiet)
		return 0;
	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	printable_add(&out, buf_str(&line), PRINTABLE_LINE); /* tags are a registry's */
	buf_add_char(&out, '\n');
	return fd_write_all(options->out_fd, buf_str(&out), out.len) < 0
		       ? err_sys(err, "write what is pulled")
		       : 0;
}

/* One image: "12: Pulling from library/debian" to "Digest: ...". */
static int pull_one(struct pull_session *session, const struct reference *reference, bool *is_new,
		    struct err *err)
{
	const struct cli_pull *options = session->options;
	struct pull_result result;
	AUTO_FREE char *full = reference_format(reference);
	const char *what = reference->digest != NULL ? full : reference->tag;
	if (say(options, err, "%s: Pulling from %s", what, reference->path) < 0)
		return -1;
	int rc = pull_image(session->pull, reference, &result, err);
	pull_screen_end(&session->screen);
	if (rc < 0)
		return err_context(err, "pull %s", full);
	*is_new = *is_new || result.is_new;
	return say(options, err, "Digest: sha256:%s", result.digest);
}

static int pull_all_tags(struct pull_session *session, struct reference *reference, bool *is_new,
			 struct err *err)
{
	AUTO(struct strv, strv_done) tags = { 0 };
	if (pull_tags(session->pull, &tags, err) < 0)
		return err_context(err, "list the tags of %s/%s", reference->domain,
				   reference->path);
	if (tags.len == 0)
		return err_set(err, ERR_NOT_FOUND, "%s/%s has no tags", reference->domain,
			       reference->path);
	for (size_t i = 0; i < tags.len; i++) {
		free(reference->tag);
		reference->tag = mem_strdup(tags.items[i]);
		if (pull_one(session, reference, is_new, err) < 0)
			return -1;
	}
	free(reference->tag);
	reference->tag = NULL;
	return 0;
}

/* Docker's two last lines. The very last one is said to the quiet, too. */
static int say_end(const struct cli_pull *options, const struct reference *reference, bool is_new,
		   struct err *err)
{
	AUTO_FREE char *full = reference_format(reference);
	AUTO_FREE char *shown = reference_familiar(reference);
	struct cli_pull loud = *options;
	loud.is_quiet = false;
	if (say(options, err,
		is_new ? "Status: Downloaded newer image for %s"
		       : "Status: Image is up to date for %s",
		shown) < 0)
		return -1;
	return say(&loud, err, "%s", full);
}

int cli_pull(struct engine *engine, const char *name, const struct cli_pull *options,
	     struct err *err)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	AUTO_FREE char *platform = mem_strdup(options->platform);
	bool is_new = false;
	if (options->all_tags && has_tag_or_digest(name))
		return err_set(err, ERR_INVALID, "tag can't be used with --all-tags/-a");
	if (reference_parse(name, &reference, err) < 0)
		return -1;
	struct pull_session session = { .options = options };
	pull_screen_init(&session.screen, options->out_fd, options->is_quiet);
	struct pull_options pull = {
		.reference = &reference,
		.registries = registry_flags_options(&options->flags),
		.watch = pull_screen_watch(&session.screen),
	};
	if (platform != NULL && split_platform(platform, &pull.platform, err) < 0)
		return err_context(err, "platform %s", options->platform);
	if (reference.digest != NULL) { /* Docker's: the digest says it all */
		free(reference.tag);
		reference.tag = NULL;
	}
	if (!options->all_tags && !has_tag_or_digest(name) &&
	    say(options, err, "Using default tag: latest") < 0)
		return -1;
	session.pull = pull_open(engine, &pull, err);
	if (session.pull == NULL)
		return -1;
	int rc = options->all_tags ? pull_all_tags(&session, &reference, &is_new, err)
				   : pull_one(&session, &reference, &is_new, err);
	pull_close(session.pull);
	pull_screen_done(&session.screen);
	return rc < 0 ? -1 : say_end(options, &reference, is_new, err);
}

static int pull_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct pull_input *input = pointer;
	const struct cli_pull options = {
		.flags = input->flags,
		.platform = input->platform,
		.all_tags = input->all_tags,
		.is_quiet = input->quiet,
		.out_fd = STDOUT_FILENO,
	};
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_recover(engine, err) < 0 ||
	    cli_pull(engine, operands->items[0], &options, err) < 0)
		return -1;
	return EXIT_OK;
}

static int set_content_trust(const struct option_row *row UNUSED, void *target UNUSED,
			     const char *value, struct err *err)
{
	static const char *const off[] = { "true", "1", "t" };
	for (size_t i = 0; i < ARRAY_LEN(off); i++)
		if (strcasecmp(value, off[i]) == 0)
			return 0;
	return err_set(err, ERR_UNSUPPORTED, "signatures of Docker Content Trust are not checked");
}

#define AT(member) offsetof(struct pull_input, member)
static const struct option_row rows[] = {
	{ .name = "all-tags",
	  .letter = 'a',
	  .type = OPTION_FLAG,
	  .offset = AT(all_tags),
	  .help = "Pull every tag of the repository" },
	{ .name = "disable-content-trust",
	  .type = OPTION_CUSTOM,
	  .argument = "bool",
	  .implied = "true",
	  .set = set_content_trust,
	  .is_hidden = true,
	  .help = "Accepted for compatibility" },
	{ .name = "platform",
	  .type = OPTION_STRING,
	  .argument = "platform",
	  .offset = AT(platform),
	  .help = "os/arch[/variant], where the image is there for several; by default this "
		  "machine's" },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = OPTION_FLAG,
	  .offset = AT(quiet),
	  .help = "Say only the name of what was pulled" },
	{ 0 },
};

const struct verb verb_pull = {
	.name = "pull",
	.operands = "NAME[:TAG|@DIGEST]",
	.summary = "Pull an image from a registry",
	.details =
		"A name without a host is one of docker.io. Layers are fetched and unpacked at the "
		"same time, several at once; those that are here already are not fetched. One "
		"worker process has the network and reads what the registry says, others unpack "
		"and have nothing; every digest and size is checked.\n\n"
		"An interrupted pull leaves whole layers, which the next one need not fetch again "
		"(onggi image prune takes them away), and nothing else.",
	.examples = "  onggi pull debian:12\n"
		    "  onggi pull --platform linux/arm64 busybox\n"
		    "  onggi pull registry.example:5000/team/app@sha256:...",
	.options = { { rows, registry_flag_rows } },
	.input_size = sizeof(struct pull_input),
	.done = pull_input_done,
	.operands_min = 1,
	.operands_max = 1,
	.complete_operands = COMPLETE_IMAGES,
	.run = pull_verb,
};
