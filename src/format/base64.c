/* SPDX-License-Identifier: Apache-2.0 */
/* What is decoded here is secret more often than not: nothing of it is copied, nor quoted. */
#include "format/base64.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const uint8_t *in = data;
	char *text = mem_alloc((len + 2) / 3 * 4 + 1, 1);
	char *out = text;
	for (size_t i = 0; i < len; i += 3) {
		size_t rest = len - i;
		uint32_t bits = (uint32_t)in[i] << 16;
		bits |= rest > 1 ? (uint32_t)in[i + 1] << 8 : 0;
		bits |= rest > 2 ? (uint32_t)in[i + 2] : 0;
		*out++ = alphabet[bits >> 18];
		*out++ = alphabet[bits >> 12 & 63];
		*out++ = '=';
		*out++ = '=';
		if (rest > 1)
			out[-2] = alphabet[bits >> 6 & 63];
		if (rest > 2)
			out[-1] = alphabet[bits & 63];
	}
	return text;
}

/* @return bytes decoded, or -1 */
static ssize_t decode(const char *base64, size_t len, uint8_t *out)
{
	size_t padding = 0, n = 0;
	uint32_t bits = 0;
	if (len % 4 != 0)
		return -1;
	while (padding < 2 && len > 0 && base64[len - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < len - padding; i++) {
		const char *place = strchr(alphabet, base64[i]);
		if (place == NULL || *place == '\0')
			return -1;
		bits = bits << 6 | (uint32_t)(place - alphabet);
		/* Four characters are three bytes: each but the first completes one. */
		if (i % 4 != 0)
			out[n++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	/* What the last character says beyond the last byte is nothing, or it has two spellings. */
	uint32_t rest = padding == 2 ? bits & 15 : padding == 1 ? bits & 3 : 0;
	return rest == 0 ? (ssize_t)n : -1;
}

char *base64_decode_text(const char *base64, struct err *err)
{
	size_t room = strlen(base64) / 4 * 3 + 1;
	char *text = mem_alloc(room, 1);
	ssize_t len = decode(base64, strlen(base64), (uint8_t *)text);
	while (len > 0 && text[len - 1] == '\0')
		len--;
	if (len >= 0 && memchr(text, '\0', (size_t)len) == NULL)
		return text;
	explicit_bzero(text, room);
	free(text);
	err_set(err, ERR_INVALID, len < 0 ? "it is not base64" : "there is a NUL in it");
	return NULL;
}
