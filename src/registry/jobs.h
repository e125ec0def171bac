/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the worker can be asked to do. Each says its answer on the control socket. */
#include "registry/net.h"
#include "registry/protocol.h"

/** Answers to the engine; `fetch_say` waits, for the answers that the engine is waiting for. */
int fetch_say(enum fetch_packet_type type, uint32_t what, const void *data, size_t len,
	      struct err *err);

/** The packet that fetch_say sends, for values: fill in before. One at a time. */
struct fetch_packet *fetch_packet(void);

/** DOCUMENT, BYTES..., LAYER... of one image. `words`: reference, os, architecture, variant. */
int resolve_image(struct net *net, const char *const words[4], struct err *err);

/** TAG... of the repository. */
int list_tags(struct net *net, struct err *err);

/** TOKEN, when there is one. */
int check_login(struct net *net, struct err *err);

/** A small document of any endpoint, the one that answered last first. @run  is given each in turn
 *  @return 0 from the first that has it; else -1 with what the last said */
int try_endpoints(struct net *net,
		  int (*run)(struct net *net, struct endpoint *from, void *arg, struct err *err),
		  void *arg, struct err *err);

/* Blobs: several at a time, between the turns of the loop. */
struct blobs;
struct blobs *blobs_new(struct net *net);

/** Begin. The descriptor is taken, also on failure, which is said to the engine. */
void blobs_add(struct blobs *blobs, const struct fetch_packet *request, int fd_take);

/** See to each. @return milliseconds until that is needed again */
int blobs_advance(struct blobs *blobs);
