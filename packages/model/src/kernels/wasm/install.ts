import * as tf from "@tensorflow/tfjs";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { AttentionShape } from "../attentionShape.ts";
import type { WasmKernel } from "../fusedKernels.ts";
import { attendGradientOnWasm, attendOnWasm, weightColumns } from "./attention.ts";
import { compileProgram, type WasmProgram } from "./program.ts";

type Inputs = Readonly<Record<string, tf.TensorInfo | undefined>>;
type Attributes = Readonly<Record<string, unknown>>;
type Kernel = (inputs: Inputs, attributes: Attributes) => tf.TensorInfo[];

/**
 * Registers our kernels on the WASM backend that is running, over its own memory. Answers false where the engine has no vector
 * instructions or the backend hides its memory; the plain operations then do the work.
 */
export async function installWasmKernels(): Promise<boolean> {
  const backend = tf.backend();
  if (!(backend instanceof BackendWasm)) throw new Error(`our WASM kernels need the wasm backend, ${tf.getBackend()} is running`);
  const memory = memoryOf(backend);
  const program = memory === null ? null : await compileProgram(memory);
  if (memory === null || program === null) return false;
  for (const [name, kernel] of Object.entries(kernelsOn(backend, program))) {
    if (tf.getKernel(name, "wasm") !== undefined) tf.unregisterKernel(name, "wasm");
    tf.registerKernel({
      kernelName: name,
      backendName: "wasm",
      kernelFunc: ({ inputs, attrs }) => kernel(inputs as Inputs, (attrs ?? {}) as Attributes),
    });
  }
  return true;
}

/** The backend's memory: exported by the single-threaded module, imported by the threaded one. */
function memoryOf({ wasm }: BackendWasm): WebAssembly.Memory | null {
  const candidates: unknown[] = [Reflect.get(wasm, "wasmMemory"), ...Object.values(Reflect.get(wasm, "asm") ?? {})];
  return candidates.find((candidate): candidate is WebAssembly.Memory => candidate instanceof WebAssembly.Memory) ?? null;
}

function kernelsOn(backend: BackendWasm, program: WasmProgram): Record<WasmKernel, Kernel> {
  const address = (info: tf.TensorInfo | undefined) => (info === undefined ? 0 : backend.getMemoryOffset(info.dataId));
  const output = (shape: readonly number[]) => backend.makeOutput([...shape], "float32");
  const zeroed = (shape: readonly number[]) => {
    const info = output(shape);
    backend.typedArrayFromHeap(info).fill(0);
    return info;
  };
  const release = (...infos: tf.TensorInfo[]) => {
    for (const { dataId } of infos) backend.disposeData(dataId);
  };

  return {
    TuttiActivate({ x }, { kind, hasGradient }) {
      const { shape } = given(x);
      const [y, derivative] = [output(shape), hasGradient === true ? output(shape) : null];
      const name = `${kind as "gelu" | "geluTanh" | "silu"}${derivative === null ? "" : "WithGradient"}` as const;
      program[name](address(x), address(y), derivative === null ? 0 : address(derivative), 4 * tf.util.sizeFromShape(shape));
      return derivative === null ? [y] : [y, derivative];
    },
    TuttiLinear({ x, panels, bias }, { numOut }) {
      const [rows, numIn] = given(x).shape;
      const columns = Number(numOut);
      const y = output([rows, columns]);
      const run = bias === undefined ? program.product : program.productBiased;
      const sizes = [rows, columns, numIn, 32 * numIn, address(bias)];
      run(address(x), 4 * numIn, 4, address(panels), 32, address(y), 4 * columns, ...sizes);
      return [y];
    },
    TuttiNorm({ x, weight, bias }, { epsilon }) {
      const [rows, width] = given(x).shape;
      const results = [output([rows, width]), output([rows, width]), output([rows, 1])];
      const run = bias === undefined ? program.rmsNorm : program.layerNorm;
      run(address(x), address(weight), address(bias), ...results.map(address), rows, 4 * width, 1 / width, Number(epsilon));
      return results;
    },
    TuttiNormGradient({ dy, weight, standard, inverse }, { isCentred }) {
      const [rows, width] = given(dy).shape;
      const dx = output([rows, width]);
      const run = isCentred === true ? program.layerNormGradient : program.rmsNormGradient;
      run(address(dy), address(weight), address(standard), address(inverse), address(dx), rows, 4 * width, 1 / width);
      return [dx];
    },
    TuttiPart({ vector }, { start, size }) {
      const part = output([Number(size)]);
      const [all, first] = [backend.typedArrayFromHeap(given(vector)), Number(start)]; // read only now: making the output may move the heap
      backend.typedArrayFromHeap(part).set(all.subarray(first, first + Number(size)));
      return [part];
    },
    TuttiAttend({ qkv, prefix }, attributes) {
      const shape = shapeOf(attributes);
      const numPrefix = prefix?.shape[1] ?? 0;
      const columns = weightColumns(numPrefix, shape.numTokens);
      const y = output([given(qkv).shape[0], shape.numHeads * shape.headSize]);
      const weights = output([shape.lengths.length, shape.numHeads, shape.numTokens, columns]);
      const scratch = zeroed([shape.headSize, columns]);
      const addresses = { qkv: address(qkv), prefix: address(prefix), weights: address(weights), y: address(y), scratch: address(scratch) };
      attendOnWasm(program, addresses, shape, numPrefix);
      release(scratch);
      return [y, weights];
    },
    TuttiAttendGradient({ dy, qkv, prefix, weights }, attributes) {
      const shape = shapeOf(attributes);
      const numPrefix = prefix?.shape[1] ?? 0;
      const columns = weightColumns(numPrefix, shape.numTokens);
      const dPrefix = prefix === undefined ? null : zeroed(prefix.shape);
      const dQkv = attributes.hasInputGradient === true ? zeroed(given(qkv).shape) : null;
      const [scratch, dWeights] = [zeroed([shape.headSize, columns]), zeroed([shape.numTokens, columns])];
      const addresses = {
        dy: address(dy),
        qkv: address(qkv),
        prefix: address(prefix),
        weights: address(weights),
        scratch: address(scratch),
        dWeights: address(dWeights),
        dPrefix: dPrefix === null ? 0 : address(dPrefix),
        dQkv: dQkv === null ? null : address(dQkv),
      };
      attendGradientOnWasm(program, addresses, shape, numPrefix);
      release(scratch, dWeights);
      return [dPrefix, dQkv].filter((result) => result !== null);
    },
  };
}

function given(info: tf.TensorInfo | undefined): tf.TensorInfo {
  if (info === undefined) throw new Error("kernel input missing");
  return info;
}

/** The attributes are those that `attend` gave. */
function shapeOf(attributes: Attributes): AttentionShape {
  return attributes as object as AttentionShape;
}
