/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts for bash, zsh and fish, made from the tables of a program. A script knows
 * words and how to ask for containers and images; which of them fit is the program's business.
 */
#include "cli/shells.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* A name, or a part of one. */
struct shell_word {
	char text[48];
};

static bool is_offered(const struct option_row *row)
{
	return !row->is_hidden && row->type != OPTION_REFUSED;
}

static bool takes_value(const struct option_row *row)
{
	return row->argument != NULL && row->implied == NULL;
}

/* "image" of "image prune", or "": the noun that a verb stands under. */
static struct shell_word noun_of(const struct shell_verb *verb)
{
	struct shell_word noun = { 0 };
	size_t len = strcspn(verb->name, " ");
	if (verb->name[len] == ' ')
		snprintf(noun.text, sizeof(noun.text), "%.*s", (int)len, verb->name);
	return noun;
}

/* "prune" of "image prune" */
static const char *own_name(const struct shell_verb *verb)
{
	const char *space = strchr(verb->name, ' ');
	return space != NULL ? space + 1 : verb->name;
}

/* "image_prune": part of a function's name. */
static struct shell_word function_of(const struct shell_verb *verb)
{
	struct shell_word name = { 0 };
	snprintf(name.text, sizeof(name.text), "%s", verb->name);
	for (char *space = name.text; (space = strchr(space, ' ')) != NULL;)
		*space = '_';
	return name;
}

/* The verbs under a noun ("": under none). */
#define MEMBER_EACH(verb, program, noun)                                                           \
	for (const struct shell_verb *verb = (program)->verbs;                                     \
	     verb < (program)->verbs + (program)->verbs_len; verb++)                               \
		if (strcmp(noun_of(verb).text, (noun)) == 0)

/* Each noun once: at the first verb that has it. */
static bool begins_noun(const struct shell_program *program, const struct shell_verb *verb)
{
	struct shell_word noun = noun_of(verb);
	if (noun.text[0] == '\0')
		return false;
	for (const struct shell_verb *other = program->verbs; other < verb; other++)
		if (strcmp(noun_of(other).text, noun.text) == 0)
			return false;
	return true;
}

#define NOUN_EACH(verb, program)                                                                   \
	for (const struct shell_verb *verb = (program)->verbs;                                     \
	     verb < (program)->verbs + (program)->verbs_len; verb++)                               \
		if (begins_noun((program), verb))

static void add_member_names(struct buf *out, const struct shell_program *program, const char *noun)
{
	const char *separator = "";
	MEMBER_EACH(verb, program, noun)
	{
		buf_addf(out, "%s%s", separator, own_name(verb));
		separator = " ";
	}
}

static void add_nouns(struct buf *out, const struct shell_program *program, const char *before,
		      const char *between)
{
	NOUN_EACH(verb, program)
	{
		buf_addf(out, "%s%s", before, noun_of(verb).text);
		before = between;
	}
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

/* The command that lists what completes; NULL: nothing does. */
static const char *lister(const struct shell_program *program, enum option_complete complete)
{
	return complete == COMPLETE_CONTAINERS ? program->list_containers
	       : complete == COMPLETE_IMAGES   ? program->list_images
					       : NULL;
}

/* What a shell does for words of a kind; `words` for COMPLETE_WORDS. */
static void add_bash_action(struct buf *out, const struct shell_program *program,
			    enum option_complete complete, const char *words)
{
	const char *list = lister(program, complete);
	if (list != NULL)
		buf_addf(out, "%s_words \"$(%s 2>/dev/null)\"", program->prefix, list);
	else if (complete == COMPLETE_WORDS)
		buf_addf(out, "%s_words '%s'", program->prefix, words);
	else if (complete == COMPLETE_FILES || complete == COMPLETE_DIRECTORIES)
		buf_addf(out, "%s_files %c", program->prefix,
			 complete == COMPLETE_FILES ? 'f' : 'd');
	else
		buf_add_char(out, ':');
}

/* case branches: the word in front says what comes now */
static void add_bash_values(struct buf *out, const struct shell_program *program,
			    const struct option_tables *options)
{
	OPTION_EACH(row, options)
	{
		if (!is_offered(row) || !takes_value(row))
			continue;
		buf_addf(out, "\t\t--%s", row->name);
		if (row->letter != 0)
			buf_addf(out, "|-%c", row->letter);
		buf_add_str(out, ") ");
		add_bash_action(out, program, row->complete, row->words);
		buf_add_str(out, "; return ;;\n");
	}
}

static void add_bash_verb(struct buf *out, const struct shell_program *program,
			  const struct shell_verb *verb)
{
	buf_addf(out, "%s_%s() {\n\tcase $2 in\n", program->prefix, function_of(verb).text);
	add_bash_values(out, program, verb->options);
	buf_addf(out, "\tesac\n\tif [[ $1 == -* ]]; then\n\t\t%s_words '", program->prefix);
	add_option_names(out, verb->options);
	buf_add_str(out, "'\n\telse\n\t\t");
	add_bash_action(out, program, verb->complete_operands, verb->operand_words);
	buf_add_str(out, "\n\tfi\n}\n\n");
}

static void add_bash_noun(struct buf *out, const struct shell_program *program, const char *noun)
{
	buf_addf(out, "%s_%s() {\n\t%s_words '", program->prefix, noun, program->prefix);
	add_member_names(out, program, noun);
	buf_add_str(out, " --help'\n}\n\n");
}

/* Where a noun is the verb, and the word behind it complete, both together are. */
static void add_bash_nouns(struct buf *out, const struct shell_program *program)
{
	AUTO(struct buf, buf_done) pattern = { 0 };
	add_nouns(&pattern, program, "", " | ");
	if (pattern.len > 0)
		buf_addf(out,
			 "\t\t%s)\n\t\t\tverb=${COMP_WORDS[i]}\n"
			 "\t\t\t((i + 1 == COMP_CWORD)) || verb+=_${COMP_WORDS[i + 1]}\n"
			 "\t\t\tbreak ;;\n",
			 buf_str(&pattern));
}

/* Global options with a value: the word after them is no verb. */
static void add_bash_globals(struct buf *out, const struct shell_program *program)
{
	OPTION_EACH(row, program->globals)
	{
		if (!is_offered(row) || !takes_value(row))
			continue;
		buf_addf(out, "\t\t--%s", row->name);
		if (row->letter != 0)
			buf_addf(out, " | -%c", row->letter);
		buf_add_str(out, ") ((i++)) ;;\n");
	}
}

static void add_bash(struct buf *out, const struct shell_program *program)
{
	const char *prefix = program->prefix;
	buf_addf(out, "# bash completion for %s\n\n", program->name);
	buf_addf(out,
		 "%s_words() {\n\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n}\n\n"
		 "%s_files() {\n\tmapfile -t COMPREPLY < <(compgen \"-$1\" -- \"$cur\")\n"
		 "\tcompopt -o filenames\n}\n\n",
		 prefix, prefix);
	for (size_t i = 0; i < program->verbs_len; i++)
		add_bash_verb(out, program, &program->verbs[i]);
	NOUN_EACH(verb, program)
	{
		add_bash_noun(out, program, noun_of(verb).text);
	}
	buf_addf(out,
		 "%s() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb='' i\n"
		 "\tCOMPREPLY=()\n"
		 "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		 "\t\tcase ${COMP_WORDS[i]} in\n",
		 prefix);
	add_bash_globals(out, program);
	buf_add_str(out, "\t\t-*) ;;\n");
	add_bash_nouns(out, program);
	buf_addf(out,
		 "\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
		 "\t\tesac\n\tdone\n"
		 "\tif [[ -z $verb ]]; then\n\t\t%s_words '",
		 prefix);
	add_member_names(out, program, "");
	add_nouns(out, program, " ", " ");
	buf_add_char(out, ' ');
	add_option_names(out, program->globals);
	buf_addf(out,
		 "'\n\telif declare -F \"%s_$verb\" >/dev/null; then\n"
		 "\t\t\"%s_$verb\" \"$cur\" \"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
		 "\tfi\n}\n\ncomplete -F %s %s\n",
		 prefix, prefix, prefix, program->name);
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

static void add_zsh_action(struct buf *out, const struct shell_program *program,
			   enum option_complete complete, const char *words)
{
	if (complete == COMPLETE_WORDS) {
		buf_add_char(out, '(');
		add_zsh_text(out, words);
		buf_add_char(out, ')');
	} else if (complete == COMPLETE_FILES) {
		buf_add_str(out, "_files");
	} else if (complete == COMPLETE_DIRECTORIES) {
		buf_add_str(out, "_files -/");
	} else if (lister(program, complete) != NULL) {
		buf_addf(out, "%s_%s", program->prefix,
			 complete == COMPLETE_IMAGES ? "-images" : "-containers");
	} else {
		buf_add_char(out, ' ');
	}
}

static void add_zsh_option(struct buf *out, const struct shell_program *program,
			   const struct option_row *row, const char *name)
{
	bool is_list = row->type == OPTION_LIST || row->type == OPTION_CUSTOM;
	bool is_long = strncmp(name, "--", 2) == 0;
	buf_addf(out, "\t\t'%s%s%s[", is_list ? "*" : "", name,
		 !takes_value(row) ? ""
		 : is_long         ? "="
				   : "+");
	add_zsh_text(out, row->help);
	buf_add_char(out, ']');
	if (takes_value(row)) {
		buf_add_char(out, ':');
		add_zsh_text(out, row->argument);
		buf_add_char(out, ':');
		add_zsh_action(out, program, row->complete, row->words);
	}
	buf_add_str(out, "' \\\n");
}

static void add_zsh_options(struct buf *out, const struct shell_program *program,
			    const struct option_tables *options)
{
	OPTION_EACH(row, options)
	{
		char letter[] = { '-', row->letter, '\0' };
		AUTO(struct buf, buf_done) name = { 0 };
		if (!is_offered(row))
			continue;
		buf_addf(&name, "--%s", row->name);
		add_zsh_option(out, program, row, buf_str(&name));
		if (row->letter != 0)
			add_zsh_option(out, program, row, letter);
	}
	buf_add_str(out, "\t\t'--help[Show the options]'");
}

static void add_zsh_lister(struct buf *out, const struct shell_program *program, const char *what,
			   const char *command)
{
	if (command != NULL)
		buf_addf(out, "%s_-%s() {\n\tcompadd -- ${(f)\"$(%s 2>/dev/null)\"}\n}\n\n",
			 program->prefix, what, command);
}

static void add_zsh_verb(struct buf *out, const struct shell_program *program,
			 const struct shell_verb *verb)
{
	buf_addf(out, "%s_%s() {\n\t_arguments -s%s \\\n", program->prefix, function_of(verb).text,
		 verb->stops_at_operand ? " -A '-*'" : "");
	add_zsh_options(out, program, verb->options);
	if (verb->complete_operands != COMPLETE_NOTHING) {
		buf_add_str(out, " \\\n\t\t'*:operand:");
		add_zsh_action(out, program, verb->complete_operands, verb->operand_words);
		buf_add_char(out, '\'');
	}
	buf_add_str(out, "\n}\n\n");
}

static void add_zsh_description(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, "\t\t'%s:", name);
	add_zsh_text(out, text);
	buf_add_str(out, "'\n");
}

/* A function that offers verbs and hands over to theirs: of a noun, or ("") of the program. */
static void add_zsh_verbs(struct buf *out, const struct shell_program *program, const char *noun)
{
	bool is_top = noun[0] == '\0';
	AUTO_FREE char *function = mem_printf("%s%s%s", program->prefix, is_top ? "" : "_", noun);
	buf_addf(out, "%s() {\n\tlocal context state line\n\tlocal -a verbs\n\tverbs=(\n",
		 function);
	MEMBER_EACH(verb, program, noun)
	{
		add_zsh_description(out, own_name(verb), verb->summary);
	}
	NOUN_EACH(verb, program)
	{
		AUTO_FREE char *about = mem_printf("Verbs of %s", noun_of(verb).text);
		if (is_top)
			add_zsh_description(out, noun_of(verb).text, about);
	}
	buf_add_str(out, "\t)\n\t_arguments -s -A '-*' \\\n");
	if (is_top)
		add_zsh_options(out, program, program->globals);
	else
		buf_add_str(out, "\t\t'--help[Show the verbs]'");
	buf_addf(out,
		 " \\\n\t\t'1:verb:->verb' \\\n\t\t'*::arg:->args'\n"
		 "\tcase $state in\n"
		 "\tverb) _describe verb verbs ;;\n"
		 "\targs) (( $+functions[%s_$words[1]] )) && %s_$words[1] ;;\n"
		 "\tesac\n}\n\n",
		 function, function);
}

static void add_zsh(struct buf *out, const struct shell_program *program)
{
	buf_addf(out, "#compdef %s\n\n", program->name);
	add_zsh_lister(out, program, "containers", program->list_containers);
	add_zsh_lister(out, program, "images", program->list_images);
	for (size_t i = 0; i < program->verbs_len; i++)
		add_zsh_verb(out, program, &program->verbs[i]);
	NOUN_EACH(verb, program)
	{
		add_zsh_verbs(out, program, noun_of(verb).text);
	}
	add_zsh_verbs(out, program, "");
	buf_addf(out, "%s \"$@\"\n", program->prefix);
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

static void add_fish_action(struct buf *out, const struct shell_program *program,
			    enum option_complete complete, const char *words)
{
	const char *list = lister(program, complete);
	if (complete == COMPLETE_FILES) {
		buf_add_str(out, " -r -F");
		return;
	}
	buf_add_str(out, " -x");
	if (complete == COMPLETE_DIRECTORIES) {
		buf_add_str(out, " -a '(__fish_complete_directories)'");
	} else if (complete == COMPLETE_WORDS) {
		buf_add_str(out, " -a ");
		add_fish_text(out, words);
	} else if (list != NULL) {
		AUTO(struct buf, buf_done) command = { 0 };
		buf_addf(&command, "(%s 2>/dev/null)", list);
		buf_add_str(out, " -a ");
		add_fish_text(out, buf_str(&command));
	}
}

static void add_fish_options(struct buf *out, const struct shell_program *program,
			     const char *condition, const struct option_tables *options)
{
	OPTION_EACH(row, options)
	{
		if (!is_offered(row))
			continue;
		buf_addf(out, "complete -c %s -n '%s' -l %s", program->name, condition, row->name);
		if (row->letter != 0)
			buf_addf(out, " -s %c", row->letter);
		if (takes_value(row))
			add_fish_action(out, program, row->complete, row->words);
		else if (row->complete == COMPLETE_WORDS) {
			buf_add_str(out, " -a ");
			add_fish_text(out, row->words);
		}
		buf_add_str(out, " -d ");
		add_fish_text(out, row->help);
		buf_add_char(out, '\n');
	}
}

/* When is a word for this verb's name, or (`is_inside`) for what comes behind it? */
static void add_fish_condition(struct buf *out, const struct shell_program *program,
			       const struct shell_verb *verb, bool is_inside)
{
	struct shell_word noun = noun_of(verb);
	const char *seen = "__fish_seen_subcommand_from";
	if (noun.text[0] == '\0' && !is_inside)
		buf_add_str(out, "__fish_use_subcommand");
	else if (noun.text[0] == '\0')
		buf_addf(out, "%s %s", seen, verb->name);
	else
		buf_addf(out, "%s %s; and ", seen, noun.text);
	if (noun.text[0] == '\0')
		return;
	buf_addf(out, "%s%s ", is_inside ? "" : "not ", seen);
	if (is_inside)
		buf_add_str(out, own_name(verb));
	else
		add_member_names(out, program, noun.text);
}

static void add_fish_verb(struct buf *out, const struct shell_program *program,
			  const struct shell_verb *verb)
{
	AUTO(struct buf, buf_done) before = { 0 }, inside = { 0 };
	add_fish_condition(&before, program, verb, false);
	add_fish_condition(&inside, program, verb, true);
	buf_addf(out, "complete -c %s -n '%s' -a %s -d ", program->name, buf_str(&before),
		 own_name(verb));
	add_fish_text(out, verb->summary);
	buf_add_char(out, '\n');
	add_fish_options(out, program, buf_str(&inside), verb->options);
	if (verb->complete_operands == COMPLETE_NOTHING)
		return;
	buf_addf(out, "complete -c %s -n '%s'", program->name, buf_str(&inside));
	add_fish_action(out, program, verb->complete_operands, verb->operand_words);
	buf_add_char(out, '\n');
}

static void add_fish(struct buf *out, const struct shell_program *program)
{
	buf_addf(out, "# fish completion for %s\n\ncomplete -c %s -f\n", program->name,
		 program->name);
	add_fish_options(out, program, "__fish_use_subcommand", program->globals);
	NOUN_EACH(verb, program)
	{
		buf_addf(out, "complete -c %s -n __fish_use_subcommand -a %s -d 'Verbs of %s'\n",
			 program->name, noun_of(verb).text, noun_of(verb).text);
	}
	for (size_t i = 0; i < program->verbs_len; i++)
		add_fish_verb(out, program, &program->verbs[i]);
}

int shells_add_script(struct buf *out, const struct shell_program *program, const char *shell,
		      struct err *err)
{
	static const struct {
		const char *shell;
		void (*add)(struct buf *out, const struct shell_program *program);
	} shells[] = { { "bash", add_bash }, { "zsh", add_zsh }, { "fish", add_fish } };
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		if (strcmp(shells[i].shell, shell) == 0) {
			shells[i].add(out, program);
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "unknown shell %s: bash, zsh or fish", shell);
}
