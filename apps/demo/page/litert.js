// Runs .tflite files with LiteRT.js, on the processor.

import { loadAndCompile, loadLiteRt, Tensor } from "./litert/core.js";

let runtime;

/** Loads a file; returns its tensors by name, its size, and `run`. */
export async function loadModel(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${(await response.json()).error}`);
  const content = new Uint8Array(await response.arrayBuffer());
  runtime ??= loadLiteRt("litert/wasm/");
  await runtime;
  const compiled = await loadAndCompile(content, { accelerator: "wasm" });
  await run(compiled, blankInputs(compiled)); // the first run is slow: not the user's
  return {
    inputs: describe(compiled.getInputDetails()),
    outputs: describe(compiled.getOutputDetails()),
    bytes: content.length,
    run: (arrays) => run(compiled, arrays),
    close: () => compiled.delete(),
  };
}

function describe(details) {
  return Object.fromEntries(details.map(({ name, shape }) => [name, [...shape]]));
}

const ARRAYS = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array };

function blankInputs(compiled) {
  const arrays = compiled.getInputDetails().map(({ name, dtype, shape }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return [name, new ARRAYS[dtype](length)];
  });
  return Object.fromEntries(arrays);
}

/** Runs it on typed arrays by name; returns those of the outputs, and the time. */
async function run(compiled, arrays) {
  const begin = performance.now();
  const tensors = {};
  for (const { name, shape } of compiled.getInputDetails()) {
    tensors[name] = new Tensor(arrays[name], [...shape]);
  }
  try {
    const found = await compiled.run(tensors);
    const outputs = {};
    for (const [name, tensor] of Object.entries(found)) {
      outputs[name] = tensor.toTypedArray();
      tensor.delete(); // memory of WebAssembly is collected by nobody
    }
    return { outputs, milliseconds: performance.now() - begin };
  } finally {
    for (const tensor of Object.values(tensors)) tensor.delete();
  }
}
