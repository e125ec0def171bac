/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to systemd, and properties as D-Bus values. EXTERNAL authentication sends no user
 * id since libsystemd 245: the other side takes the kernel's, which is right in a user namespace,
 * too.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "runtime/scope/property.h"
#include "runtime/scope/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MANAGER   "org.freedesktop.systemd1"
#define PATH      "/org/freedesktop/systemd1"
#define US_PER_MS 1000u
#define BYTES_MAX 1024 /* of one ay */
#define TRIES_MAX 4

/* An address, and whether a bus daemon is behind it. */
struct place {
	char *address;
	bool is_bus;
};

static void add_place(struct place *places, size_t *len, char *address, bool is_bus)
{
	places[(*len)++] = (struct place){ .address = address, .is_bus = is_bus };
}

/* The bytes that may stand in a D-Bus address as they are; the others as %XX. */
static char *address_of(const char *dir, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_/.\\";
	struct buf out = { 0 };
	AUTO_FREE char *path = mem_printf("%s%s", dir, name);
	buf_add_str(&out, "unix:path=");
	for (const char *at = path; *at != '\0'; at++) {
		if (strchr(plain, *at) != NULL)
			buf_add_char(&out, *at);
		else
			buf_addf(&out, "%%%02x", (unsigned char)*at);
	}
	return buf_take(&out);
}

static size_t list_places(bool is_user, struct place places[TRIES_MAX])
{
	size_t len = 0;
	const char *told = getenv(is_user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	AUTO_FREE char *usual_dir = mem_printf("/run/user/%u", (unsigned)geteuid());
	if (runtime_dir == NULL)
		runtime_dir = usual_dir;
	add_place(places, &len,
		  is_user ? address_of(runtime_dir, "/systemd/private")
			  : mem_strdup("unix:path=/run/systemd/private"),
		  false);
	if (told != NULL)
		add_place(places, &len, mem_strdup(told), true);
	add_place(places, &len,
		  is_user ? address_of(runtime_dir, "/bus")
			  : mem_strdup("unix:path=/run/dbus/system_bus_socket"),
		  true);
	return len;
}

/* Connected means that the handshake is over: a socket that takes us and hangs up is no bus. */
static int wait_ready(sd_bus *bus)
{
	for (int rc; (rc = sd_bus_is_ready(bus)) <= 0;) {
		if (rc < 0)
			return rc;
		rc = sd_bus_process(bus, NULL);
		if (rc == 0)
			rc = sd_bus_wait(bus, SCOPE_CALL_TIMEOUT_MS * (uint64_t)US_PER_MS);
		if (rc == 0)
			return -ETIMEDOUT;
		if (rc < 0 && rc != -EINTR)
			return rc;
	}
	return 0;
}

static int open_place(const struct place *place, sd_bus **out)
{
	sd_bus *bus = NULL;
	int rc = sd_bus_new(&bus);
	if (rc >= 0)
		rc = sd_bus_set_address(bus, place->address);
	if (rc >= 0)
		rc = sd_bus_set_bus_client(bus, place->is_bus);
	if (rc >= 0)
		rc = sd_bus_set_method_call_timeout(bus,
						    SCOPE_CALL_TIMEOUT_MS * (uint64_t)US_PER_MS);
	if (rc >= 0)
		rc = sd_bus_start(bus);
	if (rc >= 0)
		rc = wait_ready(bus);
	if (rc < 0) {
		sd_bus_close_unref(bus);
		return rc;
	}
	*out = bus;
	return 0;
}

int bus_open(bool is_user, sd_bus **out, struct err *err)
{
	struct place places[TRIES_MAX] = { 0 };
	AUTO(struct buf, buf_done) tried = { 0 };
	size_t len = list_places(is_user, places);
	int rc = -ENOENT;
	for (size_t i = 0; i < len && rc < 0; i++) {
		rc = open_place(&places[i], out);
		if (rc < 0)
			buf_addf(&tried, "%s%.120s: %s", tried.len > 0 ? "; " : "",
				 places[i].address, strerror(-rc));
	}
	for (size_t i = 0; i < len; i++)
		free(places[i].address);
	if (rc >= 0)
		return 0;
	err_set(err, ERR_SYSTEM, "no way to the %s's systemd (%s)", is_user ? "user" : "system",
		buf_str(&tried));
	return is_user ? err_hint(err, "it needs a login session, or: loginctl enable-linger") : -1;
}

int bus_fail(const sd_bus_error *error, int rc, struct err *err, const char *what)
{
	if (error != NULL && sd_bus_error_is_set(error))
		return err_set(err, ERR_REMOTE, "%s: %s", what,
			       error->message != NULL ? error->message : error->name);
	return err_num(err, rc < 0 ? -rc : EIO, "%s", what);
}

sd_bus_message *bus_new_call(sd_bus *bus, const char *method)
{
	sd_bus_message *message = NULL;
	if (sd_bus_message_new_method_call(bus, &message, MANAGER, PATH, MANAGER ".Manager",
					   method) < 0)
		mem_die("no memory for a message to systemd");
	return message;
}

/* "252.39-1~deb12u2" -> 252; 0 when it does not say. Asked for only where it matters. */
static unsigned manager_version(sd_bus *bus)
{
	static unsigned version;
	char *text = NULL;
	if (version == 0 && sd_bus_get_property_string(bus, MANAGER, PATH, MANAGER ".Manager",
						       "Version", NULL, &text) >= 0)
		version = (unsigned)strtoul(text + strcspn(text, "0123456789"), NULL, 10);
	free(text);
	return version;
}

static int append_bytes(sd_bus_message *message, const char *hex)
{
	uint8_t bytes[BYTES_MAX];
	size_t len = strlen(hex) / 2;
	if (len > sizeof(bytes))
		return -E2BIG;
	for (size_t i = 0; i < len; i++) {
		unsigned byte;
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -EINVAL;
		bytes[i] = (uint8_t)byte;
	}
	return sd_bus_message_append_array(message, 'y', bytes, len);
}

static int append_one(sd_bus_message *message, const char *type, const char *value)
{
	switch (type[0]) {
	case 'b':
		return sd_bus_message_append(message, "b", strcmp(value, "true") == 0);
	case 's':
		return sd_bus_message_append(message, "s", value);
	case 'i':
		return sd_bus_message_append(message, "i", (int32_t)strtol(value, NULL, 10));
	case 'u':
		return sd_bus_message_append(message, "u", (uint32_t)strtoul(value, NULL, 10));
	case 't':
		return sd_bus_message_append(message, "t", (uint64_t)strtoull(value, NULL, 10));
	default:
		return -EINVAL;
	}
}

static int append_array(sd_bus_message *message, const char *type, char *const *values,
			size_t count)
{
	bool is_pairs = strcmp(type, "a(ss)") == 0;
	int rc = sd_bus_message_open_container(message, 'a', type + 1);
	for (size_t i = 0; i < count && rc >= 0; i += is_pairs ? 2 : 1)
		rc = !is_pairs ? append_one(message, type + 1, values[i])
		     : i + 1 < count
			     ? sd_bus_message_append(message, "(ss)", values[i], values[i + 1])
			     : -EINVAL;
	return rc < 0 ? rc : sd_bus_message_close_container(message);
}

static int append_property(sd_bus_message *message, char *const *head, size_t count)
{
	const char *name = head[0], *type = head[1];
	char *const *values = head + PROPERTY_HEAD;
	int rc = sd_bus_message_open_container(message, 'r', "sv");
	if (rc >= 0)
		rc = sd_bus_message_append(message, "s", name);
	if (rc >= 0)
		rc = sd_bus_message_open_container(message, 'v', type);
	if (rc >= 0 && strcmp(type, "ay") != 0 && type[0] == 'a')
		rc = append_array(message, type, values, count);
	else if (rc >= 0 && count != 1)
		rc = -EINVAL;
	else if (rc >= 0)
		rc = type[0] == 'a' ? append_bytes(message, values[0])
				    : append_one(message, type, values[0]);
	if (rc >= 0)
		rc = sd_bus_message_close_container(message);
	return rc < 0 ? rc : sd_bus_message_close_container(message);
}

int bus_append_properties(sd_bus *bus, sd_bus_message *message,
			  const struct worker_request *request, struct err *err)
{
	char *const *word = request->properties;
	size_t left = request->properties_len;
	int rc = sd_bus_message_open_container(message, 'a', "(sv)");
	while (left > 0 && rc >= 0) {
		size_t count = left >= PROPERTY_HEAD ? strtoul(word[3], NULL, 10) : SIZE_MAX;
		if (left < PROPERTY_HEAD || count > left - PROPERTY_HEAD)
			return err_set(err, ERR_INVALID, "a property is cut off");
		unsigned minimum = (unsigned)strtoul(word[2], NULL, 10);
		if (minimum == 0 || manager_version(bus) >= minimum)
			rc = append_property(message, word, count);
		if (rc < 0)
			return bus_fail(NULL, rc, err, word[0]);
		word += PROPERTY_HEAD + count;
		left -= PROPERTY_HEAD + count;
	}
	if (rc >= 0)
		rc = sd_bus_message_close_container(message);
	return rc < 0 ? bus_fail(NULL, rc, err, "properties") : 0;
}
