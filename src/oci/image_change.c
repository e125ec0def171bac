/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/image_change.h"

#include "base/mem.h"
#include "format/instruction.h"

#include <stdlib.h>
#include <string.h>

static void list_replace(struct strv *list, struct strv *with)
{
	strv_done(list);
	*list = *with;
	memset(with, 0, sizeof(*with));
}

static void text_replace(char **member, const struct strv *args)
{
	free(*member);
	*member = mem_strdup(args->items[0]);
}

static void add_new(struct strv *list, const struct strv *more)
{
	for (size_t i = 0; i < more->len; i++)
		if (strv_find(list, more->items[i]) < 0)
			strv_add(list, more->items[i]);
}

/* Relative directories are below the present one. */
static void workdir_change(struct image_config *config, const char *dir)
{
	const char *base = config->working_dir != NULL ? config->working_dir : "/";
	bool has_slash = base[0] != '\0' && base[strlen(base) - 1] == '/';
	char *path = dir[0] == '/' ? mem_strdup(dir)
				   : mem_printf("%s%s%s", base, has_slash ? "" : "/", dir);
	free(config->working_dir);
	config->working_dir = path;
}

static void apply(struct image_config *config, struct instruction *change)
{
	struct strv *args = &change->args;
	switch (change->kind) {
	case INSTRUCTION_CMD:
		list_replace(&config->cmd, args);
		break;
	case INSTRUCTION_ENTRYPOINT:
		list_replace(&config->entrypoint, args);
		break;
	case INSTRUCTION_ENV:
		for (size_t i = 0; i < args->len; i++)
			strv_env_set(&config->env, args->items[i]);
		break;
	case INSTRUCTION_LABEL:
		for (size_t i = 0; i < args->len; i++)
			strv_env_set(&config->labels, args->items[i]);
		break;
	case INSTRUCTION_EXPOSE:
		add_new(&config->exposed_ports, args);
		break;
	case INSTRUCTION_VOLUME:
		add_new(&config->volumes, args);
		break;
	case INSTRUCTION_STOPSIGNAL:
		text_replace(&config->stop_signal, args);
		break;
	case INSTRUCTION_USER:
		text_replace(&config->user, args);
		break;
	case INSTRUCTION_WORKDIR:
		workdir_change(config, args->items[0]);
		break;
	}
}

int image_change_apply(struct image_config *config, const char *instruction, struct err *err)
{
	AUTO(struct instruction, instruction_done) change = { 0 };
	if (instruction_parse(instruction, &change, err) < 0)
		return -1;
	if (change.args.len == 0 && change.kind != INSTRUCTION_CMD &&
	    change.kind != INSTRUCTION_ENTRYPOINT)
		return err_set(err, ERR_INVALID, "nothing in '%s'", instruction);
	apply(config, &change);
	return 0;
}
