// Runs the guest under node's own WASI: node node.mjs GUEST CASES
//
// CASES is a folder with cases.json, a list of argument lists; case N reads N.in, writes N.out and N.err. Nothing is granted: no
// folder, no environment. Prints a JSON object: the module's imports, and the exit codes in order.

import { closeSync, openSync, readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [guest, folder] = process.argv.slice(2);
const module = await WebAssembly.compile(readFileSync(guest));
const imports = WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`);
const codes = [];
for (const [number, args] of JSON.parse(readFileSync(`${folder}/cases.json`)).entries()) {
  const [stdin, stdout, stderr] = [["in", "r"], ["out", "w"], ["err", "w"]].map(([end, flags]) =>
    openSync(`${folder}/${number}.${end}`, flags),
  );
  const wasi = new WASI({ version: "preview1", args, env: {}, preopens: {}, stdin, stdout, stderr, returnOnExit: true });
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
  codes.push(wasi.start(instance));
  [stdin, stdout, stderr].forEach((end) => closeSync(end));
}
console.log(JSON.stringify({ imports, codes }));
