# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Two registries on the loopback that want credentials: $PLAIN speaks http, $TLS https with a certificate that
# nobody has signed but itself ($STORE_TOP/ca.crt). Whoever is `potter` may come in. After ../lib/onggi:
#
#	setup_file() {
#		auth_registries_start
#	}
#	teardown_file() {
#		auth_registries_stop
#	}
#
# With $STORE_TOP set they get it; what they have is in its directories `plain` and `tls`.
# In setup, auth_home makes settings, certificates and credentials the test's own: $ONGGI_CONFIG_DIR, $AUTH.

# What `htpasswd -B` would make of $PASSWORD, with as little work as there can be.
PASSWORD=clay:pot/1
# shellcheck disable=SC2016 # its dollars are its own
PASSWORD_LINE='potter:$2b$04$DhlM4KIuAKaXBY1SXmVYCeEccgvGjf5Fh4E79TuSQuF8bi0maN9Xy'


auth_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# auth_registry NAME ADDRESS [TLS-SETTINGS]: its pid is in $started
auth_registry() {
	local i
	cat >"$STORE_TOP/$1.yml" <<-END
		version: 0.1
		log: {level: warn, accesslog: {disabled: false}}
		storage: {filesystem: {rootdirectory: $STORE_TOP/$1}}
		auth: {htpasswd: {realm: pots, path: $STORE_TOP/htpasswd}}
		http: {addr: "$2"${3:-}}
	END
	docker-registry serve "$STORE_TOP/$1.yml" >"$STORE_TOP/$1.log" 2>&1 3>&- &
	started=$!
	for ((i = 0; i < 100; i++)); do
		(exec 9<>"/dev/tcp/${2/:/\/}") 2>/dev/null && return 0
		sleep 0.1
	done
	cat "$STORE_TOP/$1.log" >&2
	return 1
}

auth_registries_start() {
	local program
	for program in docker-registry openssl; do
		command -v "$program" >/dev/null || { echo "there is no $program (tools/needs.txt)" >&2; return 1; }
	done
	if [[ -z ${STORE_TOP:-} ]]; then
		STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
		export STORE_TOP STORE=$STORE_TOP/store RUN_STORE=$STORE_TOP/run
	fi
	export PLAIN TLS PLAIN_PID TLS_PID
	echo "$PASSWORD_LINE" >"$STORE_TOP/htpasswd"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=pots \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$STORE_TOP/key.pem" -out "$STORE_TOP/ca.crt" 2>/dev/null
	PLAIN=127.0.0.1:$(auth_port)
	auth_registry plain "$PLAIN"
	PLAIN_PID=$started
	TLS=127.0.0.1:$(auth_port)
	auth_registry tls "$TLS" ", tls: {certificate: $STORE_TOP/ca.crt, key: $STORE_TOP/key.pem}"
	TLS_PID=$started
}

auth_registries_stop() {
	local pid
	for pid in ${PLAIN_PID:-} ${TLS_PID:-}; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	store_delete
}

# In setup: a home and settings of this test's own.
auth_home() {
	export HOME=$BATS_TEST_TMPDIR/home ONGGI_CONFIG_DIR=$BATS_TEST_TMPDIR/config XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
	unset REGISTRY_AUTH_FILE DOCKER_CONFIG XDG_CONFIG_HOME
	AUTH=$HOME/.docker/config.json
	export AUTH
	mkdir -p "$HOME" "$ONGGI_CONFIG_DIR" "$XDG_RUNTIME_DIR"
}

# auth_keeper NAME: a program docker-credential-NAME in PATH, which keeps what it is told in $BATS_TEST_TMPDIR/kept, a
# file for each server, and writes down how it was called.
auth_keeper() {
	local bin=$BATS_TEST_TMPDIR/bin
	mkdir -p "$bin" "$BATS_TEST_TMPDIR/kept"
	cat >"$bin/docker-credential-$1" <<-'END'
		#!/usr/bin/env python3
		import json, os, sys, urllib.parse
		top = os.path.dirname(os.path.dirname(os.path.abspath(sys.argv[0])))
		words = sys.stdin.read()
		with open(top + "/calls", "a") as calls:
		    with open("/proc/self/environ") as environ:
		        print(sys.argv, environ.read().replace("\0", " "), file=calls)
		request = json.loads(words) if sys.argv[1] == "store" else {"ServerURL": words}
		path = top + "/kept/" + urllib.parse.quote(request["ServerURL"], "")
		if sys.argv[1] == "store":
		    with open(path, "w") as kept:
		        json.dump(request, kept)
		elif not os.path.exists(path):
		    sys.exit("credentials not found in native keychain" and print("credentials not found in native keychain") or 1)
		elif sys.argv[1] == "get":
		    print(open(path).read())
		else:
		    os.unlink(path)
	END
	chmod +x "$bin/docker-credential-$1"
	export PATH=$bin:$PATH
}

# Nothing that was written anywhere, but for the given file, has the password.
auth_password_only_in() {
	local found
	found=$(grep -rlF -e "$PASSWORD" -e "$(printf 'potter:%s' "$PASSWORD" | base64)" "$BATS_TEST_TMPDIR" "$STORE_TOP" | grep -vxF -- "$1" || true)
	assert_equal "$found" "" "files with the password"
}
