#!/bin/sh
# SPDX-License-Identifier: MIT
#
# vmclock-check: device, hypervisor and driver, on made-up systems: folders
# that look like /sys, /dev, /proc and /lib/modules.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${top_srcdir:=.}/tests/tools/lib.sh"

: "${CC:=cc}"
PATH=$PATH:/usr/sbin:/sbin
release=$(uname -r)
VMCLOCK_CHECK_SYSROOT=$tmp/root
export VMCLOCK_CHECK_SYSROOT
root=$VMCLOCK_CHECK_SYSROOT
sys=$root/sys

# ---- Building blocks ------------------------------------------------------------------

# A Linux system without any VMClock. /lib is a link, as on most: depmod may look in either.
new_system() {
	rm -rf "$root"
	mkdir -p "$sys/bus/platform/devices" "$sys/bus/platform/drivers" "$sys/bus/acpi/devices" \
		"$sys/class/misc" "$sys/module" "$root/dev" "$root/proc/sys/kernel" \
		"$root/etc/modprobe.d" "$root/usr/lib/modules/$release"
	ln -s usr/lib "$root/lib"
	: >"$root/proc/modules"
	mkdir "$sys/bus/platform/devices/pcspkr" "$sys/bus/acpi/devices/PNP0501:00"
	echo PNP0501 >"$sys/bus/acpi/devices/PNP0501:00/hid"
	echo acpi:PNP0501: >"$sys/bus/acpi/devices/PNP0501:00/modalias"
}

acpi_offer() {	# NAME HID MODALIAS
	mkdir -p "$sys/bus/platform/devices/$1" "$sys/bus/acpi/devices/$1"
	echo "$2" >"$sys/bus/acpi/devices/$1/hid"
	echo "$3" >"$sys/bus/acpi/devices/$1/modalias"
	echo 15 >"$sys/bus/acpi/devices/$1/status"
	ln -s "../../../platform/devices/$1" "$sys/bus/acpi/devices/$1/physical_node"
}

qemu() {
	new_system
	acpi_offer AMZNC10C:00 AMZNC10C acpi:AMZNC10C:VMCLOCK:
}

dt_offer() {	# NAME
	mkdir -p "$sys/bus/platform/devices/$1/of_node"
	printf 'acme,clock\0amazon,vmclock\0' >"$sys/bus/platform/devices/$1/of_node/compatible"
	echo "of:NvmclockT(null)Camazon,vmclock" >"$sys/bus/platform/devices/$1/modalias"
}

driver() {	# DRIVER [MODULE]
	mkdir -p "$sys/bus/platform/drivers/$1"
	if [ $# = 2 ]; then
		mkdir -p "$sys/module/$2"
		echo live >"$sys/module/$2/initstate"
		ln -s "../../../../module/$2" "$sys/bus/platform/drivers/$1/module"
	fi
}

bind() {	# DEVICE DRIVER
	ln -s "../../drivers/$2" "$sys/bus/platform/devices/$1/driver"
}

node() {	# NAME [DEVICE]
	mkdir -p "$sys/class/misc/$1"
	if [ $# = 2 ]; then
		mkdir -p "$sys/bus/platform/devices/$2/misc/$1"
		ln -s "../../../bus/platform/devices/$2" "$sys/class/misc/$1/device"
	fi
	"$MAKE_PAGE" "$root/dev/$1" flags=0x200 || exit 99
}

served() {	# by our driver
	qemu
	driver vmclock-guest vmclock
	echo 4.5.6 >"$sys/module/vmclock/version"
	bind AMZNC10C:00 vmclock-guest
	node vmclock0 AMZNC10C:00
	echo acpi >"$sys/class/misc/vmclock0/notification"
}

# ---- Which devices there are -----------------------------------------------------------------

new_system
run
expect 'no VMClock at all' 2 \
	'^NOT USABLE: the hypervisor offers no VMClock' '^Next: ask whoever runs the hypervisor' \
	'VMClock +not offered' 'kind +missing' 'vmclock +not there'

rm -rf "$sys"
run
expect 'no /sys' 2 '^NOT USABLE: .*/sys does not tell' '^Next: mount sysfs'

qemu
run
expect 'offered, and no driver' 2 \
	'^NOT USABLE: the hypervisor offers a VMClock \(ACPI AMZNC10C:00\), but no driver' \
	'^Next: install vmclock-dkms'

new_system
acpi_offer ACME0001:00 ACME0001 acpi:ACME0001:VMCLOCK:
run
expect 'offered by a compatible ID' 2 'VMClock +offered \(ACPI ACME0001:00\); no driver'

new_system
acpi_offer VMCLOCK:00 VMCLOCK acpi:VMCLOCK:
run
expect 'offered by the other hardware ID' 2 'VMClock +offered \(ACPI VMCLOCK:00\); no driver'

qemu
echo 0 >"$sys/bus/acpi/devices/AMZNC10C:00/status"
run
expect 'declared, but switched off' 2 '^NOT USABLE: the hypervisor offers no VMClock'

new_system
dt_offer 1f000000.vmclock
run
expect 'offered by device tree' 2 'VMClock +offered \(device tree 1f000000.vmclock\); no driver' \
	'^NOT USABLE: the hypervisor offers a VMClock \(device tree'

new_system
mkdir -p "$sys/bus/platform/devices/x/of_node"
printf 'amazon,vmclock-other\0' >"$sys/bus/platform/devices/x/of_node/compatible"
run
expect 'another thing in the device tree' 2 '^NOT USABLE: the hypervisor offers no VMClock'

# ---- Served ------------------------------------------------------------------------------

served
run
expect 'served by our driver' 0 \
	'^OK: the disruption marker works' "path +$root/dev/vmclock0" 'kind +device' \
	'VMClock +offered \(ACPI AMZNC10C:00\); driver vmclock-guest serves it as vmclock0' \
	'vmclock +loaded, version 4.5.6, serves the device' 'ptp_vmclock +not there' \
	'notification +yes: the host notifies by ACPI'

echo acpi:AMZNC10C: >"$sys/bus/acpi/devices/AMZNC10C:00/modalias"
run
expect 'without the compatible ID' 1 '^WARNING: the ACPI device has no _CID "VMCLOCK"'
run --json
field 'the rule of it' .rules_broken[0].rule '"acpi-cid"'
echo acpi:ACME0001:VMCLOCK: >"$sys/bus/acpi/devices/AMZNC10C:00/modalias"
run
expect 'without the hardware ID' 1 '^WARNING: the ACPI device has no _HID "AMZNC10C"'
run --json
field 'the rule of that' .rules_broken[0].rule '"acpi-hid"'
echo acpi:AMZNC10C:VMCLOCK: >"$sys/bus/acpi/devices/AMZNC10C:00/modalias"

echo irq >"$sys/class/misc/vmclock0/notification"
run
expect 'notified by interrupt' 0 'notification +yes: the host notifies by interrupt'

echo timer >"$sys/class/misc/vmclock0/notification"
run
expect 'the host would notify, but the driver does not listen' 0 'notification +no: .*by timer'

"$MAKE_PAGE" "$root/dev/vmclock0" flags=0 || exit 99
run
expect 'the host does not notify' 0 'notification +no: the host does not notify; the driver looks'

run --json
field 'JSON: offered and bound' '.hypervisor.offers[0]' \
	'{"firmware":"ACPI","device":"AMZNC10C:00","driver":"vmclock-guest","module":"vmclock","serves":"vmclock0"}'
field 'JSON: our module' '.modules[0]' \
	'{"name":"vmclock","driver":"vmclock-guest","state":"loaded","version":"4.5.6","bound":true,"blacklisted":false,"overridden":false,"obstacle":null}'
field 'JSON: source' .device.source '"default"'

qemu
driver vmclock
bind AMZNC10C:00 vmclock
node vmclock0
run
expect 'served by the in-tree driver, built in, whose node names no device' 0 \
	'driver vmclock serves it as vmclock0' \
	'ptp_vmclock +built into the kernel, serves the device' \
	'vmclock +not there' 'notification +no: .*cannot be polled'

qemu
driver vmclock ptp_vmclock
bind AMZNC10C:00 vmclock
node vmclock0 AMZNC10C:00
run
expect 'served by the in-tree driver as a module' 0 'ptp_vmclock +loaded, serves the device'

served
acpi_offer AMZNC10C:01 AMZNC10C acpi:AMZNC10C:VMCLOCK:
bind AMZNC10C:01 vmclock-guest
node vmclock2 AMZNC10C:01
node vmclock10
run
expect 'others are named, and not checked' 0 'not checked +/dev/vmclock2$' '^ +/dev/vmclock10$' \
	"path +$root/dev/vmclock0" 'AMZNC10C:01\); driver vmclock-guest serves it as vmclock2'
run --device "$root/dev/vmclock2"
expect 'another device' 0 "path +$root/dev/vmclock2" 'not checked +/dev/vmclock0$'

rm "$root/dev/vmclock0"
rm -r "$sys/class/misc/vmclock0" "$sys/bus/platform/devices/AMZNC10C:00"
rm -r "$sys/bus/acpi/devices/AMZNC10C:00"
run
expect 'only another device' 2 '^NOT USABLE: there is no .*/vmclock0, but there is /dev/vmclock2' \
	'^Next: .*--device /dev/vmclock2'

# ---- Bound, and yet no node -----------------------------------------------------------------

served
rm "$root/dev/vmclock0"
run
expect 'no node, as in a container' 2 \
	'^NOT USABLE: driver vmclock-guest serves AMZNC10C:00 as vmclock0' \
	'^Next: in a container: have /dev/vmclock0 passed in'

qemu
driver vmclock
bind AMZNC10C:00 vmclock
run
expect 'a driver that makes no node' 2 \
	'^NOT USABLE: driver vmclock is bound to AMZNC10C:00, but made no' \
	'^Next: .*dmesg'

# ---- Loaded, but not bound --------------------------------------------------------------------

qemu
driver vmclock-guest vmclock
run
expect 'our driver refused the device' 2 '^NOT USABLE: .*no driver serves it' \
	'^Next: vmclock is loaded, but did not take the device; .*dmesg'

said() {	# TEXT
	printf '%s\n' '6,1,1,-;vmclock-guest AMZNC10C:01: refused: that of another device' \
		'6,2,2,-;vmclock-guest AMZNC10C:00: refused: something before' \
		"3,3,3,-;$1" ' SUBSYSTEM=platform' ' DEVICE=+platform:AMZNC10C:00' \
		'6,4,4,-;ptp_vmclock AMZNC10C:00: other words' >"$root/dev/kmsg"
}
said 'vmclock-guest AMZNC10C:00: refused: magic 0x00000000 is not that of a page'
run
expect 'our driver refused the page, and the log says why' 2 \
	'^NOT USABLE: .*no driver serves it: vmclock is loaded and says: refused: magic 0x00000000' \
	'^Next: report it to whoever runs the hypervisor'
said 'vmclock-guest AMZNC10C:00: cannot register vmclock0'
run
expect 'our driver failed, and the log says why' 2 \
	'^NOT USABLE: .*vmclock is loaded and says: cannot register vmclock0' '^Next: see why: .*dmesg'
said 'vmclock-guest AMZNC10C:00: vmclock0: page at [mem 0x1000-0x1fff], changes noticed by ACPI'
run
expect 'it was served once' 2 '^Next: vmclock is loaded, but did not take the device; .*dmesg' '!says:'
printf '6,1,1,-;vmclock-guest AMZNC10C:01: refused: that of another device' >"$root/dev/kmsg"
run
expect 'the log says nothing of it' 2 '^Next: vmclock is loaded, but did not take the device; .*dmesg'

qemu
driver vmclock
run
expect 'the built-in driver refused the device' 2 \
	'^Next: ptp_vmclock is built in, but did not take the device; .*dmesg'

# ---- Kernels that load nothing -----------------------------------------------------------------

qemu
rm "$root/proc/modules"
run
expect 'a kernel without modules' 2 'kernel +.*cannot load modules' \
	'^Next: boot a kernel that can load modules, or'

qemu
rmdir "$root/usr/lib/modules/$release"
run
expect 'no modules for the running kernel' 2 'kernel +.*has no modules installed here' \
	'^Next: install vmclock-dkms'

qemu
mkdir -p "$root/var/lib/dkms/vmclock"
run
expect 'our package is there, its module is not built' 2 \
	"^Next: build the module for this kernel: .*linux-headers-$release.*dkms autoinstall"

# ---- Modules that are there ----------------------------------------------------------------------

module() {	# NAME VERSION [VERMAGIC [MORE-INFO [CODE]]]
	tree=$root/lib/modules/$release
	mkdir -p "$tree/updates"
	{
		echo 'static const char info[] __attribute__((section(".modinfo"), used)) ='
		# Not by echo: some versions interpret \0.
		printf '"license=GPL" "\\0alias=%s" "\\0version=%s" ' "${alias-acpi*:AMZNC10C:*}" "$2"
		printf '"\\0vermagic=%s" "\\0%s";\n' "${3-$release SMP mod_unload }" "${4-x=y}"
		echo "${5-}"
	} >"$tmp/module.c"
	# $CC may hold options of its own.
	# shellcheck disable=SC2086
	$CC -c "$tmp/module.c" -o "$tree/updates/$1.ko" || exit 99
}

index() {
	: >>"$root/lib/modules/$release/modules.builtin"
	: >>"$root/lib/modules/$release/modules.order"
	: >>"$root/lib/modules/$release/modules.builtin.modinfo"
	depmod -b "$root" "$release" || exit 99
}

# busybox has a depmod too, but without the indexes that libkmod reads.
makes_indexes() {
	command -v depmod >/dev/null || return
	new_system
	index && [ -e "$root/lib/modules/$release/modules.dep.bin" ]
}

installed() {
	qemu
	for name; do
		module "$name" 4.5.6
	done
	index
}

# Obstacles for which the kernel would refuse modprobe.
obstacles() {
	qemu
	module vmclock 4.5.6 '5.4.0-other SMP mod_unload '
	index
	run
	expect 'built for another kernel' 2 \
		"^NOT USABLE: .*no driver serves it: the module vmclock is built for kernel" \
		"5.4.0-other, and this is" '^Next: build it for this kernel' '!modprobe vmclock' \
		'vmclock +installed, not loaded, .*built for another kernel:$'
	run --json
	field 'JSON: built for another kernel' '.modules[0].obstacle' '"other-kernel"'
	mkdir -p "$root/var/lib/dkms/vmclock"
	run
	expect 'built for another kernel, and DKMS can build it' 2 '^Next: remove it, .*dkms autoinstall'
	module ptp_vmclock 6.13
	index
	run
	expect 'ours is for another kernel, the in-tree one is not' 2 \
		'^Next: as root: modprobe ptp_vmclock$'

	qemu
	module vmclock 4.5.6 '5.4.0-other SMP mod_unload modversions ' x=y 'struct { long crc;
		char name[56]; } v __attribute__((section("__versions"), used)) = { 1, "fn" };'
	index
	run
	expect 'built for another kernel, but with checksums, which may fit' 2 \
		'^Next: as root: modprobe vmclock \(it is built for kernel 5.4.0-other: if' \
		'!another kernel'

	qemu
	module vmclock 4.5.6
	: >"$root/lib/modules/$release/updates/vmclock.ko"
	index 2>/dev/null
	echo "updates/vmclock.ko:" >"$root/lib/modules/$release/modules.dep"
	run
	expect 'an empty file' 2 '^NOT USABLE: .*: the file of the module vmclock is damaged$' \
		'^Next: install vmclock anew' 'vmclock +installed, not loaded, damaged'
	qemu
	module vmclock 4.5.6 ''
	index
	run
	expect 'no word of a kernel' 2 '^NOT USABLE: .*: the file of the module vmclock is damaged$'

	for lock in 'none [integrity] confidentiality' 'none integrity [confidentiality]'; do
		installed vmclock
		mkdir -p "$sys/kernel/security"
		echo "$lock" >"$sys/kernel/security/lockdown"
		run
		expect "not signed, $lock" 2 \
			'^NOT USABLE: .*the module vmclock is not signed, and this kernel takes' \
			'lockdown, as under Secure Boot' '^Next: sign it: .*' \
			'kernel +.*takes signed modules only' 'vmclock +.*, not signed \(' \
			'!modprobe vmclock'
	done
	run --json
	field 'JSON: not signed' '.modules[0].obstacle' '"unsigned"'
	field 'JSON: signed modules only' .kernel.signed_modules_only true
	echo '[none] integrity confidentiality' >"$sys/kernel/security/lockdown"
	run
	expect 'not signed, and need not be' 2 '^Next: as root: modprobe vmclock$'
	mkdir -p "$sys/module/module/parameters"
	echo N >"$sys/module/module/parameters/sig_enforce"
	run
	expect 'not signed, and not enforced' 2 '^Next: as root: modprobe vmclock$'
	echo Y >"$sys/module/module/parameters/sig_enforce"
	run
	expect 'not signed, and enforced' 2 'signed ones only' 'module.sig_enforce' '^Next: sign it'

	module vmclock 4.5.6 "$release SMP " 'signer=Our key'
	index
	run
	expect 'signed, and the keys are not known' 2 \
		'^Next: as root: modprobe vmclock \(this kernel takes signed modules only'
	key() { echo "2d0f6c5f I------  1 perm 1f030000  0  0 $1: 6ccece7e: X509.rsa 7e []"; }
	{
		key 'keyring   Our key'
		key 'asymmetri Our'
		key 'asymmetri Not Our key'
	} >"$root/proc/keys"
	run
	expect 'signed by an unknown key' 2 \
		"^NOT USABLE: .*the module vmclock is signed with the key 'Our key', which" \
		'this kernel does not know' '^Next: .*mokutil --import .*reboot' '!modprobe vmclock' \
		'vmclock +installed, not loaded, .*signed with an unknown key: Our key$'
	run --json
	field 'JSON: signed by an unknown key' '.modules[0].obstacle' '"unknown-key"'
	key 'asymmetri Our key' >>"$root/proc/keys"
	run
	expect 'signed by a known key' 2 '^Next: as root: modprobe vmclock \('

	installed vmclock
	echo 'quiet module_blacklist=vmclock module-blacklist="acme_vmclock,vmclock_2" -- ' \
		'module_blacklist=vmclock' >"$root/proc/cmdline"
	run
	expect 'others are excluded at boot' 2 '^Next: as root: modprobe vmclock$'
	echo 'quiet module_blacklist="acme,vmclock"' >"$root/proc/cmdline"
	run
	expect 'excluded at boot' 2 \
		"^NOT USABLE: .*the kernel's command line excludes the module vmclock" \
		'^Next: remove vmclock from module_blacklist= .*reboot' '!modprobe' \
		'vmclock +installed, not loaded, .*excluded by module_blacklist= at$'
	run --json
	field 'JSON: excluded at boot' '.modules[0].obstacle' '"module-blacklist"'

	if as_nobody "$VMCLOCK_CHECK" --version >/dev/null 2>&1; then
		installed vmclock
		chmod 755 "$tmp"
		chmod 0 "$root/lib/modules/$release/updates/vmclock.ko"
		as_nobody "$VMCLOCK_CHECK" >"$tmp/out" 2>"$tmp/err"
		status=$?
		expect 'a module that only root may read' 2 '^Next: as root: modprobe vmclock$' \
			'!damaged'
	else
		skip 'a module that only root may read' 'no program can run as another user'
	fi

	qemu
	module vmclock 4.5.6 "$release SMP " x=y 'extern int known_fn(void), lost_fn(void), other_fn(void);
		extern int weak_fn(void) __attribute__((weak));
		int f(void) { return known_fn() + lost_fn() + other_fn() + (weak_fn ? weak_fn() : 0); }'
	alias=none
	module other 1 "$release SMP " x=y 'const char names[]
		__attribute__((section("__ksymtab_strings"), used)) = "other_fn";'
	unset alias
	index
	run
	expect 'symbols, and no list of them' 2 '^Next: as root: modprobe vmclock$'
	{
		echo '0000000000000000 T known_fn'
		echo '0000000000000000 t other_thing	[other]'
	} >"$root/proc/kallsyms"
	run
	expect 'symbols, and a list of functions only' 2 '^Next: as root: modprobe vmclock$'
	echo '0000000000000000 D some_data' >>"$root/proc/kallsyms"
	run
	expect 'a symbol is missing' 2 \
		'^NOT USABLE: .*the module vmclock needs lost_fn, which this kernel does not' \
		'^Next: install all modules of this kernel' '!modprobe vmclock' '!weak_fn' '!needs known_fn'
	run --json
	field 'JSON: a symbol is missing' '.modules[0].obstacle' '"no-symbol"'
	echo '0000000000000000 T lost_fn' >>"$root/proc/kallsyms"
	run
	expect 'no symbol is missing' 2 '^Next: as root: modprobe vmclock$'
}

modules() {
	installed vmclock
	run
	expect 'our module is installed' 2 'vmclock +installed, not loaded, version 4.5.6 ' \
		'^NOT USABLE: .*no driver serves it' '^Next: as root: modprobe vmclock$'

	echo 'blacklist vmclock' >"$root/etc/modprobe.d/x.conf"
	run
	expect 'our module is blacklisted' 2 \
		'vmclock +installed, not loaded, .*blacklisted in modprobe.d' \
		'^Next: as root: modprobe vmclock \(a blacklist line'
	run --json
	field 'JSON: blacklisted' '.modules[0]' \
		'{"name":"vmclock","driver":"vmclock-guest","state":"available","version":"4.5.6","bound":false,"blacklisted":true,"overridden":false,"obstacle":null}'

	echo 'install vmclock /bin/false' >"$root/etc/modprobe.d/x.conf"
	run
	expect 'our module is replaced by a command' 2 'vmclock +.*its loading is replaced' \
		'^Next: remove the "install vmclock" line'
	rm "$root/etc/modprobe.d/x.conf"

	echo 1 >"$root/proc/sys/kernel/modules_disabled"
	run
	expect 'loading of modules is locked' 2 \
		'kernel +.*locked' '^Next: write "vmclock" to .*reboot'

	installed ptp_vmclock
	run
	expect 'only the in-tree module is installed' 2 'ptp_vmclock +installed, not loaded' \
		'vmclock +not there' '^Next: as root: modprobe ptp_vmclock$'

	installed ptp_vmclock vmclock acme_clock
	run
	expect 'ours goes first' 2 '^Next: as root: modprobe vmclock$' 'ptp_vmclock +installed'
	expect 'others that claim the device are named' 2 \
		'acme_clock +installed, not loaded.*another driver'

	echo 'blacklist ptp-vmclock' >"$root/etc/modprobe.d/x.conf"
	run
	expect 'the in-tree module is blacklisted, with a dash' 2 'ptp_vmclock +.*blacklisted' \
		'!^  vmclock .*blacklisted'

	driver vmclock ptp_vmclock
	run
	expect 'the in-tree driver did not take it, ours may' 2 '^Next: as root: modprobe vmclock$'

	qemu
	echo kernel/drivers/ptp/ptp_vmclock.ko >"$root/lib/modules/$release/modules.builtin"
	index
	run
	expect 'built in, by the index' 2 'ptp_vmclock +built into the kernel'

	obstacles

	served
	module vmclock 9.9
	index
	run
	expect 'the version is that of what runs' 0 'vmclock +loaded, version 4.5.6, serves'
}

if ! makes_indexes; then
	skip 'modules that are installed' 'depmod of kmod is not here'
elif ! $CC --version >/dev/null 2>&1; then
	skip 'modules that are installed' 'no C compiler is here'
else
	modules
fi

finish
