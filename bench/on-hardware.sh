#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What we can't measure, for who has the hardware: a machine with SGX (Linux 5.11 or newer, launch control), and one where an SMI may be raised.
# usage: bench/on-hardware.sh [--rounds N] [--smi COMMAND] [--output FILE]
#
# After `make build`. Boots a lab guest, watches it by the backends `sgx` and `sim` in turns, N times each (20), and writes times, sizes, what a run
# on `sgx` counts (exits, ioctls) and what the machine is to FILE (on-hardware.json): text that you can read before you send it; no names, addresses or keys are in it. --smi (root): measures
# an empty SMI, too, by writing COMMAND (0 to 255) to the firmware's port: choose one that your firmware has no meaning for. Where SGX
# doesn't work, or without --smi, or where a program fails, that part is left out, and the file says why. docs/bench.md.
set -eu
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
rounds=20 command='' output=on-hardware.json guest=on-hardware-$$
bartizan=${BARTIZAN:-$root/build/bin/bartizan} probe=$root/build/bin/bench-empty-smi
device=${BARTIZAN_SGX_DEVICE:-/dev/sgx_enclave} # another one in tests
usage() { echo "usage: bench/on-hardware.sh [--rounds N] [--smi COMMAND] [--output FILE]" >&2; exit 2; }
say() { echo "on-hardware: $*" >&2; }
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
    --rounds) rounds=$2 ;;
    --smi) command=$2 ;;
    --output) output=$2 ;;
    *) usage ;;
    esac
    shift 2
done
case $rounds in ''|*[!0-9]*|0) usage ;; esac
[ -x "$bartizan" ] && [ -x "$probe" ] || { say "nothing is built here: make build"; exit 1; }

# A string of JSON; what a machine says of itself has neither quotes nor backslashes in it then.
text() { printf '"%s"' "$(printf '%s' "$1" | tr -d '"\\' | tr -cd '[:print:]')"; }
field() { sed -n "s/^$1[[:space:]]*: //p" /proc/cpuinfo | head -n 1; }
now() { date +%s%N; }

work=$(mktemp -d)
finish() { "$bartizan" lab down "$guest" >/dev/null 2>&1 || true; rm -rf "$work"; }
trap finish EXIT
trap 'exit 1' HUP INT TERM

once() { # BACKEND IMAGE ARGUMENTS…: nanoseconds, or nothing and the reason in $work/error
    backend=$1; shift
    start=$(now)
    "$bartizan" run --quiet --counts --backend "$backend" --target "lab:$guest" "$@" >"$work/out" 2>"$work/error" || return 1
    sed -n 's/^bartizan: \(ioctls .*\)/\1/p' "$work/error" >"$work/counts.$backend"
    echo $(($(now) - start))
}

series() { # NAME IMAGE ARGUMENTS…: both backends in turns, so that what else the machine does meets both
    name=$1; shift
    : >"$work/sgx" >"$work/sim" >"$work/counts.sgx"
    i=0
    while [ "$i" -lt "$rounds" ]; do
        for backend in $backends; do
            once "$backend" "$@" >>"$work/$backend" || {
                said="left out: on $backend: $(head -n 1 "$work/error")"
                say "$name is $said"
                printf '  "%s": %s,\n' "$name" "$(text "$said")" >>"$work/json"
                return
            }
        done
        i=$((i + 1))
    done
    printf '  "%s": {"sgx_ns": [%s], "sim_ns": [%s], "sgx_counts": %s, "image_bytes": %s},\n' "$name" "$(paste -sd, "$work/sgx")" \
        "$(paste -sd, "$work/sim")" "$(text "$(cat "$work/counts.sgx")")" "$(stat -c %s "$root/build/ports/$1.enclave" 2>/dev/null || echo null)" >>"$work/json"
}

no_sgx() { backends=sim sgx_said="left out: $1"; say "SGX is $sgx_said"; }

{
    echo '{'
    echo '  "format": 1,'
    printf '  "commit": %s,\n' "$(text "$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)")"
    printf '  "cpu": %s,\n  "microcode": %s,\n  "kernel": %s,\n  "cpus": %s,\n' "$(text "$(field 'model name')")" "$(text "$(field microcode)")" \
        "$(text "$(uname -r)")" "$(getconf _NPROCESSORS_ONLN)"
    printf '  "epc_bytes": %s,\n' "$(cat /sys/devices/system/node/node*/x86/sgx_total_bytes 2>/dev/null | paste -sd+ | sed 's/^$/null/' | { read -r sum; [ "$sum" = null ] && echo null || echo $((sum)); })"
} >"$work/json"

say "booting a guest to watch"
"$bartizan" lab up "$guest" --owner-pid $$ >"$work/out" 2>"$work/error" || { cat "$work/error" >&2; exit 1; }
backends='sgx sim' sgx_said=ok
if [ ! -c "$device" ]; then
    no_sgx "there is no $device (SGX off in the firmware, a CPU without it, a kernel before 5.11, or no launch control)"
elif ! once sgx kernel-version >/dev/null; then
    no_sgx "there is $device, and a program doesn't run by it: $(head -n 1 "$work/error")"
fi
printf '  "sgx": %s,\n' "$(text "$sgx_said")" >>"$work/json"
say "$rounds rounds of each: netstat, ps, kernel-version"
series netstat netstat -tuxwan
series ps ps aux
series kernel-version kernel-version

if [ -z "$command" ]; then
    printf '  "smi": "left out: no --smi COMMAND"\n' >>"$work/json"
else
    measured=$("$probe" "$command" 2>"$work/error") || {
        measured=$(text "left out: $(head -n 1 "$work/error")")
        say "the SMI is $measured"
    }
    printf '  "smi": %s\n' "$measured" >>"$work/json"
fi
echo '}' >>"$work/json"
mv "$work/json" "$output"
say "written to $output: read it, and send it with a report"
