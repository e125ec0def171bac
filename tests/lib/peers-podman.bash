# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# podman and buildah for tests/lib/peers.bash, with an image "box" of busybox.

# root may not raise its limits on every machine; podman's defaults would.
podman_new() {
	local top=$1
	mkdir -p "$top"
	cat >"$top/containers.conf" <<-END
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
		log_driver = "k8s-file"
		netns = "none"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		lock_type = "file"
		tmp_dir = "$top/tmp"
		volume_path = "$top/volumes"
		infra_image = "localhost/pause"
		runtime_supports_json = ["runc", "onggi"]
		[engine.runtimes]
		runc = ["$(command -v runc)"]
		onggi = ["$ONGGI_RUNTIME"]
	END
	cat >"$top/storage.conf" <<-END
		[storage]
		driver = "vfs"
		runroot = "$top/run"
		graphroot = "$top/root"
	END
}

# What podman makes below /sys/fs/cgroup, also as directories of a tmpfs where a controller is not mounted.
podman_groups() {
	find /sys/fs/cgroup -maxdepth 2 -type d -name libpod_parent
	find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d
}

podman_groups_delete() {
	local group
	while read -r group; do
		if [[ $group != */libpod_parent ]]; then
			rmdir "$group" 2>/dev/null
			continue
		fi
		find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
		[[ $(stat -fc %T "$group" 2>/dev/null) != tmpfs ]] || rm -rf --one-file-system "$group"
	done < <(podman_groups | grep -vxF "${CGROUPS_BEFORE:-/}")
	return 0
}

setup_file() {
	peers_check
	need_command runc podman buildah
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP CONTAINERS_CONF=$STORE_TOP/podman/containers.conf
	export CONTAINERS_STORAGE_CONF=$STORE_TOP/podman/storage.conf
	CGROUPS_BEFORE=$(podman_groups)
	export CGROUPS_BEFORE
	podman_new "$STORE_TOP/podman"
	wrap runc podman --runtime runc
	wrap onggi podman --runtime onggi
	box_tar >"$STORE_TOP/box.tar"
	podman import "$STORE_TOP/box.tar" box 3>&- >/dev/null 2>&1
	podman import -c 'CMD ["sleep", "100000"]' "$STORE_TOP/box.tar" pause 3>&- >/dev/null 2>&1
}

peer_clean() {
	# Where a controller is not mounted podman cannot remove its directory of a pod.
	podman pod rm -fa -t 0 >/dev/null 2>&1
	quietly podman rm -fa -t 0
}

teardown_file() {
	[[ -n ${STORE_TOP:-} ]] || return 0
	podman rm -fa -t 0 3>&- >/dev/null 2>&1 || true
	local mounted
	while read -r mounted; do
		umount -l "$mounted"
	done < <(awk -v top="$STORE_TOP/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
	podman_groups_delete
	rm -rf --one-file-system "$STORE_TOP"
}
