/* SPDX-License-Identifier: Apache-2.0 */
/* Word lists into bits; the table says what the words mean. */
#include "format/word_set.h"

#include "base/buf.h"

#include <string.h>

static const struct word_bit *word_find(const struct word_bit *table, const char *word, size_t len)
{
	for (; table->word != NULL; table++)
		if (strncmp(table->word, word, len) == 0 && table->word[len] == '\0')
			return table;
	return NULL;
}

static int unknown_word(const char *word, size_t len, const struct word_bit *table, struct err *err)
{
	AUTO(struct buf, buf_done) known = { 0 };
	for (; table->word != NULL; table++)
		buf_addf(&known, ", %s", table->word);
	err_set(err, ERR_INVALID, "unknown word \"%.*s\"", (int)(len < 64 ? len : 64), word);
	return err_hint(err, "known are all, none%s; a word with - in front is taken away",
			buf_str(&known));
}

int word_set_parse(const char *text, const struct word_bit *table, uint32_t all, uint32_t *out,
		   struct err *err)
{
	uint32_t bits = text[0] == '-' ? all : 0;
	for (const char *s = text;; s++) {
		bool is_removal = *s == '-';
		s += is_removal;
		size_t len = strcspn(s, ",");
		const struct word_bit *row = word_find(table, s, len);
		uint32_t change;
		if (row != NULL)
			change = row->bits;
		else if (len == 3 && strncmp(s, "all", 3) == 0)
			change = all;
		else if (len == 4 && strncmp(s, "none", 4) == 0 && !is_removal)
			change = bits = 0;
		else
			return unknown_word(s, len, table, err);
		bits = is_removal ? bits & ~change : bits | change;
		s += len;
		if (*s == '\0')
			break;
	}
	*out = bits;
	return 0;
}
