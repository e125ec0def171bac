/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/registries/secret.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void secret_free(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void secret_buf_done(struct buf *buf)
{
	if (buf->data != NULL)
		explicit_bzero(buf->data, buf->capacity);
	buf_done(buf);
}

static int check_text(const char *what, const char *text, size_t max, struct err *err)
{
	size_t len = text != NULL ? strlen(text) : 0;
	if (len > max)
		return err_set(err, ERR_INVALID, "the %s is longer than %zu bytes", what, max);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return err_set(err, ERR_INVALID, "there is a control character in the %s",
				       what);
	return 0;
}

int secret_check(const struct registry_credentials *credentials, struct err *err)
{
	if (check_text("user name", credentials->username, SECRET_USER_MAX, err) < 0 ||
	    check_text("password", credentials->secret, SECRET_MAX, err) < 0 ||
	    check_text("token", credentials->identity_token, SECRET_MAX, err) < 0)
		return -1;
	if (credentials->username != NULL && strchr(credentials->username, ':') != NULL)
		return err_set(err, ERR_INVALID, "there is a colon in the user name");
	return 0;
}

struct registry_credentials secret_copy(const struct registry_credentials *credentials)
{
	return (struct registry_credentials){
		.username = mem_strdup(credentials->username),
		.secret = mem_strdup(credentials->secret),
		.identity_token = mem_strdup(credentials->identity_token),
	};
}
