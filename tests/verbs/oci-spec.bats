#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi-runtime spec, features, help: what it writes without running anything.

load ../lib/onggi

setup_file() {
	:
}

teardown_file() {
	:
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

@test "oci spec: writes a configuration, and never over another" {
	run "$ONGGI_RUNTIME" spec
	assert_ok
	python3 -m json.tool config.json >/dev/null
	cp config.json before.json
	run "$ONGGI_RUNTIME" spec
	assert_status 1
	assert_has "exists"
	cmp config.json before.json
	mkdir other
	run "$ONGGI_RUNTIME" spec --bundle other
	assert_ok
	cmp other/config.json before.json
}

# compare OPTION...: our configuration and runc's, both made with these options
compare() {
	need_command runc
	mkdir ours theirs
	"$ONGGI_RUNTIME" spec -b ours "$@"
	runc spec -b theirs "$@"
	python3 <<-'END'
		import json
		ours, theirs = (json.load(open(f"{name}/config.json")) for name in ("ours", "theirs"))
		for config in (ours, theirs):
		    config.pop("ociVersion"), config.pop("hostname")
		    config["process"]["capabilities"].pop("ambient", None)  # never granted without inheritable
		    config["process"]["capabilities"].pop("inheritable", None)
		    config["linux"]["namespaces"] = sorted(ns["type"] for ns in config["linux"]["namespaces"]
		                                           if ns["type"] != "cgroup")
		hidden = [set(config["linux"].pop("maskedPaths")) for config in (ours, theirs)]
		assert hidden[0] >= {path for path in hidden[1] if "/cpu" not in path}, hidden
		for key in theirs:
		    assert ours[key] == theirs[key], (key, ours[key], theirs[key])
	END
}

@test "oci spec: means what runc's means" {
	compare
}

@test "oci spec --rootless: means what runc's means" {
	compare --rootless
}

@test "oci features: a document that says what is true" {
	"$ONGGI_RUNTIME" features >features.json
	python3 <<-'END'
		import json
		features = json.load(open("features.json"))
		linux = features["linux"]
		assert features["ociVersionMax"].startswith("1."), features
		assert {"tmpcopyup", "rro", "idmap", "remount"} <= set(features["mountOptions"])
		assert len(features["hooks"]) == 6, features["hooks"]
		assert features["mountOptions"] == sorted(features["mountOptions"])
		assert {"CAP_CHOWN", "CAP_SYS_ADMIN"} <= set(linux["capabilities"])
		assert {"mount", "pid", "network", "user", "cgroup"} <= set(linux["namespaces"])
		assert "SCMP_ACT_NOTIFY" in linux["seccomp"]["actions"]
		assert set(linux["seccomp"]["supportedFlags"]) <= set(linux["seccomp"]["knownFlags"])
		assert "SECCOMP_FILTER_FLAG_LOG" in linux["seccomp"]["supportedFlags"]
		assert "SCMP_ARCH_LOONGARCH64" in linux["seccomp"]["archs"]
		assert linux["netDevices"]["enabled"] and linux["intelRdt"]["schemata"]
		assert "MPOL_BIND" in linux["memoryPolicy"]["modes"]
		assert "MPOL_F_STATIC_NODES" in linux["memoryPolicy"]["flags"]
		assert linux["cgroup"]["rdma"] is True
		unsafe = features["potentiallyUnsafeConfigAnnotations"]
		assert {"run.oci.hooks.stdout", "org.systemd.property."} <= set(unsafe), unsafe
		assert "SCMP_ACT_ERRNO" in linux["seccomp"]["actions"]
		assert "SCMP_ARCH_X86_64" in linux["seccomp"]["archs"]
		assert isinstance(linux["cgroup"]["systemd"], bool)
	END
}

@test "oci: version, help, and a manual page" {
	run "$ONGGI_RUNTIME" --version
	assert_ok
	assert_matches '^onggi-runtime version [0-9]'
	assert_matches '^spec: 1\.'
	run "$ONGGI_RUNTIME" --help
	assert_ok
	assert_has "--log-format"
	run "$ONGGI_RUNTIME" help run
	assert_ok
	assert_has "--pid-file"
	run "$ONGGI_RUNTIME" no-such-command
	assert_status 3
	run "$ONGGI_RUNTIME" man
	assert_ok
	assert_has ".TH ONGGI-RUNTIME 1"
}
