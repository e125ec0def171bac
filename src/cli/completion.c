/* SPDX-License-Identifier: Apache-2.0 */
/* onggi completion: scripts for bash, zsh and fish, made from the tables. */
#include "cli/output.h"
#include "cli/verb.h"

#include <string.h>

static bool is_offered(const struct option_row *row)
{
	return !row->is_hidden && row->type != OPTION_REFUSED;
}

static void add_verb_names(struct buf *out)
{
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++)
		if (!(*verb)->is_hidden)
			buf_addf(out, "%s%s", verb == verb_table ? "" : " ", (*verb)->name);
}

static void add_option_names(struct buf *out, const struct option_tables *options)
{
	OPTION_EACH(row, options)
	{
		if (!is_offered(row))
			continue;
		buf_addf(out, "--%s ", row->name);
		if (row->letter != 0)
			buf_addf(out, "-%c ", row->letter);
	}
	buf_add_str(out, "--help");
}

/* Shell words that print what may stand there; the function names are those of the script. */
static const char *bash_action(enum option_complete complete)
{
	switch (complete) {
	case COMPLETE_FILES:
		return "_onggi_files f";
	case COMPLETE_DIRECTORIES:
		return "_onggi_files d";
	case COMPLETE_CONTAINERS:
		return "_onggi_words \"$(onggi ps -a --format '{{.Names}}' 2>/dev/null)\"";
	case COMPLETE_IMAGES:
		return "_onggi_words \"$(onggi images --format '{{.Repository}}:{{.Tag}}' "
		       "2>/dev/null)\"";
	case COMPLETE_NOTHING:
	case COMPLETE_WORDS:
		break;
	}
	return ":";
}

/* case branches: the word in front says what comes now */
static void add_bash_values(struct buf *out, const struct option_tables *options)
{
	OPTION_EACH(row, options)
	{
		if (!is_offered(row) || row->argument == NULL || row->implied != NULL)
			continue;
		buf_addf(out, "\t\t--%s", row->name);
		if (row->letter != 0)
			buf_addf(out, "|-%c", row->letter);
		if (row->complete == COMPLETE_WORDS)
			buf_addf(out, ") _onggi_words '%s'; return ;;\n", row->words);
		else
			buf_addf(out, ") %s; return ;;\n", bash_action(row->complete));
	}
}

static void add_bash_verb(struct buf *out, const struct verb *verb)
{
	buf_addf(out, "_onggi_%s() {\n\tcase $2 in\n", verb->name);
	add_bash_values(out, &verb->options);
	buf_add_str(out, "\tesac\n\tif [[ $1 == -* ]]; then\n\t\t_onggi_words '");
	add_option_names(out, &verb->options);
	if (strcmp(verb->name, "completion") == 0)
		buf_add_str(out, "'\n\telse\n\t\t_onggi_words 'bash zsh fish'\n\tfi\n}\n\n");
	else
		buf_addf(out, "'\n\telse\n\t\t%s\n\tfi\n}\n\n",
			 bash_action(verb->complete_operands));
}

static void add_bash(struct buf *out)
{
	buf_add_str(out,
		    "# bash completion for onggi\n\n"
		    "_onggi_words() {\n\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
		    "}\n\n"
		    "_onggi_files() {\n"
		    "\tmapfile -t COMPREPLY < <(compgen \"-$1\" -- \"$cur\")\n"
		    "\tcompopt -o filenames\n}\n\n");
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++)
		if (!(*verb)->is_hidden)
			add_bash_verb(out, *verb);
	buf_add_str(out, "_onggi() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb='' i\n"
			 "\tCOMPREPLY=()\n"
			 "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			 "\t\tcase ${COMP_WORDS[i]} in\n"
			 "\t\t--root | --run-root) ((i++)) ;;\n"
			 "\t\t-*) ;;\n"
			 "\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
			 "\t\tesac\n\tdone\n"
			 "\tif [[ -z $verb ]]; then\n\t\t_onggi_words '");
	add_verb_names(out);
	buf_add_char(out, ' ');
	add_option_names(out, &cli_global_options);
	buf_add_str(out, "'\n\telif declare -F \"_onggi_$verb\" >/dev/null; then\n"
			 "\t\t\"_onggi_$verb\" \"$cur\" \"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
			 "\tfi\n}\n\ncomplete -F _onggi onggi\n");
}

/* Single quotes end and begin again around one of their own; brackets and colons mean something to
 * zsh's _arguments. */
static void add_zsh_text(struct buf *out, const char *text)
{
	for (const char *s = text; *s != '\0'; s++) {
		if (*s == '\'')
			buf_add_str(out, "'\\''");
		else if (strchr("[]:\\", *s) != NULL)
			buf_addf(out, "\\%c", *s);
		else
			buf_add_char(out, *s);
	}
}

static const char *zsh_action(enum option_complete complete)
{
	switch (complete) {
	case COMPLETE_FILES:
		return "_files";
	case COMPLETE_DIRECTORIES:
		return "_files -/";
	case COMPLETE_CONTAINERS:
		return "_onggi_containers";
	case COMPLETE_IMAGES:
		return "_onggi_images";
	case COMPLETE_NOTHING:
	case COMPLETE_WORDS:
		break;
	}
	return " ";
}

static void add_zsh_option(struct buf *out, const struct option_row *row, const char *name)
{
	bool is_list = row->type == OPTION_LIST || row->type == OPTION_CUSTOM;
	bool is_long = strncmp(name, "--", 2) == 0;
	bool takes_value = row->argument != NULL && row->implied == NULL;
	buf_addf(out, "\t\t'%s%s%s[", is_list ? "*" : "", name,
		 !takes_value ? ""
		 : is_long    ? "="
			      : "+");
	add_zsh_text(out, row->help);
	buf_add_char(out, ']');
	if (takes_value) {
		buf_add_char(out, ':');
		add_zsh_text(out, row->argument);
		buf_add_char(out, ':');
		if (row->complete == COMPLETE_WORDS) {
			buf_add_char(out, '(');
			add_zsh_text(out, row->words);
			buf_add_char(out, ')');
		} else {
			buf_add_str(out, zsh_action(row->complete));
		}
	}
	buf_add_str(out, "' \\\n");
}

static void add_zsh_options(struct buf *out, const struct option_tables *options)
{
	OPTION_EACH(row, options)
	{
		char letter[] = { '-', row->letter, '\0' };
		AUTO(struct buf, buf_done) name = { 0 };
		if (!is_offered(row))
			continue;
		buf_addf(&name, "--%s", row->name);
		add_zsh_option(out, row, buf_str(&name));
		if (row->letter != 0)
			add_zsh_option(out, row, letter);
	}
	buf_add_str(out, "\t\t'--help[Show the options]'");
}

static void add_zsh(struct buf *out)
{
	buf_add_str(out, "#compdef onggi\n\n"
			 "_onggi_containers() {\n"
			 "\tcompadd -- ${(f)\"$(onggi ps -a --format '{{.Names}}' 2>/dev/null)\"}\n"
			 "}\n\n_onggi_images() {\n\tcompadd -- ${(f)\"$(onggi images --format "
			 "'{{.Repository}}:{{.Tag}}' 2>/dev/null)\"}\n}\n\n");
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		if ((*verb)->is_hidden)
			continue;
		buf_addf(out, "_onggi_%s() {\n\t_arguments -s%s \\\n", (*verb)->name,
			 (*verb)->stop_at_operand ? " -A '-*'" : "");
		add_zsh_options(out, &(*verb)->options);
		if (strcmp((*verb)->name, "completion") == 0)
			buf_add_str(out, " \\\n\t\t'1:shell:(bash zsh fish)'");
		else if ((*verb)->complete_operands != COMPLETE_NOTHING)
			buf_addf(out, " \\\n\t\t'*:operand:%s'",
				 zsh_action((*verb)->complete_operands));
		buf_add_str(out, "\n}\n\n");
	}
	buf_add_str(out, "_onggi() {\n\tlocal context state line\n\tlocal -a verbs\n\tverbs=(\n");
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		if ((*verb)->is_hidden)
			continue;
		buf_addf(out, "\t\t'%s:", (*verb)->name);
		add_zsh_text(out, (*verb)->summary);
		buf_add_str(out, "'\n");
	}
	buf_add_str(out, "\t)\n\t_arguments -s -A '-*' \\\n");
	add_zsh_options(out, &cli_global_options);
	buf_add_str(out, " \\\n\t\t'1:verb:->verb' \\\n\t\t'*::arg:->args'\n"
			 "\tcase $state in\n"
			 "\tverb) _describe verb verbs ;;\n"
			 "\targs) (( $+functions[_onggi_$words[1]] )) && _onggi_$words[1] ;;\n"
			 "\tesac\n}\n\n_onggi \"$@\"\n");
}

static void add_fish_text(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	for (const char *s = text; *s != '\0'; s++) {
		if (*s == '\'' || *s == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *s);
	}
	buf_add_char(out, '\'');
}

static const char *fish_action(enum option_complete complete)
{
	switch (complete) {
	case COMPLETE_FILES:
		return "-r -F";
	case COMPLETE_DIRECTORIES:
		return "-x -a '(__fish_complete_directories)'";
	case COMPLETE_CONTAINERS:
		return "-x -a '(onggi ps -a --format \"{{.Names}}\" 2>/dev/null)'";
	case COMPLETE_IMAGES:
		return "-x -a '(onggi images --format \"{{.Repository}}:{{.Tag}}\" 2>/dev/null)'";
	case COMPLETE_NOTHING:
	case COMPLETE_WORDS:
		break;
	}
	return "-x";
}

static void add_fish_options(struct buf *out, const char *condition,
			     const struct option_tables *options)
{
	OPTION_EACH(row, options)
	{
		if (!is_offered(row))
			continue;
		buf_addf(out, "complete -c onggi -n '%s' -l %s", condition, row->name);
		if (row->letter != 0)
			buf_addf(out, " -s %c", row->letter);
		if (row->argument != NULL && row->implied == NULL)
			buf_addf(out, " %s", fish_action(row->complete));
		if (row->complete == COMPLETE_WORDS) {
			buf_add_str(out, " -a ");
			add_fish_text(out, row->words);
		}
		buf_add_str(out, " -d ");
		add_fish_text(out, row->help);
		buf_add_char(out, '\n');
	}
}

static void add_fish(struct buf *out)
{
	buf_add_str(out, "# fish completion for onggi\n\ncomplete -c onggi -f\n");
	add_fish_options(out, "__fish_use_subcommand", &cli_global_options);
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		if ((*verb)->is_hidden)
			continue;
		AUTO(struct buf, buf_done) condition = { 0 };
		buf_addf(&condition, "__fish_seen_subcommand_from %s", (*verb)->name);
		buf_addf(out, "complete -c onggi -n __fish_use_subcommand -a %s -d ",
			 (*verb)->name);
		add_fish_text(out, (*verb)->summary);
		buf_add_char(out, '\n');
		add_fish_options(out, buf_str(&condition), &(*verb)->options);
		if (strcmp((*verb)->name, "completion") == 0)
			buf_addf(out, "complete -c onggi -n '%s' -x -a 'bash zsh fish'\n",
				 buf_str(&condition));
		else if ((*verb)->complete_operands != COMPLETE_NOTHING)
			buf_addf(out, "complete -c onggi -n '%s' %s\n", buf_str(&condition),
				 fish_action((*verb)->complete_operands));
	}
}

static int completion_verb(struct cli *cli, void *input, const struct strv *operands,
			   struct err *err)
{
	static const struct {
		const char *shell;
		void (*add)(struct buf *out);
	} shells[] = { { "bash", add_bash }, { "zsh", add_zsh }, { "fish", add_fish } };
	AUTO(struct buf, buf_done) out = { 0 };
	(void)cli;
	(void)input;
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		if (strcmp(shells[i].shell, operands->items[0]) == 0) {
			shells[i].add(&out);
			return output_write(&out, err);
		}
	}
	return err_set(err, ERR_INVALID, "unknown shell %s: bash, zsh or fish", operands->items[0]);
}

const struct verb verb_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "Print the completion script for a shell",
	.details = "It is installed with Onggi; this is for other places.",
	.examples = "  source <(onggi completion bash)",
	.operands_min = 1,
	.operands_max = 1,
	.run = completion_verb,
};
