"""The artifacts that the package carries belong to the sources; the build says what is wrong."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from solcx.wrapper import get_solc_version

from edgebazaar.chain import build as builder

ROOT = Path(__file__).resolve().parents[2]
SHIM = ROOT / "scripts" / "solc" / f"solc-v{builder.SOLC_VERSION}"

HEADER = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n"
COUNTER = (
    HEADER
    + """
import {Limits} from "./Limits.sol";

interface ICounter { error Counter_Paused(address by); }

contract Counter is ICounter {
    uint256 public immutable step;
    uint256 public count;
    struct Visit { address by; uint256[2] at; }
    mapping(address => Visit) internal visits;
    constructor(uint256 step_) { step = step_; }
    function add() external { count += step; Limits.check(count); }
}
"""
)
LIMITS = (
    HEADER
    + """
library Limits {
    error Limits_Exceeded(uint256 count, uint256 limit);
    function check(uint256 count) internal pure {
        require(count <= 10, Limits_Exceeded(count, 10));
    }
}
"""
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one contract, one interface and one internal library."""
    folder = tmp_path / "contracts" / "counting"
    folder.mkdir(parents=True)
    (folder / "Counter.sol").write_text(COUNTER, "utf-8")
    (folder / "Limits.sol").write_text(LIMITS, "utf-8")
    return tmp_path


def compile_project(project: Path) -> builder.Build:
    return builder.build(project, builder.compiler_path(ROOT))


def test_carried_artifacts_belong_to_the_sources():
    assert builder.stale(ROOT) == []


@pytest.mark.slow
def test_compiling_again_gives_the_carried_artifacts():
    built = builder.build(ROOT)
    for name, text in built.files.items():
        assert (builder.ARTIFACTS / name).read_text("utf-8") == text, name


def test_native_compiler_and_npm_package_emit_equal_byte_code(project: Path):
    native = ROOT / ".solc" / SHIM.name
    if not native.exists() or native.read_bytes()[:2] == b"#!":
        pytest.skip("no native solc here; `EDGEBAZAAR_NATIVE_SOLC=1 make setup` downloads one")
    assert builder.build(ROOT, native).files == builder.build(ROOT, SHIM).files
    assert builder.build(project, native).files == builder.build(project, SHIM).files


def test_build_is_deterministic(project: Path, tmp_path: Path):
    first = compile_project(project)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(project / "contracts", elsewhere / "contracts")
    assert compile_project(elsewhere).files == first.files


def test_artifact_holds_what_a_user_needs(project: Path):
    files = compile_project(project).files
    assert set(files) == {"Counter.json", *builder.RESERVED}
    artifact = json.loads(files["Counter.json"])
    assert artifact["source_name"] == "contracts/counting/Counter.sol"
    assert {entry.get("name") for entry in artifact["abi"]} >= {"add", "count", "step"}
    assert artifact["runtime_code"][2:] in artifact["creation_code"]
    assert [slot["label"] for slot in artifact["storage_layout"]["storage"]] == ["count", "visits"]
    assert "t_array(t_uint256)2_storage" in artifact["storage_layout"]["types"]
    assert "t_struct(Visit)1_storage" in artifact["storage_layout"]["types"]
    assert list(artifact["immutable_references"]) == ["0"]
    assert artifact["compiler"]["version"].startswith(builder.SOLC_VERSION + "+commit.")
    assert json.loads(artifact["metadata"])["settings"]["evmVersion"] == "shanghai"


def test_artifact_does_not_depend_on_unrelated_sources(project: Path):
    before = compile_project(project).files
    unrelated = project / "contracts" / "another" / "Above.sol"
    unrelated.parent.mkdir()
    unrelated.write_text(HEADER + "contract Above { struct Pair { uint8 a; } Pair p; }", "utf-8")
    after = compile_project(project).files
    assert after["Counter.json"] == before["Counter.json"]
    assert "Above.json" in after


def test_custom_errors_of_interfaces_and_libraries_are_collected(project: Path):
    errors = json.loads(compile_project(project).files[builder.ERRORS])
    by_signature = {entry["signature"]: entry for entry in errors.values()}
    assert set(by_signature) == {"Counter_Paused(address)", "Limits_Exceeded(uint256,uint256)"}
    exceeded = by_signature["Limits_Exceeded(uint256,uint256)"]
    assert [field["name"] for field in exceeded["inputs"]] == ["count", "limit"]
    assert exceeded["raised_by"] == ["Counter", "Limits"]


def test_standard_input_compiles_to_the_same_code(project: Path):
    files = compile_project(project).files
    answer = subprocess.run(
        [SHIM, "--standard-json"],
        input=files[builder.STANDARD_INPUT],
        capture_output=True,
        text=True,
        check=True,
    )
    compiled = json.loads(answer.stdout)["contracts"]["contracts/counting/Counter.sol"]["Counter"]
    artifact = json.loads(files["Counter.json"])
    assert "0x" + compiled["evm"]["bytecode"]["object"] == artifact["creation_code"]


def test_project_without_contracts_builds(tmp_path: Path):
    built = builder.build(tmp_path)
    assert set(built.files) == builder.RESERVED
    assert json.loads(built.files[builder.ERRORS]) == {}


def test_stale_names_what_changed(project: Path, tmp_path: Path):
    folder = tmp_path / "artifacts"
    assert builder.stale(project, folder)
    builder.write(compile_project(project), folder)
    assert builder.stale(project, folder) == []

    limits = project / "contracts" / "counting" / "Limits.sol"
    limits.write_text(LIMITS.replace("10", "11"), "utf-8")
    assert builder.stale(project, folder) == ["contracts/counting/Limits.sol changed"]
    limits.write_text(LIMITS, "utf-8")

    extra = limits.with_name("Extra.sol")
    extra.write_text(HEADER + "contract Extra {}", "utf-8")
    assert builder.stale(project, folder) == ["contracts/counting/Extra.sol is new"]
    extra.unlink()

    (folder / "Counter.json").write_text("{}", "utf-8")
    assert builder.stale(project, folder) == ["artifacts/Counter.json is not what the build wrote"]


def test_changed_settings_make_artifacts_stale(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "artifacts"
    builder.write(compile_project(project), folder)
    monkeypatch.setattr(builder, "SETTINGS", {**builder.SETTINGS, "viaIR": True})
    assert builder.stale(project, folder) == ["the compiler or its settings changed"]


def test_write_removes_artifacts_of_contracts_that_are_gone(project: Path, tmp_path: Path):
    folder = tmp_path / "artifacts"
    builder.write(compile_project(project), folder)
    (folder / "Gone.json").write_text("{}", "utf-8")
    builder.write(compile_project(project), folder)
    assert {path.name for path in folder.iterdir()} == {"Counter.json", *builder.RESERVED}


def test_compiler_error_names_file_and_line(project: Path):
    path = project / "contracts" / "counting" / "Broken.sol"
    path.write_text(HEADER + "contract Broken { uint256 x = true; }", "utf-8")
    with pytest.raises(builder.BuildError, match=r"contracts/counting/Broken\.sol:3"):
        compile_project(project)


def test_two_contracts_of_one_name_are_refused(project: Path):
    path = project / "contracts" / "other" / "Second.sol"
    path.parent.mkdir()
    path.write_text(HEADER + "contract Counter { uint256 x; }", "utf-8")
    with pytest.raises(builder.BuildError, match="both define Counter: rename one"):
        compile_project(project)


def test_contract_too_large_for_a_chain_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(builder, "CODE_SIZE_LIMIT", 100)
    with pytest.raises(builder.BuildError, match=r"Counter has .* a chain accepts 100"):
        compile_project(project)


def test_named_compiler_folder_without_compiler_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(tmp_path))
    with pytest.raises(builder.BuildError, match="SOLCX_BINARY_PATH"):
        builder.compiler_path(ROOT)


class TestShim:
    """The executable that answers for `solc` where no native compiler stands."""

    def ask(self, folder: Path, sources: dict[str, str], *options: str) -> str:
        request = {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sources.items()},
            "settings": {"remappings": ["@lib/=library/"]},
        }
        answer = subprocess.run(
            [SHIM, "--standard-json", *options],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
        )
        errors = json.loads(answer.stdout).get("errors", [])
        return "\n".join(error["formattedMessage"] for error in errors)

    def test_version_is_understood_by_py_solc_x(self):
        assert str(get_solc_version(SHIM)) == builder.SOLC_VERSION

    def test_imports_are_read_below_base_and_include_paths(self, project: Path, tmp_path: Path):
        (tmp_path / "library").mkdir()
        (tmp_path / "library" / "Shared.sol").write_text(HEADER + "library Shared {}", "utf-8")
        source = {"A.sol": HEADER + 'import "@lib/Shared.sol"; contract A {}'}
        away = tmp_path / "away"
        away.mkdir()
        assert "not found" in self.ask(away, source)
        assert self.ask(away, source, "--base-path", str(tmp_path)) == ""
        assert self.ask(away, source, "--base-path", ".", "--include-path", str(tmp_path)) == ""

    def test_files_outside_the_allowed_folders_are_not_read(self, tmp_path: Path):
        (tmp_path / "Secret.sol").write_text(HEADER + "library Secret {}", "utf-8")
        base = tmp_path / "base"
        base.mkdir()
        source = {"A.sol": HEADER + f'import "{tmp_path}/Secret.sol"; contract A {{}}'}
        assert "outside of allowed" in self.ask(base, source, "--base-path", str(base))
        assert (
            self.ask(base, source, "--base-path", str(base), "--allow-paths", str(tmp_path)) == ""
        )

    def test_unknown_option_is_refused(self):
        answer = subprocess.run([SHIM, "--bin"], capture_output=True, text=True, check=False)
        assert answer.returncode == 1
        assert "--standard-json" in answer.stderr
