"""What every suite shares: where the data sets outside the repository are.

brownie loads this file too, in an environment without the backend's packages: import none of them.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of data sets (EDGEBAZAAR_DATA); tests that read it skip where it is absent."""
    folder = Path(os.environ.get("EDGEBAZAAR_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the data sets are not at {folder}; name their folder in EDGEBAZAAR_DATA")
    return folder
