/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two small jobs: all tags of a repository, page by page, and whether the credentials are good.
 * A next page is at the same origin or nowhere.
 * Source: OCI distribution-spec, "Content Discovery"
 */
#include "base/json.h"
#include "base/mem.h"
#include "registry/bounds.h"
#include "registry/jobs.h"
#include "registry/registry.h"

#include <string.h>

struct paging {
	char *url; /* of the next page; owned; NULL: no more */
	struct strv tags;
};

static int read_page(struct paging *paging, const struct answer *answer, struct err *err)
{
	struct json_source source = { .what = "the list of tags",
				      .max_bytes = FETCH_TAGS_ANSWER_MAX };
	AUTO_JSON struct json_object *doc = NULL;
	if (json_parse_strict(buf_str(&answer->body), answer->body.len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	if (json_get_strv(&root, "tags", &paging->tags, err) < 0) /* null: none */
		return -1;
	if (paging->tags.len > REGISTRY_TAGS_MAX)
		return err_set(err, ERR_INVALID, "more than %u tags", REGISTRY_TAGS_MAX);
	return 0;
}

static int next_page(struct paging *paging, const struct transfer *transfer, struct err *err)
{
	AUTO_FREE char *link = transfer->answer.link != NULL
				       ? header_next_link(transfer->answer.link)
				       : NULL;
	struct origin origin;
	free(paging->url);
	paging->url = NULL;
	if (link == NULL)
		return 0;
	AUTO_FREE char *url = transfer_resolve_url(transfer->url, link);
	if (url == NULL || origin_of(url, &origin, NULL) < 0 ||
	    !origin_equal(&origin, &transfer->bound))
		return err_set(err, ERR_INVALID, "%s continues its list of tags elsewhere",
			       transfer->endpoint->fields[FETCH_HOST]);
	paging->url = ptr_take(&url);
	return 0;
}

static int fetch_page(struct net *net, struct endpoint *from, struct paging *paging,
		      struct err *err)
{
	struct transfer *transfer = mem_alloc(1, sizeof(*transfer));
	transfer_init(transfer, net, from, ptr_take(&paging->url));
	transfer->accept = "application/json";
	transfer->body_max = FETCH_TAGS_ANSWER_MAX;
	int rc = transfer_run(transfer, err);
	if (rc == 0 && transfer->answer.status != 200)
		rc = transfer_refused(transfer, "the list of tags", err);
	if (rc == 0)
		rc = read_page(paging, &transfer->answer, err);
	if (rc == 0)
		rc = next_page(paging, transfer, err);
	transfer_done(transfer);
	free(transfer);
	return rc;
}

static int fetch_tags(struct net *net, struct endpoint *from, void *arg, struct err *err)
{
	struct paging *paging = arg;
	unsigned pages = 0;
	free(paging->url);
	strv_done(&paging->tags);
	paging->url = endpoint_url(from, "tags/list?n=1000");
	while (paging->url != NULL) {
		if (++pages > FETCH_TAG_PAGES_MAX)
			return err_set(err, ERR_INVALID, "a list of tags of more than %u pages",
				       FETCH_TAG_PAGES_MAX);
		if (fetch_page(net, from, paging, err) < 0)
			return -1;
	}
	return 0;
}

int list_tags(struct net *net, struct err *err)
{
	struct paging paging = { 0 };
	int rc = try_endpoints(net, fetch_tags, &paging, err);
	for (size_t i = 0; rc == 0 && i < paging.tags.len; i++) {
		const char *tag = paging.tags.items[i];
		/* What is no tag is nobody's to pull. */
		if (strlen(tag) <= 128)
			rc = fetch_say(FETCH_TAG, 0, tag, strlen(tag), err);
	}
	free(paging.url);
	strv_done(&paging.tags);
	return rc;
}

int check_login(struct net *net, struct err *err)
{
	struct endpoint *endpoint = &net->endpoints[net->endpoints_len - 1];
	struct transfer *transfer = mem_alloc(1, sizeof(*transfer));
	char *url = mem_printf("%s://%s/v2/", endpoint->is_plain_http ? "http" : "https",
			       endpoint->fields[FETCH_HOST]);
	transfer_init(transfer, net, endpoint, url);
	net->asks_offline = true;
	int rc = transfer_run(transfer, err);
	net->asks_offline = false;
	if (rc == 0 && transfer->answer.status != 200)
		rc = transfer_refused(transfer, "login", err);
	transfer_done(transfer);
	free(transfer);
	if (rc == 0 && net->identity_token != NULL)
		rc = fetch_say(FETCH_TOKEN, 0, net->identity_token, strlen(net->identity_token),
			       err);
	return rc;
}
