"""Unpacks what Basin needs of a torch wheel: the libraries, the headers and the licences.

usage: unpack_libtorch.py WHEEL FOLDER
"""

import shutil
import sys
import zipfile


def wanted(name):
    if name.endswith("/") or ".." in name.split("/") or name.startswith("/"):
        return False
    if name.startswith(("torch/lib/", "torch/include/", "torch.libs/")):
        return True
    folder, _, rest = name.partition("/")
    return folder.endswith(".dist-info") and (rest == "METADATA" or "licen" in rest.lower() or "notice" in rest.lower())


def main(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if wanted(name)]
        for name in names:
            archive.extract(name, folder)  # checks each file's checksum
    if not names:
        sys.exit("there is no torch/lib in it")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], sys.argv[2])
    except (OSError, zipfile.BadZipFile) as error:
        shutil.rmtree(sys.argv[2], ignore_errors=True)
        sys.exit(str(error))
