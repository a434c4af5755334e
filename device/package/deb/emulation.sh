# shellcheck shell=bash
# Lets the kernel start arm64 programs under qemu, and takes that back at the end. To be sourced; root only.

emulate() {
    # A Pi's processor: with qemu's own choice XNNPACK takes kernels that are ten times slower to emulate.
    export QEMU_CPU=${CPU:-cortex-a72}
    local formats=/proc/sys/fs/binfmt_misc line=/usr/lib/binfmt.d/qemu-aarch64.conf
    [[ -e $formats/register ]] || mount -t binfmt_misc binfmt_misc $formats
    [[ -e $formats/qemu-aarch64 ]] && return
    grep '^:' $line >$formats/register
    at_end 'echo -1 >/proc/sys/fs/binfmt_misc/qemu-aarch64'
}
