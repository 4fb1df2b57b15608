#!/bin/sh
# What a server says of itself, read with whatever tools it has. Changes nothing. POSIX sh and awk: no Python needed.
# Each section is a line "=NAME STATE" (ok, absent, needs-root), then the tool's output, each line indented by one space,
# so that nothing a tool prints can look like a section. A section that is ok but empty means that the tool failed.
# The fields of sopctl/model/facts/server.py declare which sections they are read from.
# Works as root, with full sudo, with sudo for these tools alone, or without: then it says what needs root.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/opt/MegaRAID/storcli:/opt/MegaRAID/perccli:/opt/MegaRAID/storcli2:/opt/MegaRAID/perccli2:/opt/MegaRAID/MegaCli:/usr/Arcconf
export LC_ALL=C
umask 077
cd / # some tools write into the current folder

# Marks our own lines until they are framed: no tool can know it. Read without starting a process.
{ read -r mark </proc/sys/kernel/random/uuid; } 2>/dev/null || mark=mark-$$-$PPID

uid=$(id -u)
root() { [ "$uid" = 0 ]; }
may() { root || sudo -n -l -- "$@" >/dev/null 2>&1; }
as_root() { if root; then bounded "$@"; else bounded sudo -n -- "$@"; fi; }
plainly() { "$@"; }
if command -v timeout >/dev/null 2>&1; then bounded() { timeout 20 "$@"; }; else bounded() { "$@"; }; fi

# state NAME STATE  begins with a newline: the tool's last line may not have ended in one
state() { printf '\n%s=%s %s\n' "$mark" "$1" "$2"; }

# kernel NAME FILE…  files of the kernel or the system, which can be read at once
kernel() { state "$1" ok; shift; cat "$@" 2>/dev/null; }
# kernel_lines NAME PATTERN FILE…  lines of such files, each with its file's name if there are several
kernel_lines() { state "$1" ok; shift; grep -E -s "$@"; }

# section NAME HOW TOOL ARGUMENT…  HOW is plainly (it only asks the kernel, or is a function), bounded, or as_root.
# What the tool prints counts, not its exit code: some tools use that for flags.
section() {
  name=$1 how=$2
  shift 2
  if ! command -v "$1" >/dev/null 2>&1; then state "$name" absent; return; fi
  if [ "$how" = as_root ] && ! may "$@"; then state "$name" needs-root; return; fi
  state "$name" ok
  "$how" "$@" </dev/null 2>/dev/null
}

# At most 200,000 characters of each section, so that one runaway tool does not crowd out the others.
framed() {
  mark=$mark awk '
    BEGIN { mark = ENVIRON["mark"]; size = length(mark) }
    substr($0, 1, size) == mark { print substr($0, size + 1); left = 200000; next }
    $0 != "" && left > 0 { print " " substr($0, 1, left); left -= length($0) + 1 }'
}

# dnf prints nothing if there are no updates, and nothing if it fails: the exit code tells (dnf(8): 0 or 100).
waiting() { bounded "$1" -q -C check-update && echo none; }

# Machines without SMBIOS: what their device tree calls them, or s390x of itself.
board() {
  for each in model system-id serial-number; do
    [ ! -e "/proc/device-tree/$each" ] || { printf '%s:' "$each"; tr -d '\0' <"/proc/device-tree/$each"; echo; }
  done
  grep -E -s '^(Manufacturer|Type|Model|Sequence Code):' /proc/sysinfo
}

# What an interface is made of, and whether it hangs on a bus or is lent to guests.
made() {
  [ ! -e "$1/device" ] || echo device
  [ ! -e "$1/device/physfn" ] || echo function
  for lower in "$1"/lower_*; do [ ! -e "$lower" ] || echo "below ${lower##*/lower_}"; done
}

# A tool's own JSON, if its version prints it: one that does not know the option fails, and prints nothing.
disks() {
  columns=NAME,TYPE,SIZE,MODEL,SERIAL,ROTA
  bounded lsblk -J -b -d -o $columns,WWN || bounded lsblk -b -d -P -o $columns,WWN || bounded lsblk -b -d -P -o $columns
}
links() { bounded ip -j -d link || bounded ip -o link; }
addresses() { bounded ip -j addr || bounded ip -o addr; }
case $(bounded smartctl --version 2>/dev/null) in "smartctl "[1-6].* | '') json='' ;; *) json=--json=c ;; esac

# Local file systems first: a share whose server is gone blocks df until it is killed, with nothing printed.
sizes() { bounded df -Pkl; bounded df -Pk; }

# ZFS: a pool that waits for a lost disk would block its tool; the kernel says so without waiting.
pools() {
  grep . /proc/spl/kstat/zfs/*/state /dev/null
  grep -q -s SUSPENDED /proc/spl/kstat/zfs/*/state && return
  bounded zpool list -H -o name,size
  bounded zpool status
}

# What the device mapper makes of disks: LVM's arrays, and volumes with several paths.
mapped() { as_root dmsetup status --target raid; as_root dmsetup status --target multipath; }

# The controllers one by one; arcconf knows of no more when it fails.
adaptec() { for number in 1 2 3 4; do as_root arcconf GETCONFIG $number || break; done; }

# LXC, LXD and Incus: a folder for each instance, and a control group for each that runs. Their own tools would start
# the daemon, or write into a home.
instances() {
  for folder in /var/snap/lxd/common/lxd /var/lib/lxd /var/lib/incus; do
    [ ! -e "$folder/containers" ] || as_root ls -1 "$folder/containers" | awk '{ print "container " $0 }'
    [ ! -e "$folder/virtual-machines" ] || as_root ls -1 "$folder/virtual-machines" | awk '{ print "vm " $0 }'
    for each in "$folder"/logs/*/qemu.pid /run/"${folder##*/}"/*/qemu.pid; do
      [ ! -e "$each" ] || { each=${each%/qemu.pid}; echo "vm-running ${each##*/}"; }
    done
  done
  [ ! -e /var/lib/lxc ] || as_root ls -1 /var/lib/lxc | awk '{ print "container " $0 }'
  for each in /sys/fs/cgroup/lxc.payload.* /sys/fs/cgroup/systemd/lxc.payload.* /sys/fs/cgroup/systemd/lxc/*; do
    [ ! -d "$each" ] || echo "running ${each##*/}"
  done
}

# Users who stay logged in, with the file in which their own Podman keeps its containers: Podman itself would start in
# their name to tell of them.
owners() {
  for each in /var/lib/systemd/linger/* /run/user/*; do
    [ -e "$each" ] || continue
    entry=$(getent passwd "${each##*/}") || continue
    user=${entry%%:*} home=${entry%:*} file=${home##*:}/.local/share/containers/storage/overlay-containers/containers.json
    as_root test -e "$file" 2>/dev/null && echo "$user $file"
  done
}

# MegaCli: the controllers, their batteries, and their volumes with the drives; it writes a log into the current folder.
megaraid() {
  as_root "$1" -AdpAllInfo -aALL -NoLog
  as_root "$1" -AdpBbuCmd -GetBbuStatus -aALL -NoLog
  as_root "$1" -LDPDInfo -aALL -NoLog
}

everything() {
  section host plainly uname -n
  [ ! -f /var/lib/sopctl/deposit ] || section noted plainly head -c 60 /var/lib/sopctl/deposit # whose server it is
  section system plainly uname -srm
  kernel os /etc/os-release
  kernel debian /etc/debian_version
  kernel release /etc/centos-release /etc/redhat-release /etc/SuSE-release
  kernel uptime /proc/uptime
  kernel_lines memory '^(MemTotal|SwapTotal):' /proc/meminfo
  kernel_lines cpu \
    '^(processor|model name|physical id|cpu cores|siblings|Model|Hardware|cpu|# processors|CPU implementer|CPU part|processor [0-9]+)[[:space:]]*:' \
    /proc/cpuinfo
  section lscpu bounded lscpu
  kernel_lines dmi . /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name /sys/class/dmi/id/product_serial \
    /sys/class/dmi/id/product_uuid /sys/class/dmi/id/bios_version /sys/class/dmi/id/bios_date /sys/class/dmi/id/chassis_type \
    /sys/class/dmi/id/board_serial /sys/class/dmi/id/chassis_serial /sys/class/dmi/id/chassis_asset_tag
  [ -e /sys/class/dmi/id ] || section board plainly board
  section dmidecode as_root dmidecode -t 0 -t 1 -t 2 -t 3 -t 17 -t 38 -t 39
  edac=/sys/devices/system/edac/mc
  kernel_lines edac . $edac/mc*/dimm*/dimm_* $edac/mc*/rank*/dimm_* $edac/mc*/csrow*/[cu]e_count \
    $edac/mc*/csrow*/ch*_dimm_label $edac/mc*/csrow*/ch*_ce_count $edac/mc*/[cu]e_noinfo_count
  section virt plainly systemd-detect-virt
  section lsblk plainly disks
  for device in /sys/block/*; do
    disk=${device##*/}
    case $disk in nvme*c*n* | mmcblk*boot* | mmcblk*rpmb) ;;
    sd* | hd* | vd* | xvd* | nvme* | mmcblk* | dasd*)
      kernel_lines "sysblk $disk" . "$device/size" "$device/queue/rotational" "$device/device/model" "$device/device/serial" "$device/serial"
      section "smart $disk" as_root smartctl $json -H -i -A "/dev/$disk" ;;
    esac
  done
  kernel mdstat /proc/mdstat
  [ ! -e /proc/spl/kstat/zfs ] || section zpool plainly pools
  kernel_lines btrfs . /sys/fs/btrfs/*-*/devinfo/*/missing /sys/fs/btrfs/*-*/devinfo/*/error_stats \
    /sys/fs/btrfs/*-*/allocation/data/*/total_bytes
  for each in /sys/fs/btrfs/*-*; do [ ! -e "$each" ] || section btrfsshow as_root btrfs filesystem show -m; break; done
  if [ -e /sys/block/dm-0 ] && command -v dmsetup >/dev/null 2>&1; then
    if may dmsetup status --target raid; then section dm plainly mapped; else state dm needs-root; fi
  fi
  for tool in storcli64 storcli perccli64 perccli; do
    if command -v "$tool" >/dev/null 2>&1; then
      section storcli as_root "$tool" /call show nolog
      section raid as_root "$tool" /call/vall show nolog
      section drives as_root "$tool" /call/eall/sall show all nolog
      break
    fi
  done
  for tool in storcli2 perccli2; do
    if command -v "$tool" >/dev/null 2>&1; then
      section storcli2 as_root "$tool" /call show nolog J
      section drives2 as_root "$tool" /call/eall/sall show all nolog J
      break
    fi
  done
  for tool in ssacli hpssacli hpacucli; do
    if command -v "$tool" >/dev/null 2>&1; then section ssacli as_root "$tool" ctrl all show config detail; break; fi
  done
  for tool in MegaCli64 megacli64 megacli MegaCli; do
    if command -v "$tool" >/dev/null 2>&1; then
      if may "$tool" -LDPDInfo -aALL -NoLog; then section megacli plainly megaraid "$tool"; else state megacli needs-root; fi
      break
    fi
  done
  if ! command -v arcconf >/dev/null 2>&1; then state arcconf absent
  elif may arcconf GETCONFIG 1; then section arcconf plainly adaptec
  else state arcconf needs-root; fi
  kernel_lines fibre . /sys/class/fc_host/host*/port_name /sys/class/fc_host/host*/port_state \
    /sys/class/fc_host/host*/speed /sys/class/fc_host/host*/symbolic_name
  section pci bounded lspci -mm -nn
  kernel_lines nvidia '^GPU UUID' /proc/driver/nvidia/gpus/*/information /proc/driver/nvidia/version
  kernel_lines tpm . /sys/class/tpm/tpm*/tpm_version_major /sys/class/tpm/tpm*/device/caps \
    /sys/class/tpm/tpm*/device/description
  section bmc as_root ipmitool lan print
  # A BMC that does not say what it is would only cost more time.
  if section mc as_root ipmitool mc info; then
    section fru as_root ipmitool fru print
    section supply as_root ipmitool sdr type 0x08
    section powerunit as_root ipmitool sdr type 0x09
  fi
  section link plainly links
  section address plainly addresses
  section route plainly ip -o route show default
  section route6 plainly ip -o -6 route show default
  for card in /sys/class/net/*; do
    kernel_lines "card ${card##*/}" . "$card/address" "$card/speed" "$card/operstate" "$card/uevent" \
      "$card/device/uevent" "$card/bonding_slave/perm_hwaddr"
    section "made ${card##*/}" plainly made "$card"
    [ ! -e "$card/device" ] || section "ethtool ${card##*/}" plainly ethtool -P "${card##*/}"
  done
  # Only where they are in use: an engine that never ran would make its folders, or be started, to answer.
  [ ! -e /run/libvirt ] || section virsh as_root virsh -q -r -c qemu:///system list --all
  section qm as_root qm list
  section pct as_root pct list
  [ ! -e /proc/xen/capabilities ] || section xl as_root xl list
  command -v pct >/dev/null 2>&1 || section lxc plainly instances
  [ ! -e /var/lib/containers/storage ] || section podman as_root podman ps -a --format '{{.Names}}|{{.Status}}'
  [ ! -e /run/docker.pid ] || section docker as_root docker ps -a --format '{{.Names}}|{{.Status}}'
  for socket in /run/user/*/docker.sock; do
    [ -S "$socket" ] || continue
    user=${socket#/run/user/}
    section "docker ${user%/*}" as_root docker -H "unix://$socket" ps -a --format '{{.Names}}|{{.Status}}'
  done
  owners | sort -u | while read -r user file; do section "rootless $user" as_root cat "$file"; done
  section conmon bounded ps -C conmon -o args= -ww
  kernel_lines machines '^(CLASS|SERVICE)=' /run/systemd/machines/* /dev/null # what machinectl lists, without waiting for it
  kernel dns /etc/resolv.conf
  kernel mounts /proc/mounts
  section df plainly sizes
  if may ss -H -lntup; then section listening as_root ss -H -lntup
  else section listening bounded ss -H -lntu; fi
  if command -v apt-get >/dev/null 2>&1; then section apt bounded apt-get -s -o Debug::NoLocking=true upgrade
  elif command -v dnf >/dev/null 2>&1; then section dnf plainly waiting dnf
  elif command -v yum >/dev/null 2>&1; then section dnf plainly waiting yum; fi
  if command -v dpkg-query >/dev/null 2>&1; then section packages bounded dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Version}\n'
  else section packages bounded rpm -qa --qf 'ii |%{NAME}|%{VERSION}-%{RELEASE}\n'; fi
  section chrony bounded chronyc -n tracking
  section timedatectl bounded timedatectl show -p NTPSynchronized -p NTP
  state end ok
}

everything | framed
