#!/bin/sh
# Measures this machine's GPU: ./run.sh [--adapter gpu|software] [--quick] [--markdown] [--json FILE]
# Needs Linux on x86-64 and an NVIDIA driver; no network and no Node. VK_ICD_FILENAMES chooses another driver.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
kind=gpu
previous=
for argument in "$@"; do
  [ "$previous" = --adapter ] && kind=$argument
  previous=$argument
done
if [ "$kind" = software ]; then
  drivers="/usr/lib/chromium/vk_swiftshader_icd.json /usr/lib/chromium-browser/vk_swiftshader_icd.json /opt/google/chrome/vk_swiftshader_icd.json"
else
  drivers="/usr/share/vulkan/icd.d/nvidia_icd.json /etc/vulkan/icd.d/nvidia_icd.json /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json"
fi
if [ -z "$VK_ICD_FILENAMES" ]; then
  for driver in $drivers; do
    if [ -e "$driver" ]; then
      VK_ICD_FILENAMES=$driver
      break
    fi
  done
fi
if [ -z "$VK_ICD_FILENAMES" ]; then
  echo "No Vulkan driver ($kind) found; looked for: $drivers. Set VK_ICD_FILENAMES to the driver's JSON file." >&2
  exit 1
fi
export VK_ICD_FILENAMES
# the loader of the pack first, then where container images put the driver
export LD_LIBRARY_PATH="$here/lib:${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/usr/local/nvidia/lib64:/usr/local/nvidia/lib"
exec "$here/bin/node" "$here/gpuMain.mjs" "$@"
