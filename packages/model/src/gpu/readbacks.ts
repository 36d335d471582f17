/** The parts of a device that a readback meets. */
export interface ReadbackDevice {
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer;
  readonly queue: { submit(commands: Iterable<GPUCommandBuffer>): void };
}

/** Whether a browser looks after its devices only now and then: Firefox does, on a timer of 100 ms (https://bugzilla.mozilla.org/show_bug.cgi?id=1870699). */
export function pollsSlowly(userAgent: string): boolean {
  return /\bGecko\/\d/.test(userAgent); // others say "like Gecko"
}

/** Small beside a training step, and as often as a worker's timers fire. */
const wakeEveryMs = 4;
/** GPUBufferUsage.MAP_READ, which Node does not have as a global. */
const mapRead = 1;

/**
 * Lets readbacks end when the GPU is done where the browser polls slowly. It also looks after its devices when work is submitted, so an empty list is
 * submitted at once and then again while a buffer is being mapped: in Firefox 153 on a software adapter a small readback takes 3 ms in place of 100.
 * Changes the device that is handed in.
 */
export function wakeReadbacks(
  device: ReadbackDevice,
  after: (ms: number, act: () => void) => void = (ms, act) => setTimeout(act, ms),
): void {
  const create = device.createBuffer;
  let numMapping = 0;
  let isWaking = false;

  function wake(): void {
    isWaking = numMapping > 0;
    if (!isWaking) return;
    device.queue.submit([]);
    after(wakeEveryMs, wake);
  }

  function watched(buffer: GPUBuffer): GPUBuffer {
    const map = buffer.mapAsync;
    buffer.mapAsync = async (...asked) => {
      const mapping = map.apply(buffer, asked);
      numMapping++;
      if (!isWaking) wake();
      return mapping.finally(() => numMapping--);
    };
    return buffer;
  }

  device.createBuffer = (descriptor) => {
    const buffer = create.call(device, descriptor);
    return (descriptor.usage & mapRead) === 0 ? buffer : watched(buffer);
  };
}
