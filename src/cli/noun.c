/* SPDX-License-Identifier: Apache-2.0 */
/* Nouns: the verbs that Docker's users find under them. */
#include "cli/verb.h"

#include <stdlib.h>
#include <string.h>

const struct verb_noun verb_nouns[] = {
	{ "builder", NULL, "build prune" },
	{ "buildx", NULL, "bake build create du inspect ls prune rm use version" },
	{ "checkpoint", NULL, "create ls rm" },
	{ "compose", NULL, "up down ps logs build pull start stop restart run exec config" },
	{ "container", "containers",
	  "attach cp create exec kill logs pause port prune rename restart start stats stop top "
	  "unpause update wait" },
	{ "context", NULL, "create export import inspect ls rm show update use" },
	{ "image", "images", "build push" },
	{ "manifest", NULL, "annotate create inspect push rm" },
	{ "network", NULL, "connect create disconnect inspect ls prune rm" },
	{ "system", "the whole of it", "dial-stdio events prune" },
	{ "volume", NULL, "create inspect ls prune rm update" },
	{ 0 },
};

const struct verb_noun *verb_noun_find(const char *name)
{
	for (const struct verb_noun *noun = verb_nouns; noun->name != NULL; noun++)
		if (strcmp(noun->name, name) == 0)
			return noun;
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct verb_member *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static void add(struct verb_member *members, size_t *len, const char *name, const struct verb *verb)
{
	if (*len < VERB_MEMBERS_MAX)
		members[(*len)++] = (struct verb_member){ name, verb };
}

size_t verb_noun_members(const struct verb_noun *noun, struct verb_member out[VERB_MEMBERS_MAX])
{
	size_t len = 0, word = strlen(noun->name);
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++)
		if (strncmp((*verb)->name, noun->name, word) == 0 && (*verb)->name[word] == ' ')
			add(out, &len, (*verb)->name + word + 1, *verb);
	for (const struct verb_alias *alias = verb_aliases; alias->name != NULL; alias++)
		if (alias->noun != NULL && strcmp(alias->noun, noun->name) == 0)
			add(out, &len, alias->name, verb_find(alias->verb));
	qsort(out, len, sizeof(*out), by_name);
	return len;
}
