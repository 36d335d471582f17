// Which of the tensor library's kernels the training worker registers. Plain JavaScript, as the other build scripts.
import { readFileSync } from "node:fs";

/**
 * What the model's operations run, on each of the library's backends. The others, for images, strings, sparse tensors and so on, stay out of
 * the worker: they are three quarters of the library.
 */
const keptKernels = new Set(
  (
    "Abs Add AddN ArgMax BatchMatMul Cast Complex ComplexAbs Concat Equal Erf Exp ExpandDims Fill FloorDiv GatherV2 Greater GreaterEqual Identity Imag Less " +
    "Log LogicalAnd Max Maximum Mean Minimum Multiply Neg NotEqual OnesLike Pack PadV2 Pow Range Real RealDiv Relu Reshape Rsqrt ScatterNd Select Sigmoid " +
    "Sin Cos Slice Softmax SplitV Sqrt Square Step Sub Sum Tanh Tile Transpose Unpack ZerosLike"
  ).split(" "),
);

const registration = /tfjs-backend-(?:cpu|wasm|webgpu)\/dist\/register_all_kernels\.js$/;
const libraryCore = /tfjs-core\/dist\/.*\.js$/;
const kernelImport = /^import \{ (\w+) \} from '\.\/kernels\/(\w+)';$/gm;

/** The kernels that a module of the library's core names: an operation names what it runs. */
const kernelsNamedBy = (path) =>
  [...readFileSync(path, "utf8").matchAll(/^import \{([^}]*)\} from '[./]*\/kernel_names';$/gm)].flatMap(([, names]) =>
    names.split(",").map((name) => name.trim()),
  );

/**
 * Leaves the kernels that the model does not use out of the training worker. What the model does use is read from the bundle itself: the build
 * fails when an operation in it runs a kernel that was left out.
 * @returns {import("vite").Plugin}
 */
export const workerKernels = () => ({
  name: "tutti-worker-kernels",
  transform(code, id) {
    if (!registration.test(id.split("?")[0] ?? id)) return null;
    const dropped = [...code.matchAll(kernelImport)].filter(([, , file]) => !keptKernels.has(file ?? ""));
    const names = new Set(dropped.map(([, name]) => name));
    if (names.size === 0) throw new Error(`${id}: it registers its kernels in another way than before; adapt scripts/worker-kernels.mjs`);
    const lines = code.split("\n").filter((line) => {
      const [, imported] = /^import \{ (\w+) \} from '\.\/kernels\//.exec(line) ?? [];
      return !names.has(imported ?? line.trim().replace(/,$/, ""));
    });
    return { code: lines.join("\n"), map: null };
  },
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((output) => (output.type === "chunk" ? Object.entries(output.modules) : []));
    const used = modules.flatMap(([id, { renderedLength }]) => {
      const path = id.split("?")[0] ?? id;
      return renderedLength > 0 && libraryCore.test(path) ? kernelsNamedBy(path).map((kernel) => ({ kernel, path })) : [];
    });
    for (const { kernel, path } of used) {
      if (keptKernels.has(kernel)) continue;
      throw new Error(
        `${path} runs the kernel ${kernel}, which scripts/worker-kernels.mjs leaves out of the worker: add it to keptKernels there`,
      );
    }
  },
});
