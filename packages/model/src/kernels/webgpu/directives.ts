/** Moves a program's `enable …;` lines to its top, each feature once: WGSL wants them there, and the tensor library writes its own code first. */
export function hoistDirectives(code: string): string {
  if (!code.includes("enable ")) return code;
  const features = new Set<string>();
  const rest = code.replace(directiveLine, (_, names: string) => {
    for (const name of names.split(",")) if (name.trim() !== "") features.add(name.trim());
    return "";
  });
  return features.size === 0 ? code : `${[...features].map((name) => `enable ${name};`).join("\n")}\n${rest}`;
}

const directiveLine = /^[ \t]*enable[ \t]+([\w, \t]+);[ \t]*$/gm;

/** Lets a device take programs whose `enable` lines stand anywhere; changes the device that is handed in. */
export function acceptDirectives(device: Pick<GPUDevice, "createShaderModule">): void {
  const create = device.createShaderModule;
  device.createShaderModule = (descriptor) => create.call(device, { ...descriptor, code: hoistDirectives(descriptor.code) });
}
