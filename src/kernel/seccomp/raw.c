/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that come compiled. Nothing is known here of what they do. */
#include "kernel/seccomp/seccomp.h"

#include "base/mem.h"

#include <linux/filter.h>
#include <string.h>

/* @return 0 to 63, or -1 */
static int value_of(char c)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";
	const char *at = c != '\0' ? strchr(letters, c) : NULL;
	return at != NULL ? (int)(at - letters) : -1;
}

/* @return number of bytes written to `out`, which has room for three quarters of the text; -1 */
static ssize_t decode(const char *text, unsigned char *out)
{
	size_t text_len = strlen(text), len = 0;
	size_t padding = strspn(text + strcspn(text, "="), "=");
	uint32_t bits = 0;
	if (text_len % 4 != 0 || padding > 2 || strcspn(text, "=") + padding != text_len)
		return -1;
	for (size_t i = 0; i < text_len; i++) {
		int value = i < text_len - padding ? value_of(text[i]) : 0;
		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		for (int byte = 2; i % 4 == 3 && byte >= 0; byte--)
			out[len++] = (unsigned char)(bits >> (8 * byte));
	}
	return (ssize_t)(len - padding);
}

int seccomp_decode(const char *base64, struct seccomp_program *out, struct err *err)
{
	AUTO_FREE unsigned char *bytes = mem_alloc(strlen(base64) / 4 * 3 + 1, 1);
	ssize_t len = decode(base64, bytes);
	if (len < 0)
		return err_set(err, ERR_INVALID, "it is not base64");
	if (len == 0 || (size_t)len % sizeof(struct sock_filter) != 0 ||
	    (size_t)len / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return err_set(err, ERR_INVALID, "%zd bytes are no 1 to %d instructions", len,
			       BPF_MAXINSNS);
	*out = (struct seccomp_program){
		.filter = mem_dup(bytes, (size_t)len),
		.len = (uint16_t)((size_t)len / sizeof(struct sock_filter)),
	};
	return 0;
}
