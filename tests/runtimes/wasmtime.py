"""Runs the guest under the package wasmtime: python wasmtime.py GUEST CASES

CASES is a folder with cases.json, a list of argument lists; case N reads N.in, writes N.out and N.err. Nothing is granted: no
folder, no environment. Prints a JSON object: the module's imports, and the exit codes in order.
"""

import json
import sys

# This file is called like the package, and its folder comes first.
del sys.path[0]

from wasmtime import Engine, ExitTrap, Linker, Module, Store, WasiConfig


def main(guest, folder):
    engine = Engine()
    module = Module.from_file(engine, guest)
    linker = Linker(engine)
    linker.define_wasi()
    codes = []
    with open(f"{folder}/cases.json", encoding="utf-8") as file:
        cases = json.load(file)
    for number, args in enumerate(cases):
        wasi = WasiConfig()
        wasi.argv = args
        wasi.stdin_file = f"{folder}/{number}.in"
        wasi.stdout_file = f"{folder}/{number}.out"
        wasi.stderr_file = f"{folder}/{number}.err"
        store = Store(engine)
        store.set_wasi(wasi)
        start = linker.instantiate(store, module).exports(store)["_start"]
        try:
            start(store)
            codes.append(0)
        except ExitTrap as exit:
            codes.append(exit.code)
    imports = [f"{item.module}.{item.name}" for item in module.imports]
    print(json.dumps({"imports": imports, "codes": codes}))


main(*sys.argv[1:])
