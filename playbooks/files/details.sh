#!/bin/sh
# What a server says of itself, read with whatever tools it has; changes nothing. POSIX sh: no Python needed there.
# Each section is a line "=NAME STATE" (ok, absent, needs-root, failed), then the tool's own words, each line behind
# one space, so that nothing a tool prints can look like a section. sopctl/model/facts_script.py reads it.
# As root, or with full sudo, or with sudo for these tools alone; without any, it says what needs root.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/opt/MegaRAID/storcli:/opt/MegaRAID/perccli
export LC_ALL=C
umask 077
cd / # a tool may write where it stands

root() { [ "$(id -u)" = 0 ]; }
may() { root || sudo -n -l -- "$@" >/dev/null 2>&1; }
as_root() { if root; then bounded "$@"; else bounded sudo -n -- "$@"; fi; }
plainly() { "$@"; }
bounded() { if command -v timeout >/dev/null 2>&1; then timeout 20 "$@"; else "$@"; fi; }

# section NAME HOW TOOL ARGUMENT…  HOW is bounded, as_root, or plainly (a function). Some tools' exit codes are flags:
# what was printed counts.
section() {
  name=$1 how=$2
  shift 2
  if ! command -v "$1" >/dev/null 2>&1; then echo "=$name absent"; return; fi
  if [ "$how" = as_root ] && ! may "$@"; then echo "=$name needs-root"; return; fi
  said=$("$how" "$@" </dev/null 2>/dev/null | head -c 200000)
  if [ -n "$said" ]; then echo "=$name ok"; printf '%s\n' "$said" | sed 's/^/ /'; else echo "=$name failed"; fi
}

# Where nothing waits for an update, dnf says nothing, as it does when it fails (dnf(8): exit 0 or 100).
waiting() { bounded "$1" -q -C check-update && echo none; }

section host bounded uname -n
section system bounded uname -srm
section os bounded cat /etc/os-release
section debian bounded cat /etc/debian_version
section uptime bounded cat /proc/uptime
section memory bounded grep -E '^(MemTotal|SwapTotal):' /proc/meminfo
section cpu bounded grep -E '^(processor|model name|physical id|cpu cores|siblings|Model|Hardware)[[:space:]]*:' /proc/cpuinfo
section dmi bounded grep -s . /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name /sys/class/dmi/id/product_serial \
  /sys/class/dmi/id/bios_version /sys/class/dmi/id/bios_date /sys/class/dmi/id/chassis_type
section dmidecode as_root dmidecode -t 0 -t 1 -t 3 -t 17 -t 38 -t 39
section virt bounded systemd-detect-virt
section lsblk bounded lsblk -b -d -P -o NAME,TYPE,SIZE,MODEL,SERIAL,ROTA
for device in /sys/block/*; do
  disk=${device##*/}
  case $disk in sd*|hd*|vd*|xvd*|nvme*)
    section "sysblk $disk" bounded grep -s . "$device/size" "$device/queue/rotational" "$device/device/model" "$device/device/serial" "$device/serial"
    section "smart $disk" as_root smartctl -H -i "/dev/$disk" ;;
  esac
done
section mdstat bounded cat /proc/mdstat
for tool in storcli64 storcli perccli64 perccli; do
  if command -v "$tool" >/dev/null 2>&1; then section raid as_root "$tool" /call/vall show nolog; break; fi
done
section bmc as_root ipmitool lan print
section link bounded ip -o link
section address bounded ip -o addr
section route bounded ip -o route show default
section route6 bounded ip -o -6 route show default
for card in /sys/class/net/*; do
  section "card ${card##*/}" bounded grep -s . "$card/address" "$card/speed" "$card/operstate" "$card/device/uevent"
  [ ! -e "$card/device" ] || section "ethtool ${card##*/}" bounded ethtool -P "${card##*/}"
done
section dns bounded cat /etc/resolv.conf
section mounts bounded cat /proc/mounts
section df bounded df -Pk
if may ss -H -lntup; then section listening as_root ss -H -lntup
else section listening bounded ss -H -lntu; fi
if command -v apt-get >/dev/null 2>&1; then section apt bounded apt-get -s -o Debug::NoLocking=true upgrade
elif command -v dnf >/dev/null 2>&1; then section dnf plainly waiting dnf
elif command -v yum >/dev/null 2>&1; then section dnf plainly waiting yum; fi
if command -v dpkg-query >/dev/null 2>&1; then section packages bounded dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Version}\n'
else section packages bounded rpm -qa --qf 'ii |%{NAME}|%{VERSION}-%{RELEASE}\n'; fi
section chrony bounded chronyc -n tracking
section timedatectl bounded timedatectl show -p NTPSynchronized -p NTP
echo "=end ok"
