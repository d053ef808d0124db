"""Makes every fixture, or with --check compares each with the stored one."""

import subprocess
import sys
from pathlib import Path

FAMILIES = (
    "formula", "gcn", "graph_models", "vgg", "preresnet", "transformer", "optimizers", "optimizers_more", "schedule_free", "pswa", "schedules",
    "averages", "landscape", "vision", "published_weights", "augmentations", "text_models", "text_baselines", "text_metrics", "text_reading", "tokenizers",
    "statistics",
)

if __name__ == "__main__":
    folder = Path(__file__).parent
    for family in FAMILIES:
        subprocess.run([sys.executable, str(folder / f"make_{family}.py"), *sys.argv[1:]], check=True)
    files = [file for file in (folder / "Fixtures").rglob("*") if file.is_file()]
    total = sum(file.stat().st_size for file in files)
    assert total < 4_000_000, f"fixtures take {total} bytes"
    print(f"{len(files)} files, {total} bytes")
