/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs, their other names, and the names that Docker's users know and Onggi has not yet. */
#include "cli/verb.h"

#include <string.h>

const struct verb *const verb_table[] = {
	&verb_commit, &verb_completion, &verb_diff, &verb_explain, &verb_export, &verb_history,
	&verb_images, &verb_import,     &verb_info, &verb_inspect, &verb_load,   &verb_man,
	&verb_pack,   &verb_ps,         &verb_rm,   &verb_rmi,     &verb_run,    &verb_save,
	&verb_tag,    &verb_version,    NULL,
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
	{ "image", "remove", "rmi" },
	{ "image", "rm", "rmi" },
	{ "image", "save", "save" },
	{ "image", "tag", "tag" },
	{ "system", "info", "info" },
	{ NULL, "list", "ps" },
	{ NULL, "ls", "ps" },
	{ 0 },
};

/* Docker's words: with `verbs`, a noun; else a verb. They are refused by name. */
static const struct {
	const char *name, *verbs;
} unsupported[] = {
	{ "attach", NULL },
	{ "build", NULL },
	{ "builder", "build prune" },
	{ "buildx", "bake build create du inspect ls prune rm use version" },
	{ "checkpoint", "create ls rm" },
	{ "compose", "up down ps logs build pull start stop restart run exec config" },
	{ "container", "attach cp create exec kill logs pause port prune rename "
		       "restart start stats stop top unpause update wait" },
	{ "context", "create export import inspect ls rm show update use" },
	{ "cp", NULL },
	{ "create", NULL },
	{ "events", NULL },
	{ "exec", NULL },
	{ "image", "build prune pull push" },
	{ "kill", NULL },
	{ "login", NULL },
	{ "logout", NULL },
	{ "logs", NULL },
	{ "manifest", "annotate create inspect push rm" },
	{ "network", "connect create disconnect inspect ls prune rm" },
	{ "pause", NULL },
	{ "port", NULL },
	{ "pull", NULL },
	{ "push", NULL },
	{ "rename", NULL },
	{ "restart", NULL },
	{ "search", NULL },
	{ "start", NULL },
	{ "stats", NULL },
	{ "stop", NULL },
	{ "system", "df dial-stdio events prune" },
	{ "top", NULL },
	{ "unpause", NULL },
	{ "update", NULL },
	{ "volume", "create inspect ls prune rm update" },
	{ "wait", NULL },
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

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (const char *s = words; s != NULL && *s != '\0'; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");
		if (n == len && strncmp(s, word, len) == 0)
			return true;
		s += n;
	}
	return false;
}

static int refuse_verb(const char *noun, const char *name, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(unsupported); i++) {
		if (noun == NULL && strcmp(unsupported[i].name, name) == 0)
			return err_set(err, ERR_UNSUPPORTED, "'%s' is not yet supported", name);
		if (noun != NULL && strcmp(unsupported[i].name, noun) == 0 &&
		    has_word(unsupported[i].verbs, name))
			return err_set(err, ERR_UNSUPPORTED, "'%s %s' is not yet supported", noun,
				       name);
	}
	if (noun != NULL)
		return err_set(err, ERR_INVALID, "unknown command: onggi %s %s", noun, name);
	return err_set(err, ERR_INVALID, "unknown command: onggi %s", name);
}

static bool is_noun(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(unsupported); i++)
		if (unsupported[i].verbs != NULL && strcmp(unsupported[i].name, word) == 0)
			return true;
	return false;
}

/* "container" alone: say which commands there are. */
static int refuse_noun(const char *noun, struct err *err)
{
	AUTO(struct buf, buf_done) names = { 0 };
	for (const struct verb_alias *alias = verb_aliases; alias->name != NULL; alias++)
		if (alias->noun != NULL && strcmp(alias->noun, noun) == 0)
			buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", alias->name);
	if (names.len == 0)
		return err_set(err, ERR_UNSUPPORTED, "'%s' is not yet supported", noun);
	err_set(err, ERR_INVALID, "'onggi %s' needs a command", noun);
	return err_hint(err, "one of %s", buf_str(&names));
}

int verb_lookup(char *const *words, struct verb_match *out, struct err *err)
{
	const struct verb *verb = verb_find(words[0]);
	if (verb != NULL) {
		*out = (struct verb_match){ .verb = verb, .used = 1 };
		return 0;
	}
	const struct verb_alias *alias = alias_find(NULL, words[0]);
	size_t used = 1;
	if (alias == NULL && !is_noun(words[0]))
		return refuse_verb(NULL, words[0], err);
	if (alias == NULL && (words[1] == NULL || words[1][0] == '-'))
		return refuse_noun(words[0], err);
	if (alias == NULL) {
		used = 2;
		alias = alias_find(words[0], words[1]);
	}
	if (alias == NULL)
		return refuse_verb(words[0], words[1], err);
	*out = (struct verb_match){ .verb = verb_find(alias->verb),
				    .preset = alias->preset,
				    .used = used };
	return 0;
}

void verb_add_usage(struct buf *out, const struct verb *verb)
{
	buf_addf(out, "onggi %s [OPTIONS]", verb->name);
	if (verb->operands != NULL)
		buf_addf(out, " %s", verb->operands);
}
