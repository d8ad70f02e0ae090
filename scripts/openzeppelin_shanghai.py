"""Make OpenZeppelin's contracts in node_modules compile for EVM shanghai.

OpenZeppelin copies memory with `mcopy`, which chains before Cancun do not know, Ganache among them:
ERC-721, EIP-712 and the ERC-2771 forwarder all reach it through their string library. This rewrites
every such instruction to a loop that does the same, overlapping regions included, and touches
nothing else. tests/fuzz holds the rewritten functions against plain Solidity. A second run changes
nothing.
"""

import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "node_modules" / "@openzeppelin" / "contracts"

ASSEMBLY_BLOCK = re.compile(
    r"^(?P<indent> *)assembly[^\n{]*\{\n(?P<body>.*?)^(?P=indent)\}\n", re.MULTILINE | re.DOTALL
)
INSTRUCTION = re.compile(r"\bmcopy\(")
COPY_FUNCTION = """\
// Stands in for mcopy, which EVM shanghai lacks.
function copyMemory(copyTo, copyFrom, copyLength) {
    let copyWords := and(copyLength, not(0x1f))
    let copyTail := mload(add(copyFrom, copyWords))
    switch gt(copyTo, copyFrom)
    case 0 {
        for { let copyAt := 0 } lt(copyAt, copyWords) { copyAt := add(copyAt, 0x20) } {
            mstore(add(copyTo, copyAt), mload(add(copyFrom, copyAt)))
        }
    }
    default {
        for { let copyAt := copyWords } copyAt {} {
            copyAt := sub(copyAt, 0x20)
            mstore(add(copyTo, copyAt), mload(add(copyFrom, copyAt)))
        }
    }
    if gt(copyLength, copyWords) {
        let copyKept := shr(shl(3, sub(copyLength, copyWords)), not(0))
        let copyEnd := add(copyTo, copyWords)
        mstore(copyEnd, or(and(mload(copyEnd), copyKept), and(copyTail, not(copyKept))))
    }
}
"""


def rewrite(source: str) -> str:
    """Return Solidity source in which no inline assembly uses `mcopy`."""

    def rewrite_block(block: re.Match[str]) -> str:
        if not INSTRUCTION.search(block["body"]):
            return block[0]
        indent = block["indent"] + " " * 4
        function = "".join(indent + line for line in COPY_FUNCTION.splitlines(keepends=True))
        start = block.start("body") - block.start()
        body = INSTRUCTION.sub("copyMemory(", block["body"])
        return block[0][:start] + function + body + block["indent"] + "}\n"

    return ASSEMBLY_BLOCK.sub(rewrite_block, source)


def main() -> int:
    """Rewrite the installed package in place; return 1 where an instruction would be left."""
    for path in sorted(PACKAGE.rglob("*.sol")):
        source = path.read_text("utf-8")
        if not INSTRUCTION.search(source):
            continue
        rewritten = rewrite(source)
        if INSTRUCTION.search(rewritten):
            print(f"{path}: mcopy stands where this script does not look", file=sys.stderr)
            return 1
        path.write_text(rewritten, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
