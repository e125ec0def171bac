/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start, change and stop one unit. A job is over when systemd says so (JobRemoved), which it says
 * to whoever asked for the job; the match is made before the call, so that no answer is missed.
 * Source: org.freedesktop.systemd1(5)
 */
#include "base/clock.h"
#include "base/mem.h"
#include "runtime/scope/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MANAGER         "org.freedesktop.systemd1"
#define PATH            "/org/freedesktop/systemd1"
#define NO_SUCH_UNIT    MANAGER ".NoSuchUnit"
#define UNIT_EXISTS     MANAGER ".UnitExists"
#define NS_PER_MS       UINT64_C(1000000)
#define NS_PER_US       UINT64_C(1000)
#define LEAVING_MS      5000 /* for a unit of that name that is on its way out */
#define LEAVING_STEP_MS 20

struct job {
	char *path; /* NULL: not known yet */
	bool is_over;
	char result[32];
};

static void message_unref(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}
#define AUTO_MESSAGE AUTO(sd_bus_message *, message_unref)
#define AUTO_ERROR   AUTO(sd_bus_error, sd_bus_error_free)

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error UNUSED)
{
	struct job *job = userdata;
	const char *path, *unit, *result;
	uint32_t id;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0 ||
	    job->path == NULL || strcmp(job->path, path) != 0)
		return 0;
	job->is_over = true;
	snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

/* The sender is asked for: on a bus anybody could say that our job is over. */
static int watch_jobs(sd_bus *bus, struct job *job, struct err *err)
{
	bool is_bus = sd_bus_is_bus_client(bus) > 0;
	int rc = sd_bus_match_signal_async(bus, NULL, is_bus ? MANAGER : NULL, PATH,
					   MANAGER ".Manager", "JobRemoved", on_job_removed, NULL,
					   job);
	return rc < 0 ? bus_fail(NULL, rc, err, "watch systemd's jobs") : 0;
}

static int wait_job(sd_bus *bus, struct job *job, struct err *err)
{
	uint64_t end_ns = clock_monotonic_ns() + SCOPE_JOB_TIMEOUT_MS * NS_PER_MS;
	while (!job->is_over) {
		uint64_t now_ns = clock_monotonic_ns();
		int rc = sd_bus_process(bus, NULL);
		if (rc > 0)
			continue;
		if (rc == 0 && now_ns >= end_ns)
			return err_set(err, ERR_REMOTE, "systemd is not done with it after %d s",
				       SCOPE_JOB_TIMEOUT_MS / 1000);
		if (rc == 0)
			rc = sd_bus_wait(bus, (end_ns - now_ns) / NS_PER_US);
		if (rc < 0 && rc != -EINTR)
			return bus_fail(NULL, rc, err, "wait for systemd");
	}
	return 0;
}

static void reset_failed(sd_bus *bus, const char *unit)
{
	(void)sd_bus_call_method(bus, MANAGER, PATH, MANAGER ".Manager", "ResetFailedUnit", NULL,
				 NULL, "s", unit);
}

static int get_unit_string(sd_bus *bus, const char *unit, const char *interface, const char *name,
			   char **out)
{
	char *path = NULL;
	int rc = sd_bus_path_encode(PATH "/unit", unit, &path);
	if (rc >= 0)
		rc = sd_bus_get_property_string(bus, MANAGER, path, interface, name, NULL, out);
	free(path);
	return rc;
}

static bool is_active(sd_bus *bus, const char *unit)
{
	char *state = NULL;
	int rc = get_unit_string(bus, unit, MANAGER ".Unit", "ActiveState", &state);
	bool is = rc >= 0 && (strcmp(state, "active") == 0 || strcmp(state, "activating") == 0);
	free(state);
	return is;
}

/* @return as sd_bus_call; job->path is set on success */
static int call_start(sd_bus *bus, sd_bus_message *message, struct job *job, sd_bus_error *error)
{
	AUTO_MESSAGE reply = NULL;
	const char *path;
	int rc = sd_bus_call(bus, message, 0, error, &reply);
	if (rc >= 0)
		rc = sd_bus_message_read(reply, "o", &path);
	if (rc >= 0)
		job->path = mem_strdup(path);
	return rc;
}

/* Somebody's old unit of that name that failed, or is being taken away at this moment, gives way.
 */
static int start(sd_bus *bus, const struct worker_request *request, struct job *job,
		 struct err *err)
{
	uint64_t end_ns = clock_monotonic_ns() + LEAVING_MS * NS_PER_MS;
	AUTO_MESSAGE message = bus_new_call(bus, "StartTransientUnit");
	if (sd_bus_message_append(message, "ss", request->unit, "replace") < 0 ||
	    bus_append_properties(bus, message, request, err) < 0)
		return -1;
	if (sd_bus_message_append(message, "a(sa(sv))", 0) < 0)
		mem_die("no memory for a message to systemd");
	for (;;) {
		AUTO_ERROR error = SD_BUS_ERROR_NULL;
		int rc = call_start(bus, message, job, &error);
		if (rc >= 0)
			return 0;
		if (!sd_bus_error_has_name(&error, UNIT_EXISTS))
			return bus_fail(&error, rc, err, "start it");
		reset_failed(bus, request->unit);
		if (is_active(bus, request->unit) || clock_monotonic_ns() > end_ns) {
			err_set(err, ERR_CONFLICT, "a unit of that name is active");
			return err_hint(err,
					"another container may have the same name: "
					"systemctl status %s",
					request->unit);
		}
		nanosleep(&(struct timespec){ .tv_nsec = LEAVING_STEP_MS * 1000000L }, NULL);
	}
}

static int read_path(sd_bus *bus, const char *unit, struct scope_reply *reply, struct err *err)
{
	char *path = NULL;
	int rc = get_unit_string(bus, unit, MANAGER ".Scope", "ControlGroup", &path);
	if (rc < 0)
		return bus_fail(NULL, rc, err, "ask for its control group");
	bool fits = strlen(path) < sizeof(reply->path);
	if (fits)
		memcpy(reply->path, path, strlen(path) + 1);
	free(path);
	return fits ? 0 : err_set(err, ERR_INVALID, "its control group has too long a path");
}

int unit_start(sd_bus *bus, const struct worker_request *request, struct scope_reply *reply,
	       struct err *err)
{
	struct job job = { 0 };
	if (watch_jobs(bus, &job, err) < 0 || start(bus, request, &job, err) < 0)
		return -1;
	int rc = wait_job(bus, &job, err);
	if (rc == 0 && strcmp(job.result, "done") != 0)
		rc = err_set(err, ERR_REMOTE, "systemd could not start it: \"%s\"", job.result);
	if (rc < 0)
		reset_failed(bus, request->unit);
	else
		rc = read_path(bus, request->unit, reply, err);
	free(job.path);
	return rc;
}

int unit_set(sd_bus *bus, const struct worker_request *request, struct err *err)
{
	AUTO_ERROR error = SD_BUS_ERROR_NULL;
	AUTO_MESSAGE message = bus_new_call(bus, "SetUnitProperties");
	if (sd_bus_message_append(message, "sb", request->unit, true) < 0 ||
	    bus_append_properties(bus, message, request, err) < 0)
		return -1;
	int rc = sd_bus_call(bus, message, 0, &error, NULL);
	if (rc < 0)
		return bus_fail(&error, rc, err, "set its properties");
	/* The answer comes before the files are written: manager_loop() does that after each
	 * message and before the next. What our caller writes now has to come after it. */
	(void)is_active(bus, request->unit);
	return 0;
}

/* A user's systemd asks that of the system when it has no right to. Since systemd 238. */
int unit_join(sd_bus *bus, const struct worker_request *request, struct err *err)
{
	AUTO_ERROR error = SD_BUS_ERROR_NULL;
	uint32_t pid = request->properties_len == 1
			       ? (uint32_t)strtoul(request->properties[0], NULL, 10)
			       : 0;
	if (pid == 0)
		return err_set(err, ERR_INVALID, "not a pid");
	int rc = sd_bus_call_method(bus, MANAGER, PATH, MANAGER ".Manager", "AttachProcessesToUnit",
				    &error, NULL, "ssau", request->unit, "", 1, pid);
	return rc < 0 ? bus_fail(&error, rc, err, "move a process into it") : 0;
}

/* Killed first: a stop alone would say SIGTERM and wait for a minute and a half. */
int unit_stop(sd_bus *bus, const struct worker_request *request, struct err *err)
{
	struct job job = { 0 };
	AUTO_ERROR error = SD_BUS_ERROR_NULL;
	AUTO_ERROR kill_error = SD_BUS_ERROR_NULL;
	AUTO_MESSAGE message = bus_new_call(bus, "StopUnit");
	int rc = sd_bus_call_method(bus, MANAGER, PATH, MANAGER ".Manager", "KillUnit", &kill_error,
				    NULL, "ssi", request->unit, "all", SIGKILL);
	if (rc < 0 && sd_bus_error_has_name(&kill_error, NO_SUCH_UNIT))
		return 0;
	if (watch_jobs(bus, &job, err) < 0)
		return -1;
	if (sd_bus_message_append(message, "ss", request->unit, "replace") < 0)
		mem_die("no memory for a message to systemd");
	rc = call_start(bus, message, &job, &error);
	if (rc < 0 && !sd_bus_error_has_name(&error, NO_SUCH_UNIT))
		return bus_fail(&error, rc, err, "stop it");
	rc = rc < 0 ? 0 : wait_job(bus, &job, err);
	/* Ended by a signal it may count as failed, and would stay in the list. */
	reset_failed(bus, request->unit);
	free(job.path);
	return rc;
}
