/** How weights are stored is core's, since the coordinator reads rows of a backbone, too. */
export {
  aligned,
  alignment,
  type PackedTensor,
  type Packing,
  packedSizes,
  packingFor,
  packRows,
  packTensor,
  rowsOf,
  sectionsOf,
  type TensorEncoding,
  tensorEncodings,
  unpackRows,
  unpackTensor,
} from "@tutti/core";
