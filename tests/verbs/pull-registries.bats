#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Whom a pull asks, and as whom: mirrors, certificates, credentials.

load ../lib/onggi
load ../lib/registry
load ../lib/registry_auth

# $REGISTRY is for everybody; $PLAIN and $TLS have the same content behind a password. Nobody listens at $NOBODY.
setup_file() {
	store_new empty
	registry_start
	registry_fill <<-'END'
		image("pots/clay", "1", [box()])
		image("hub/pots/clay", "1", [box()])
		image("only/here", "1", [box()])
	END
	ln -s registry "$STORE_TOP/plain"
	ln -s registry "$STORE_TOP/tls"
	auth_registries_start
	NOBODY=127.0.0.1:$(free_port)
	export NOBODY
}

teardown_file() {
	registry_stop
	auth_registries_stop
}

setup() {
	auth_home
}

teardown() {
	local name
	for name in $(onggi images --format '{{.Repository}}:{{.Tag}}'); do
		onggi rmi "$name" >/dev/null
	done
}

settings() {
	echo "$1" >"$ONGGI_CONFIG_DIR/registries.json"
}

login() {
	onggi login -u potter --password-stdin "$@" <<<"$PASSWORD" >/dev/null 2>&1
}

@test "pull: a private image needs a login" {
	run onggi pull -q "$PLAIN/pots/clay:1"
	assert_status 1
	assert_has "onggi login $PLAIN"
	login "$PLAIN"
	run onggi pull -q "$PLAIN/pots/clay:1"
	assert_ok
	run onggi run --rm "$PLAIN/pots/clay:1" echo inside
	assert_output inside
	sed -i 's/"auth": "[^"]*"/"auth": "cG90dGVyOng="/' "$AUTH"
	run onggi pull -q "$PLAIN/only/here:1"
	assert_status 1
	onggi logout "$PLAIN"
	login "$PLAIN/only"
	run onggi pull -q "$PLAIN/pots/clay:1"
	assert_status 1
	run onggi pull -q "$PLAIN/only/here:1"
	assert_ok
}

@test "pull: credentials of a program, and of a file that is named" {
	auth_keeper kiln
	mkdir -p "${AUTH%/*}"
	echo '{"credsStore": "kiln"}' >"$AUTH"
	login "$PLAIN"
	run onggi pull -q "$PLAIN/pots/clay:1"
	assert_ok
	login --authfile "$HOME/auth.json" "$PLAIN"
	rm -r "$AUTH" "$BATS_TEST_TMPDIR/kept"
	run onggi pull -q "$PLAIN/only/here:1"
	assert_status 1
	run onggi pull -q --authfile "$HOME/auth.json" "$PLAIN/only/here:1"
	assert_ok
}

@test "pull: https with an authority of certs.d" {
	login "$TLS"
	run onggi pull -q --tls-verify "$TLS/pots/clay:1"
	assert_status 1
	assert_has certificate
	mkdir -p "$ONGGI_CONFIG_DIR/certs.d/$TLS"
	cp "$STORE_TOP/ca.crt" "$ONGGI_CONFIG_DIR/certs.d/$TLS/pots.crt"
	run onggi pull -q --tls-verify "$TLS/pots/clay:1"
	assert_ok
	run onggi pull -q "$TLS/only/here:1"
	assert_ok
}

@test "pull: mirrors come first, in their order, and nobody has to be there" {
	settings "{\"registry-mirrors\": {\"$NOBODY\": [\"$NOBODY\", \"$REGISTRY/hub\", \"http://$REGISTRY\"]}}"
	run onggi pull "$NOBODY/pots/clay:1"
	assert_ok
	assert_line "$NOBODY/pots/clay:1"
	run onggi images --format '{{.Repository}}'
	assert_output "$NOBODY/pots/clay"
	grep -q '"GET /v2/hub/pots/clay/manifests/1 ' "$REG_LOG" || fail "$(cat "$REG_LOG")"
	# The second mirror does not have it, the third does.
	run onggi pull -q "$NOBODY/only/here:1"
	assert_ok
	run onggi pull -q "$NOBODY/none/here:1"
	assert_status 1
}

@test "pull: a mirror that lacks it leaves it to the registry; the registry's password is not for mirrors" {
	login "$PLAIN"
	settings "{\"registry-mirrors\": {\"$PLAIN\": [\"http://$NOBODY\", \"$REGISTRY/hub\"]}}"
	run onggi pull -q "$PLAIN/only/here:1"
	assert_ok
	grep -q 'GET /v2/hub/only/here/manifests/1 .* 404' "$REG_LOG" || fail "the mirror was not asked"
	# docker-registry writes down who asked: "-" is nobody.
	run grep -F '/v2/hub/only/here' "$REG_LOG"
	assert_has_not potter
}

@test "pull: who is blocked is not asked" {
	settings "{\"blocked-registries\": [\"$REGISTRY/only\"]}"
	run onggi pull -q "$REGISTRY/only/here:1"
	assert_status 1
	assert_has "$REGISTRY/only/here is blocked by $ONGGI_CONFIG_DIR/registries.json"
	run onggi pull -q "$REGISTRY/pots/clay:1"
	assert_ok
}
