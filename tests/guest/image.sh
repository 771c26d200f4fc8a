#!/bin/sh
# The disk of a virtual machine with Debian 13, kept beside the chroots and made again when what it is made of changes.
# Prints its folder: disk.img, vmlinuz, initrd.img. tests/chroots/run.sh tells where packages and wheels come from.
set -eu
umask 022

PATH="$PATH:/usr/sbin:/sbin" # where su leaves them out
HERE="$(cd "$(dirname "$0")" && pwd)"
CHROOTS="${MATPI_CHROOTS:-${XDG_CACHE_HOME:-/var/cache}/matpi-chroots}"
SYSTEM="$CHROOTS/guest"
IMAGE="$CHROOTS/guest-image"

refuse() {
  printf 'matpi: %s\n' "$*" >&2
  exit 1
}

[ "$(id -u)" -eq 0 ] || refuse "This makes the system of a virtual machine, which takes root; call it with sudo."
for needed in debootstrap:debootstrap qemu-system-x86_64:qemu-system-x86 mkfs.ext4:e2fsprogs; do
  command -v "${needed%:*}" >/dev/null || refuse "${needed%:*} is missing; apt install ${needed#*:}"
done
sh "$HERE/../chroots/run.sh" guest >&2

wanted=$(cat "$SYSTEM/.made-of" "$SYSTEM/srv/.made-of" "$HERE/image.sh")
if [ "$(cat "$IMAGE/.made-of" 2>/dev/null)" != "$wanted" ]; then
  echo "Making the disk in $IMAGE; it is kept for the next time." >&2
  rm -rf "$IMAGE.new" "$SYSTEM/srv/matpi" # the tree comes on a disk of its own, as it is at each start
  mkdir -p "$IMAGE.new"
  cp "$SYSTEM"/boot/vmlinuz-* "$IMAGE.new/vmlinuz"
  cp "$SYSTEM"/boot/initrd.img-* "$IMAGE.new/initrd.img"
  mkfs.ext4 -q -d "$SYSTEM" "$IMAGE.new/disk.img" 4G >&2
  printf '%s\n' "$wanted" >"$IMAGE.new/.made-of"
  rm -rf "$IMAGE"
  mv "$IMAGE.new" "$IMAGE"
fi
echo "$IMAGE"
