/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixed part of a tar header: numbers and the checksum. A pure function of 512 bytes.
 */
#include "unpack/tar_header.h"

#include <string.h>

_Static_assert(sizeof(struct tar_header) == TAR_BLOCK_SIZE, "a tar header is one block");

/* Two's complement, big-endian; the first byte's top bit only says "this is base-256". */
static int base256(const uint8_t *field, size_t len, const char *what, int64_t *out,
		   struct err *err)
{
	bool is_negative = (field[0] & 0x40) != 0;
	uint8_t fill = is_negative ? 0xff : 0;
	uint64_t value = is_negative ? ~0ull : 0;
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = i == 0 ? (uint8_t)(is_negative ? field[0] : field[0] & 0x7f)
				      : field[i];
		if (len - i > 8 && byte != fill)
			return err_set(err, ERR_INVALID, "the %s is out of range", what);
		value = value << 8 | byte;
	}
	if (((int64_t)value < 0) != is_negative)
		return err_set(err, ERR_INVALID, "the %s is out of range", what);
	*out = (int64_t)value;
	return 0;
}

int tar_number(const char *field, size_t len, const char *what, int64_t *out, struct err *err)
{
	if ((field[0] & 0x80) != 0)
		return base256((const uint8_t *)field, len, what, out, err);
	uint64_t value = 0;
	size_t i = 0;
	while (i < len && (field[i] == ' ' || field[i] == '\0'))
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(field[i] - '0');
	/* Old writers end a field with blanks, NULs, both, or nothing. */
	for (; i < len && field[i] != '\0'; i++)
		if (field[i] != ' ')
			return err_set(err, ERR_INVALID, "the %s is not a number", what);
	*out = (int64_t)value;
	return 0;
}

bool tar_checksum_ok(const struct tar_header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	size_t from = offsetof(struct tar_header, checksum);
	int64_t plain = 0, with_sign = 0, said;
	for (size_t i = 0; i < TAR_BLOCK_SIZE; i++) {
		bool is_sum = i >= from && i < from + sizeof(header->checksum);
		plain += is_sum ? ' ' : bytes[i];
		with_sign += is_sum ? ' ' : (signed char)bytes[i];
	}
	if (tar_number(header->checksum, sizeof(header->checksum), "checksum", &said, NULL) < 0)
		return false;
	return said == plain || said == with_sign; /* some ancient tars summed signed chars */
}

bool tar_is_gnu(const struct tar_header *header)
{
	return memcmp(header->magic, "ustar  ", 8) == 0;
}
