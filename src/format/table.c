/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned columns. Widths are those of characters on a terminal, not of bytes. */
#include "format/table.h"

#include "format/printable.h"

#include <string.h>

#define COLUMNS_MAX  32
#define GAP          3
#define FLEXIBLE_MIN 8 /* a cut column keeps that much */

void table_done(struct table *table)
{
	strv_done(&table->cells);
	table->columns = 0;
}

static size_t cell_width(const char *cell)
{
	return printable_width(cell, strlen(cell));
}

/* Bytes of `cell` that fit into `width` columns. */
static size_t cell_fit(const char *cell, size_t width)
{
	size_t len = 0;
	while (cell[len] != '\0') {
		size_t next = len + 1;
		while (((unsigned char)cell[next] & 0xc0) == 0x80)
			next++;
		if (printable_width(cell, next) > width)
			break;
		len = next;
	}
	return len;
}

/* Take from the widest flexible column until all fit. */
static void shrink(size_t *widths, size_t columns, unsigned width, unsigned flexible)
{
	size_t total = GAP * (columns - 1);
	for (size_t i = 0; i < columns; i++)
		total += widths[i];
	while (total > width) {
		size_t widest = columns;
		for (size_t i = 0; i < columns; i++)
			if ((flexible & (1u << i)) != 0 && widths[i] > FLEXIBLE_MIN &&
			    (widest == columns || widths[i] > widths[widest]))
				widest = i;
		if (widest == columns)
			return;
		widths[widest]--;
		total--;
	}
}

static void add_cell(struct buf *out, const char *cell, size_t width, bool is_last)
{
	size_t used = cell_width(cell);
	if (used > width) {
		buf_add(out, cell, cell_fit(cell, width - 1));
		buf_add_str(out, "\xe2\x80\xa6");
		used = width;
	} else {
		buf_add_str(out, cell);
	}
	if (!is_last)
		buf_addf(out, "%*s", (int)(width - used + GAP), "");
}

void table_add_to(struct buf *out, const struct table *table, unsigned width, unsigned flexible)
{
	size_t widths[COLUMNS_MAX] = { 0 };
	size_t columns = table->columns < COLUMNS_MAX ? table->columns : COLUMNS_MAX;
	if (columns == 0)
		return;
	for (size_t i = 0; i < table->cells.len; i++) {
		size_t column = i % table->columns;
		size_t used = cell_width(table->cells.items[i]);
		if (column < columns && used > widths[column])
			widths[column] = used;
	}
	if (width > 0)
		shrink(widths, columns, width, flexible);
	for (size_t row = 0; row < table->cells.len / table->columns; row++) {
		char *const *cells = table->cells.items + row * table->columns;
		for (size_t i = 0; i < columns; i++)
			add_cell(out, cells[i], widths[i], i + 1 == columns);
		buf_add_char(out, '\n');
	}
}
