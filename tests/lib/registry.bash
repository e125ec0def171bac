# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A registry of our own on a free port of the loopback: $REGISTRY. After ../lib/onggi.
#
#	setup_file() {
#		store_new empty
#		registry_start
#	}
#	teardown_file() {
#		registry_stop
#		store_delete
#	}

# Its log is $REG_LOG (a name with REGISTRY_ would be a setting of the registry). Its data go with the store.
registry_start() {
	command -v docker-registry >/dev/null || { echo "there is no docker-registry (tools/needs.txt)" >&2; return 1; }
	export REG_LOG=$STORE_TOP/registry.log REGISTRY REG_PID
	REGISTRY=127.0.0.1:$(free_port)
	cat >"$STORE_TOP/registry.yml" <<-END
		version: 0.1
		log: {level: warn, accesslog: {disabled: false}}
		storage:
		  filesystem: {rootdirectory: $STORE_TOP/registry}
		  delete: {enabled: true}
		http: {addr: $REGISTRY}
	END
	docker-registry serve "$STORE_TOP/registry.yml" >"$REG_LOG" 2>&1 3>&- &
	REG_PID=$!
	local i
	for ((i = 0; i < 100; i++)); do
		(exec 9<>"/dev/tcp/${REGISTRY/:/\/}") 2>/dev/null && return 0
		sleep 0.1
	done
	cat "$REG_LOG" >&2
	return 1
}

registry_stop() {
	if [[ -n ${REG_PID:-} ]]; then
		kill "$REG_PID" 2>/dev/null || true
		wait "$REG_PID" 2>/dev/null || true
	fi
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# registry_fill <<END: Python, see registry_push.py
registry_fill() {
	box_tar >"$STORE_TOP/box.tar"
	python3 "$TESTS/lib/registry_push.py" "$REGISTRY" "$STORE_TOP/box.tar"
}

# How many blobs have been fetched in all: configs and layers.
registry_fetched() {
	grep -c '"GET /v2/[^ ]*/blobs/' "$REG_LOG" || true
}
