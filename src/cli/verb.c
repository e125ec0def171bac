/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs, their other names, and the names that Docker's users know and Onggi has not yet. What
 * goes with a noun is in noun.c. */
#include "cli/verb.h"

#include "base/mem.h"

#include <string.h>

const struct verb *const verb_table[] = {
	&verb_commit,      &verb_completion,
	&verb_diff,        &verb_explain,
	&verb_export,      &verb_history,
	&verb_image_mount, &verb_image_prune,
	&verb_image_tree,  &verb_image_unmount,
	&verb_images,      &verb_import,
	&verb_info,        &verb_inspect,
	&verb_load,        &verb_login,
	&verb_logout,      &verb_man,
	&verb_pack,        &verb_ps,
	&verb_pull,        &verb_rm,
	&verb_rmi,         &verb_run,
	&verb_save,        &verb_system_check,
	&verb_system_df,   &verb_tag,
	&verb_version,     NULL,
};

const struct verb_alias verb_aliases[] = {
	{ "container", "commit", "commit" },
	{ "container", "diff", "diff" },
	{ "container", "export", "export" },
	{ "container", "inspect", "inspect", "--type=container" },
	{ "container", "list", "ps" },
	{ "container", "ls", "ps" },
	{ "container", "ps", "ps" },
	{ "container", "remove", "rm" },
	{ "container", "rm", "rm" },
	{ "container", "run", "run" },
	{ "image", "history", "history" },
	{ "image", "import", "import" },
	{ "image", "inspect", "inspect", "--type=image" },
	{ "image", "list", "images" },
	{ "image", "load", "load" },
	{ "image", "ls", "images" },
	{ "image", "pull", "pull" },
	{ "image", "remove", "rmi" },
	{ "image", "rm", "rmi" },
	{ "image", "save", "save" },
	{ "image", "tag", "tag" },
	{ "image", "umount", "image unmount" },
	{ "system", "info", "info" },
	{ NULL, "list", "ps" },
	{ NULL, "ls", "ps" },
	{ 0 },
};

/* Docker's verbs that are not there yet: refused by name. */
static const char *const missing[] = {
	"attach", "build", "cp",   "create", "events",  "exec",    "kill",
	"logs",   "pause", "port", "push",   "rename",  "restart", "search",
	"start",  "stats", "stop", "top",    "unpause", "update",  "wait",
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++)
		if (strcmp((*verb)->name, name) == 0)
			return *verb;
	return NULL;
}

static const struct verb_alias *alias_find(const char *noun, const char *name)
{
	for (const struct verb_alias *alias = verb_aliases; alias->name != NULL; alias++) {
		bool same_noun = noun == NULL
					 ? alias->noun == NULL
					 : alias->noun != NULL && strcmp(alias->noun, noun) == 0;
		if (same_noun && strcmp(alias->name, name) == 0)
			return alias;
	}
	return NULL;
}

static int refuse_verb(const char *name, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(missing); i++)
		if (strcmp(missing[i], name) == 0)
			return err_set(err, ERR_UNSUPPORTED, "'%s' is not yet supported", name);
	return err_set(err, ERR_INVALID, "unknown command: onggi %s", name);
}

/* "image frobnicate" */
static int refuse_member(const struct verb_noun *noun, const char *name, struct err *err)
{
	AUTO(struct strv, strv_done) words = { 0 };
	if (noun->missing != NULL)
		strv_split(&words, noun->missing, ' ');
	if (strv_find(&words, name) >= 0)
		return err_set(err, ERR_UNSUPPORTED, "'%s %s' is not yet supported", noun->name,
			       name);
	return err_set(err, ERR_INVALID, "unknown command: onggi %s %s", noun->name, name);
}

/* "container" alone: say which commands there are. */
static int refuse_noun(const struct verb_noun *noun, struct err *err)
{
	struct verb_member members[VERB_MEMBERS_MAX];
	AUTO(struct buf, buf_done) names = { 0 };
	size_t len = verb_noun_members(noun, members);
	for (size_t i = 0; i < len; i++)
		buf_addf(&names, "%s%s", i > 0 ? ", " : "", members[i].name);
	if (len == 0)
		return err_set(err, ERR_UNSUPPORTED, "'%s' is not yet supported", noun->name);
	err_set(err, ERR_INVALID, "'onggi %s' needs a command", noun->name);
	return err_hint(err, "one of %s", buf_str(&names));
}

static int lookup_member(const struct verb_noun *noun, const char *name, struct verb_match *out,
			 struct err *err)
{
	if (name != NULL && noun->about != NULL &&
	    (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)) {
		*out = (struct verb_match){ .noun = noun, .used = 2 };
		return 0;
	}
	if (name == NULL || name[0] == '-')
		return refuse_noun(noun, err);
	AUTO_FREE char *whole = mem_printf("%s %s", noun->name, name);
	const struct verb *verb = verb_find(whole);
	const struct verb_alias *alias = verb == NULL ? alias_find(noun->name, name) : NULL;
	if (verb == NULL && alias == NULL)
		return refuse_member(noun, name, err);
	*out = (struct verb_match){ .verb = verb != NULL ? verb : verb_find(alias->verb),
				    .preset = alias != NULL ? alias->preset : NULL,
				    .used = 2 };
	return 0;
}

int verb_lookup(char *const *words, struct verb_match *out, struct err *err)
{
	const struct verb *verb = verb_find(words[0]);
	const struct verb_noun *noun = verb_noun_find(words[0]);
	const struct verb_alias *alias = alias_find(NULL, words[0]);
	if (verb == NULL && noun != NULL)
		return lookup_member(noun, words[1], out, err);
	if (verb == NULL && alias == NULL)
		return refuse_verb(words[0], err);
	*out = (struct verb_match){ .verb = verb != NULL ? verb : verb_find(alias->verb),
				    .preset = verb == NULL ? alias->preset : NULL,
				    .used = 1 };
	return 0;
}

void verb_add_usage(struct buf *out, const struct verb *verb)
{
	buf_addf(out, "onggi %s [OPTIONS]", verb->name);
	if (verb->operands != NULL)
		buf_addf(out, " %s", verb->operands);
}

void verb_add_page(struct buf *out, const struct verb *verb)
{
	buf_add_str(out, "onggi-");
	for (const char *s = verb->name; *s != '\0'; s++)
		buf_add_char(out, *s == ' ' ? '-' : *s);
}
