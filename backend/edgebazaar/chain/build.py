"""Compile `contracts/` and write the artifacts that the package carries.

`python -m edgebazaar.chain.build` compiles every source below `contracts/` in one standard JSON
input through py-solc-x and writes `artifacts/`: a file for each contract that can be deployed,
`errors.json` with every custom error by selector, `standard_input.json` with all sources (what a
block explorer needs to verify a contract), and `index.json` with the compiler, its settings and the
SHA-256 of every file. With `--check` nothing is written: it fails where the artifacts do not belong
to the sources as they stand.
"""

import argparse
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import solcx
from eth_utils.abi import abi_to_signature, function_signature_to_4byte_selector
from solcx.exceptions import SolcError

SOLC_VERSION = "0.8.37"
SETTINGS: Mapping[str, Any] = {
    "evmVersion": "shanghai",
    "optimizer": {"enabled": True, "runs": 1_000_000},
    "remappings": ["@openzeppelin/=node_modules/@openzeppelin/", "solady/=node_modules/solady/"],
    "viaIR": False,
}
CODE_SIZE_LIMIT = 24_576
"""Largest runtime byte code that a chain accepts, in bytes (EIP-170)."""

ARTIFACTS = Path(__file__).parent / "artifacts"
INDEX, ERRORS, STANDARD_INPUT = "index.json", "errors.json", "standard_input.json"
NODE_IN_TYPE = re.compile(r"(t_(?:struct|enum|contract|userDefinedValueType)\([\w$]+\))(\d+)")
RESERVED = frozenset({INDEX, ERRORS, STANDARD_INPUT})


class BuildError(Exception):
    """The contracts do not compile or cannot be deployed; the message says where and what to do."""


@dataclass(frozen=True)
class Build:
    """Everything one build writes: file name -> content."""

    files: Mapping[str, str]
    warnings: tuple[str, ...]


def repository_root() -> Path:
    """Return the checkout that this package stands in.

    Raises:
        BuildError: where the package was installed without its sources.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / "foundry.toml").is_file():
        raise BuildError("The contracts are not here: compile in a checkout of the repository.")
    return root


def compiler_path(root: Path) -> Path:
    """Return the compiler to use: SOLCX_BINARY_PATH, what `make setup` installed, or the shim.

    Raises:
        BuildError: where the named folder holds no compiler of this version.
    """
    name = f"solc-v{SOLC_VERSION}"
    if folder := os.environ.get("SOLCX_BINARY_PATH"):
        if (named := Path(folder) / name).exists():
            return named
        raise BuildError(
            f"SOLCX_BINARY_PATH={folder} holds no {name}: run `make setup` or unset it."
        )
    installed = root / ".solc" / name
    return installed if installed.exists() else root / "scripts" / "solc" / name


def contract_sources(root: Path) -> dict[str, str]:
    """Return the project's own sources by source unit name (`contracts/...`), sorted."""
    paths = sorted((root / "contracts").rglob("*.sol"))
    return {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in paths}


def compile_sources(root: Path, sources: Mapping[str, str], compiler: Path) -> dict[str, Any]:
    """Compile the sources; imports outside `contracts/` are read from `root`.

    Raises:
        BuildError: with the compiler's own messages.
    """
    everything = ["abi", "metadata", "storageLayout", "evm.bytecode", "evm.deployedBytecode"]
    selection: dict[str, Any] = {"*": {"*": ["abi", "metadata"]}}
    selection |= {name: {"*": everything, "": ["ast"]} for name in sources}
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources.items()},
        "settings": {**SETTINGS, "outputSelection": selection},
    }
    try:
        output: dict[str, Any] = solcx.compile_standard(
            request, base_path=root, allow_paths=[root], solc_binary=compiler
        )
    except SolcError as error:
        raise BuildError(str(error.message)) from error
    return output


def source_hash(sources: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the names and texts of sources, independent of their order."""
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name}\n{sha256_hex(sources[name])}\n".encode())
    return digest.hexdigest()


def sha256_hex(text: str) -> str:
    """SHA-256 of a text's UTF-8 form, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def build(root: Path, compiler: Path | None = None) -> Build:
    """Compile everything below `contracts/` and return the files to write.

    The result depends on nothing but the sources and the compiler's version.

    Raises:
        BuildError: for sources that do not compile, two contracts of one name, a contract larger
            than a chain accepts, or two custom errors with one selector.
    """
    own = contract_sources(root)
    output = compile_sources(root, own, compiler or compiler_path(root)) if own else {}
    all_sources = {
        name: own[name] if name in own else (root / name).read_text("utf-8")
        for name in sorted(output.get("sources", {}))
    }
    contracts: dict[str, dict[str, Any]] = {}
    for source_name, compiled in _deployable(output, own):
        contract_name = compiled["name"]
        if contract_name in contracts:
            other = contracts[contract_name]["source_name"]
            raise BuildError(f"{source_name} and {other} both define {contract_name}: rename one.")
        contracts[contract_name] = _artifact(source_name, compiled, all_sources)
    documents: dict[str, Any] = {f"{name}.json": value for name, value in contracts.items()}
    documents[ERRORS] = _custom_errors(output)
    documents[STANDARD_INPUT] = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in all_sources.items()},
        "settings": {
            **SETTINGS,
            "outputSelection": {"*": {"*": ["abi", "evm.bytecode", "evm.deployedBytecode"]}},
        },
    }
    files = {name: _as_json(value) for name, value in sorted(documents.items())}
    files[INDEX] = _as_json(
        {
            "compiler": {"version": SOLC_VERSION, "settings": SETTINGS},
            "contracts": {name: contracts[name]["source_name"] for name in sorted(contracts)},
            "files": {name: sha256_hex(text) for name, text in files.items()},
            "source_hash": source_hash(all_sources),
        }
    )
    warnings = tuple(
        error["formattedMessage"]
        for error in output.get("errors", [])
        if error.get("sourceLocation", {}).get("file", "").startswith("contracts/")
    )
    return Build(files, warnings)


def write(built: Build, folder: Path = ARTIFACTS) -> None:
    """Write a build, the index last, and remove artifacts of contracts that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(built.files, key=lambda name: name == INDEX):
        fresh = folder / f".{name}.{os.getpid()}"
        fresh.write_text(built.files[name], "utf-8")
        fresh.replace(folder / name)
    for path in folder.glob("*.json"):
        if path.name not in built.files:
            path.unlink()


def stale(root: Path, folder: Path = ARTIFACTS) -> list[str]:
    """Say why the artifacts do not belong to the sources; an empty list means that they do.

    Compares texts and hashes and needs no compiler.
    """
    try:
        index = json.loads((folder / INDEX).read_text("utf-8"))
        recorded = json.loads((folder / STANDARD_INPUT).read_text("utf-8"))["sources"]
    except (FileNotFoundError, json.JSONDecodeError, KeyError) as error:
        return [f"{folder.name}/ is incomplete ({error})"]
    problems = []
    if index.get("compiler") != {"version": SOLC_VERSION, "settings": SETTINGS}:
        problems.append("the compiler or its settings changed")
    present = {path.name: sha256_hex(path.read_text("utf-8")) for path in folder.glob("*.json")}
    present.pop(INDEX)
    expected = index.get("files", {})
    problems += [
        f"{folder.name}/{name} is not what the build wrote"
        for name in sorted(present.keys() | expected.keys())
        if present.get(name) != expected.get(name)
    ]
    own = contract_sources(root)
    problems += [f"{name} is new" for name in own if name not in recorded]
    for name, source in recorded.items():
        path = root / name
        if not path.is_file():
            problems.append(f"{name} is gone")
        elif path.read_text("utf-8") != source["content"]:
            problems.append(f"{name} changed")
    return problems


def _deployable(
    output: Mapping[str, Any], own: Iterable[str]
) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield our contracts that have byte code, and libraries with external functions."""
    for source_name in own:
        nodes = output["sources"][source_name]["ast"]["nodes"]
        kinds = {
            node["name"]: node["contractKind"]
            for node in nodes
            if node["nodeType"] == "ContractDefinition"
        }
        for name, compiled in output["contracts"].get(source_name, {}).items():
            internal_library = kinds[name] == "library" and not any(
                entry["type"] == "function" for entry in compiled["abi"]
            )
            if compiled["evm"]["bytecode"]["object"] and not internal_library:
                yield source_name, {"name": name, **compiled}


def _artifact(
    source_name: str, compiled: Mapping[str, Any], all_sources: Mapping[str, str]
) -> dict[str, Any]:
    creation, runtime = compiled["evm"]["bytecode"], compiled["evm"]["deployedBytecode"]
    metadata = json.loads(compiled["metadata"])
    if (size := len(runtime["object"]) // 2) > CODE_SIZE_LIMIT:
        raise BuildError(
            f"{source_name}: {compiled['name']} has {size} bytes of runtime code, a chain accepts "
            f"{CODE_SIZE_LIMIT}: move code into a library or split the contract."
        )
    return {
        "contract_name": compiled["name"],
        "source_name": source_name,
        "abi": compiled["abi"],
        "creation_code": "0x" + creation["object"],
        "runtime_code": "0x" + runtime["object"],
        "link_references": creation["linkReferences"],
        "immutable_references": _immutable_references(runtime["immutableReferences"]),
        "storage_layout": _storage_layout(compiled["storageLayout"]),
        "metadata": compiled["metadata"],
        "compiler": {"version": metadata["compiler"]["version"], "settings": SETTINGS},
        "source_hash": source_hash({name: all_sources[name] for name in metadata["sources"]}),
    }


def _immutable_references(references: Mapping[str, Any]) -> dict[str, Any]:
    """Number immutable values in the order of their declaration.

    The compiler names them by node numbers, which change with every file that is added anywhere.
    """
    return {str(rank): references[node] for rank, node in enumerate(sorted(references, key=int))}


def _storage_layout(layout: Mapping[str, Any]) -> dict[str, Any]:
    """Return a storage layout whose types are numbered within it, not by the compiler's nodes."""
    text = json.dumps(layout)
    nodes = sorted({int(node) for _, node in NODE_IN_TYPE.findall(text)})
    text = NODE_IN_TYPE.sub(lambda match: f"{match[1]}{nodes.index(int(match[2])) + 1}", text)
    numbered: dict[str, Any] = json.loads(text)
    entries = [*numbered["storage"]]
    for kind in (numbered["types"] or {}).values():
        entries += kind.get("members", [])
    for entry in entries:
        del entry["astId"]
    return numbered


def _custom_errors(output: Mapping[str, Any]) -> dict[str, Any]:
    """Collect every custom error, of interfaces and libraries too: selector -> description."""
    errors: dict[str, Any] = {}
    for source_name, contracts in sorted(output.get("contracts", {}).items()):
        for contract_name, compiled in sorted(contracts.items()):
            for entry in compiled["abi"]:
                if entry["type"] != "error":
                    continue
                signature = abi_to_signature(entry)
                selector = "0x" + function_signature_to_4byte_selector(signature).hex()
                known = errors.setdefault(
                    selector,
                    {
                        "name": entry["name"],
                        "signature": signature,
                        "inputs": entry["inputs"],
                        "raised_by": [],
                    },
                )
                if known["signature"] != signature:
                    raise BuildError(
                        f"{source_name}: the errors {signature} and {known['signature']} share the "
                        f"selector {selector}: rename one."
                    )
                known["raised_by"].append(contract_name)
    return errors


def _as_json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Build, or check; return the exit code: 0 up to date or written, 1 stale or broken."""
    parser = argparse.ArgumentParser(
        prog="python -m edgebazaar.chain.build", description="Compile the contracts."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where artifacts are stale"
    )
    parser.add_argument("--force", action="store_true", help="compile even where nothing changed")
    options = parser.parse_args(arguments)
    try:
        root = repository_root()
        problems = stale(root)
        if options.check:
            for problem in problems:
                print(problem, file=sys.stderr)
            print(
                "The artifacts are stale: run `make build`."
                if problems
                else "The artifacts are up to date."
            )
            return 1 if problems else 0
        if not problems and not options.force:
            return 0
        built = build(root)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    for warning in built.warnings:
        print(warning, file=sys.stderr)
    write(built)
    contracts = len(built.files) - len(RESERVED)
    where = ARTIFACTS.relative_to(root)
    print(f"Compiled {contracts} contracts with solc {SOLC_VERSION} into {where}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
