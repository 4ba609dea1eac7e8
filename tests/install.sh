#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh TOP BUILD: installs into an empty folder, builds the README's
# program there by pkg-config alone, runs it, and uninstalls to nothing.

set -eu
top=$1
build=$2
dest=$(mktemp -d "${TMPDIR:-/tmp}/vmclock-install.XXXXXX")
trap 'rm -rf "$dest"' EXIT

fail() {
	echo "$*"
	exit 1
}

make -C "$build" install DESTDIR="$dest"

prefix=$(sed -n 's/^prefix=//p' "$build/lib/libvmclock.pc")
export PKG_CONFIG_SYSROOT_DIR="$dest"
export PKG_CONFIG_LIBDIR="$dest$prefix/lib/pkgconfig"
# shellcheck disable=SC2046
cc -Wall -Werror -o "$dest/stamp-events" "$top/examples/stamp-events.c" \
	$(pkg-config --cflags --libs libvmclock)

readelf -d "$dest/stamp-events" | grep 'NEEDED.*libvmclock\.so\.1'
# The static library has all of it.
cc -Wall -Werror -o "$dest/stamp-static" "$top/examples/stamp.c" -I"$dest$prefix/include" \
	"$dest$prefix/lib/libvmclock.a"
! readelf -d "$dest/stamp-static" | grep 'NEEDED.*libvmclock' || fail 'it is not in the program'
rm "$dest/stamp-static"
# Nothing but what the header declares is exported, and all of it has a manual page.
exported=$(nm -D --defined-only "$dest$prefix/lib/libvmclock.so" | sed -n 's/.* T \([^@]*\).*/\1/p')
declared=$(sed -n 's/^[a-z].*[ *]\(vmclock_[a-z_]*\)(.*/\1/p' "$top/include/vmclock.h" | sort)
[ "$exported" = "$declared" ] || fail "exported: $exported; declared: $declared"
man=$dest$prefix/share/man
for function in $declared; do
	page=$man/man3/$function.3
	[ -e "$page" ] || fail "no manual page $page"
	other=$(sed -n 's/^\.so //p' "$page")
	[ -z "$other" ] || page=$man/$other
	grep -q "^\.Nm $function\\b" "$page" || fail "$page is not about $function"
done
for program in "$dest$prefix"/bin/* "$dest$prefix"/sbin/*; do
	name=${program##*/}
	section=1
	[ "$program" = "${program#*/sbin/}" ] || section=8
	for file in "$man/man$section/$name.$section" "$dest$prefix/share/bash-completion/completions/$name"; do
		[ -e "$file" ] || fail "no $file"
	done
done
grep -q "^ExecStart=$prefix/bin/vmclock-check\$" \
	"$dest$prefix/lib/systemd/system/vmclock-check.service" || fail 'the unit runs something else'
grep -q "^ExecStart=$prefix/bin/vmclock-check --wait\$" \
	"$dest$prefix/lib/systemd/system/vmclock-wait-sync.service" || fail 'the unit that waits, too'
grep -q "^ExecStart=$prefix/sbin/vmclockd\$" \
	"$dest$prefix/lib/systemd/system/vmclockd.service" || fail 'the unit of vmclockd, too'
# vmclockd starts after each unit that it may restart.
for unit in $(grep -Erho '"[a-z-]+\.service"' "$top/vmclockd" | tr -d '"' | grep -vx vmclockd.service); do
	grep -q "^After=.*\\b$unit\\b" "$dest$prefix/lib/systemd/system/vmclockd.service" ||
		fail "vmclockd starts before $unit"
done
[ -x "$dest$prefix/lib/systemd/system-sleep/vmclockd" ] || fail 'nothing tells vmclockd of sleep'
# Each key is in the manual and in the example, which shows its default.
example=$dest$prefix/share/doc/vmclock/examples/vmclockd.conf
keys=$(sed -n 's/^\tKEY(\([a-z_]*\),.*/\1/p' "$top/vmclockd/conf.c")
[ "$keys" ] || fail 'no keys found'
for key in $keys; do
	grep -q "^\.It Ic $key Li = " "$man/man5/vmclockd.conf.5" || fail "$key is not in the manual"
	grep -q "^#$key = " "$example" || fail "$key is not in the example"
done
sed 's/^#\([a-z_]* = \)/\1/' "$example" >"$dest/vmclockd.conf"
LD_LIBRARY_PATH="$dest$prefix/lib" "$dest$prefix/sbin/vmclockd" --check-config \
	--config "$dest/vmclockd.conf" || fail 'the example is wrong'
rm "$dest/vmclockd.conf"

# No device here: the program says so and fails.
status=0
LD_LIBRARY_PATH="$dest$prefix/lib" VMCLOCK_PATH="$dest/nothing" "$dest/stamp-events" 1 ||
	status=$?
[ "$status" = 1 ] || fail "status $status without a device"

# On a page without time, announced maintenance is still seen.
"$build/tests/tools/make-page" "$dest/page" flags=4
LD_LIBRARY_PATH="$dest$prefix/lib" VMCLOCK_PATH="$dest/page" "$dest/stamp-events" 1 0 |
	grep '^maintenance: imminent' || fail 'stamp-events does not show the maintenance'

rm "$dest/page"

# A program with more privileges than its caller ignores the environment's path.
if [ "$(id -u)" = 0 ]; then
	"$build/tests/tools/make-page" "$dest/page" disruption_marker=77
	chmod 755 "$dest"
	chmod 644 "$dest/page"
	# It also ignores the environment's library path.
	# shellcheck disable=SC2046
	cc -o "$dest/privileged" "$top/examples/stamp-events.c" \
		$(pkg-config --cflags --libs libvmclock) -Wl,-rpath,"$dest$prefix/lib"
	ordinary="setpriv --reuid=65534 --regid=65534 --clear-groups"
	out=$(VMCLOCK_PATH="$dest/page" $ordinary "$dest/privileged" 1 2>&1) || true
	[ "$out" != "${out#*marker 77}" ] || fail "VMCLOCK_PATH is not followed: $out"
	chmod u+s "$dest/privileged"
	out=$(VMCLOCK_PATH="$dest/page" $ordinary "$dest/privileged" 1 2>&1) || true
	[ "$out" = "${out#*marker 77}" ] || fail 'a set-user-ID program follows VMCLOCK_PATH'
	[ -n "$out" ] || fail 'a set-user-ID program does not run'
	rm "$dest/privileged" "$dest/page"
else
	echo 'not tried, for only root can: VMCLOCK_PATH in a set-user-ID program'
fi

rm "$dest/stamp-events"
make -C "$build" uninstall DESTDIR="$dest"
left=$(find "$dest" ! -type d)
[ -z "$left" ] || fail "left behind: $left"
