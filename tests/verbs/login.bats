#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi
load ../lib/registry_auth

setup_file() {
	auth_registries_start
}

teardown_file() {
	auth_registries_stop
}

setup() {
	auth_home
}

# login ARG...: as potter, with the right password
login() {
	run onggi login -u potter --password-stdin "$@" <<<"$PASSWORD"
}

@test "login: what the registry takes is kept, where docker keeps it and for nobody else" {
	mkdir -p "${AUTH%/*}"
	echo '{"auths": {"other.example": {"auth": "YTpi"}}, "psFormat": "table {{.Names}}", "future": [1, {"x": 1.50}]}' >"$AUTH"
	login "$PLAIN"
	assert_ok
	assert_line "Login Succeeded"
	assert_has "kept unencrypted in $AUTH"
	assert_equal "$(stat -c %a "$AUTH")" 600
	run python3 -c '
import base64, json, sys
kept = json.load(open(sys.argv[1]))
print(base64.b64decode(kept["auths"].pop(sys.argv[2])["auth"]).decode())
print(json.dumps(kept))' "$AUTH" "$PLAIN"
	assert_line "potter:$PASSWORD"
	assert_line '{"auths": {"other.example": {"auth": "YTpi"}}, "psFormat": "table {{.Names}}", "future": [1, {"x": 1.5}]}'
	run onggi login --get-login "$PLAIN"
	assert_output potter
	assert_equal "$(ls -A "${AUTH%/*}")" config.json
}

@test "login: a wrong password is refused, and not kept" {
	run onggi login -u potter --password-stdin "$PLAIN" <<<wrong
	assert_status 1
	assert_has "log in to $PLAIN"
	assert_has unauthorized
	[[ ! -e $AUTH ]] || fail "$AUTH was made"
	run onggi login --get-login "$PLAIN"
	assert_status 1
	assert_has "not logged in to $PLAIN"
}

@test "login: existing credentials are tried again" {
	login "$PLAIN"
	run onggi login "$PLAIN" </dev/null
	assert_ok
	assert_line "Authenticating with existing credentials..."
	assert_line "Login Succeeded"
	sed -i 's/"auth": "[^"]*"/"auth": "cG90dGVyOng="/' "$AUTH"
	run onggi login "$PLAIN" </dev/null
	assert_status 1
	assert_has unauthorized
}

@test "login: a password in the arguments works, with a warning" {
	run onggi login -u potter -p "$PASSWORD" "$PLAIN"
	assert_ok
	assert_has "use --password-stdin"
	assert_line "Login Succeeded"
}

@test "login: asks at a terminal, and does not show the password" {
	run python3 "$TESTS/lib/terminal.py" expect "Username: " send 'potter\n' expect "Password: " send "$PASSWORD\\n" \
		expect "Login Succeeded" -- "$ONGGI" login "$PLAIN"
	assert_ok
	assert_has "Username: potter"
	assert_has_not "$PASSWORD"
	run python3 "$TESTS/lib/terminal.py" expect "Password: " send '\x03' -- \
		bash -c 'onggi=$1; shift; "$onggi" login "$@"; stty' - "$ONGGI" -u potter "$PLAIN"
	assert_has_not "-echo "
}

@test "login: what is missing or contradicts itself" {
	run onggi login "$PLAIN" </dev/null
	assert_status 1
	assert_has "non TTY device"
	run onggi login --password-stdin "$PLAIN" <<<x
	assert_status 1
	assert_has "needs a user name"
	run onggi login -u a -p b --password-stdin "$PLAIN" <<<x
	assert_status 1
	assert_has "mutually exclusive"
	run onggi login -u potter --password-stdin "$PLAIN" </dev/null
	assert_status 1
	assert_has "no password"
	run onggi login -u a:b --password-stdin "$PLAIN" <<<x
	assert_status 1
	assert_has "colon"
	run onggi login -u a --password-stdin Bad/Name <<<x
	assert_status 1
	assert_has "not the name of a registry"
	head -c 40000 /dev/zero | tr '\0' a >"$BATS_TEST_TMPDIR/long"
	run onggi login -u a --password-stdin "$PLAIN" <"$BATS_TEST_TMPDIR/long"
	assert_status 1
	assert_has "larger than 32768 bytes"
}

@test "login: the file is the one that was named, or the one that knows the registry" {
	login --authfile "$HOME/new/auth.json" "$PLAIN"
	assert_ok
	[[ ! -e $AUTH ]] || fail "$AUTH was made"
	REGISTRY_AUTH_FILE=$HOME/new/auth.json run onggi login --get-login "$PLAIN"
	assert_output potter
	mkdir "$XDG_RUNTIME_DIR/containers"
	echo "{\"auths\": {\"$PLAIN\": {\"auth\": \"eDp5\"}}}" >"$XDG_RUNTIME_DIR/containers/auth.json"
	login "$PLAIN"
	assert_ok
	[[ ! -e $AUTH ]] || fail "$AUTH was made"
	run onggi login --get-login "$PLAIN"
	assert_output potter
	# A symlink stays one.
	mkdir -p "${AUTH%/*}"
	ln -s "$HOME/dotfile" "$AUTH"
	echo '{}' >"$HOME/dotfile"
	login "$TLS"
	assert_ok
	[[ -L $AUTH ]] || fail "the symlink is gone"
	grep -qF "$TLS" "$HOME/dotfile"
}

@test "login: a path behind the registry is kept for what is below it" {
	login "$PLAIN/team"
	assert_ok
	run onggi login --get-login "$PLAIN/team/app"
	assert_output potter
	run onggi login --get-login "$PLAIN/other"
	assert_status 1
}

@test "login: a broken file of credentials is named, and left alone" {
	mkdir -p "${AUTH%/*}"
	echo '{"auths": {"r.example": {"auth": "eDp5"}},}' >"$AUTH"
	cp "$AUTH" "$BATS_TEST_TMPDIR/before"
	login "$PLAIN"
	assert_status 1
	assert_has "$AUTH"
	cmp "$AUTH" "$BATS_TEST_TMPDIR/before"
}

@test "login: a program keeps the credentials, and they stand nowhere else" {
	auth_keeper kiln
	mkdir -p "${AUTH%/*}"
	echo '{"credsStore": "kiln"}' >"$AUTH"
	login "$PLAIN"
	assert_ok
	assert_has_not unencrypted
	auth_password_only_in "$BATS_TEST_TMPDIR/kept/${PLAIN/:/%3A}"
	assert_equal "$(jq -c . "$AUTH")" "{\"credsStore\":\"kiln\",\"auths\":{\"$PLAIN\":{}}}"
	run onggi login --get-login "$PLAIN"
	assert_output potter
	run onggi login "$PLAIN" </dev/null
	assert_ok
	# The default registry has docker's name there.
	echo '{"Username": "me", "Secret": "x"}' >"$BATS_TEST_TMPDIR/kept/https%3A%2F%2Findex.docker.io%2Fv1%2F"
	run onggi login --get-login
	assert_output me
}

@test "login: a program for one registry, and programs that fail" {
	auth_keeper kiln
	mkdir -p "${AUTH%/*}"
	echo "{\"credHelpers\": {\"$PLAIN\": \"kiln\", \"none.example\": \"nosuch\", \"bad.example\": \"bad\"}}" >"$AUTH"
	login "$PLAIN"
	assert_ok
	login "$TLS"
	assert_ok
	assert_equal "$(ls "$BATS_TEST_TMPDIR/kept")" "${PLAIN/:/%3A}"
	run onggi login --get-login none.example
	assert_status 1
	assert_has "docker-credential-nosuch: no such program in PATH"
	printf '#!/bin/sh\necho locked; echo no key >&2; exit 3\n' >"$BATS_TEST_TMPDIR/bin/docker-credential-bad"
	chmod +x "$BATS_TEST_TMPDIR/bin/docker-credential-bad"
	run onggi login --get-login bad.example
	assert_status 1
	assert_has "exit status 3"
	assert_has "locked"
	assert_has "no key"
	# One that does not stop talking.
	printf '#!/bin/sh\nexec yes\n' >"$BATS_TEST_TMPDIR/bin/docker-credential-bad"
	run onggi login --get-login bad.example
	assert_status 1
	printf '#!/bin/sh\necho "{\\"Username\\": \\"a\\"}"\n' >"$BATS_TEST_TMPDIR/bin/docker-credential-bad"
	run onggi login --get-login bad.example
	assert_status 1
	assert_has "Secret: missing"
}

@test "login: https with a certificate of one's own, never less than was asked for" {
	login --tls-verify "$TLS"
	assert_status 1
	assert_has certificate
	# On the loopback nobody else is on the way: as docker, without a certificate any will do.
	login "$TLS"
	assert_ok
	rm "$AUTH"
	mkdir -p "$ONGGI_CONFIG_DIR/certs.d/$TLS"
	cp "$STORE_TOP/ca.crt" "$ONGGI_CONFIG_DIR/certs.d/$TLS/ca.crt"
	login --tls-verify "$TLS"
	assert_ok
	login "$TLS"
	assert_ok
	# With another one there, the registry is not who it says.
	rm "$AUTH"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other \
		-keyout /dev/null -out "$ONGGI_CONFIG_DIR/certs.d/$TLS/ca.crt" 2>/dev/null
	login "$TLS"
	assert_status 1
	assert_has certificate
	# A client's certificate without its key.
	touch "$ONGGI_CONFIG_DIR/certs.d/$TLS/me.cert"
	login "$TLS"
	assert_status 1
	assert_has "me.key is missing"
}

@test "login: plain http only where it may be" {
	: >"$STORE_TOP/plain.log"
	login --tls-verify=true "$PLAIN"
	assert_status 1
	run cat "$STORE_TOP/plain.log"
	assert_has_not "GET /v2/"
	login --tls-verify=false "$PLAIN"
	assert_ok
	login --tls-verify=maybe "$PLAIN"
	assert_status 125
	assert_has "neither true nor false"
	echo "{\"blocked-registries\": [\"$PLAIN\"]}" >"$ONGGI_CONFIG_DIR/registries.json"
	login "$PLAIN"
	assert_status 1
	assert_has "blocked by $ONGGI_CONFIG_DIR/registries.json"
	echo '{"blocked": []}' >"$ONGGI_CONFIG_DIR/registries.json"
	login "$PLAIN"
	assert_status 1
	assert_has "unknown key blocked"
}

@test "login: an ordinary user has credentials, too" {
	# A build directory may be out of their reach.
	local bin=$STORE_TOP/bin home=$STORE_TOP/stranger program
	mkdir -p "$bin" "$home"
	for program in onggi onggi-fetch onggi-unpack; do
		cp "$(realpath "$(dirname "$ONGGI")/$program")" "$bin"
	done
	chmod 755 "$STORE_TOP" "$bin"
	chown 65534:65534 "$home"
	stranger() {
		run setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
			env -i "PATH=$PATH" "HOME=$home" "$bin/onggi" "$@"
	}
	stranger login -u potter --password-stdin "$PLAIN" <<<"$PASSWORD"
	assert_ok
	assert_line "Login Succeeded"
	assert_equal "$(stat -c '%u %a' "$home/.docker/config.json")" "65534 600"
	stranger login --get-login "$PLAIN"
	assert_output potter
	stranger logout "$PLAIN"
	assert_output "Removing login credentials for $PLAIN"
}

@test "login: skopeo and we read each other's files" {
	need_command skopeo
	login --authfile "$HOME/auth.json" "$PLAIN"
	run skopeo login --authfile "$HOME/auth.json" --get-login "$PLAIN"
	assert_output potter
	skopeo login --authfile "$HOME/theirs.json" --tls-verify=false -u potter --password-stdin "$PLAIN" <<<"$PASSWORD"
	run onggi login --authfile "$HOME/theirs.json" "$PLAIN" </dev/null
	assert_line "Login Succeeded"
}
