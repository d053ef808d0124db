"""Loads a Hugging Face folder in `transformers` and compares its logits with those of a safetensors file:

    check_text_models.py FOLDER INPUTS.safetensors

INPUTS holds `tokens` [T], `offsets` [N + 1], `logits` ([N, outputs], of a language model [T, vocabulary]) and may hold `segments`
[T]. Every tensor of the folder must be used and none may be missing. Tests run it where $BASIN_TRANSFORMERS names a Python that has `transformers`."""

import sys
from pathlib import Path

import torch
import transformers

import fixture
import tensor_file


def main(folder: str, inputs: str) -> None:
    transformers.utils.logging.set_verbosity_error()
    given, _ = tensor_file.read(Path(inputs))
    config = transformers.AutoConfig.from_pretrained(folder)
    kind = getattr(transformers, config.architectures[0])
    model, info = kind.from_pretrained(folder, output_loading_info=True, attn_implementation="eager")
    problems = {key: value for key, value in info.items() if value}
    assert not problems, problems
    model.eval()
    bounds = given["offsets"].tolist()
    rows = []
    with torch.no_grad():
        for begin, end in zip(bounds, bounds[1:]):
            extra = {"token_type_ids": given["segments"][None, begin:end]} if "segments" in given else {}
            logits = model(input_ids=given["tokens"][None, begin:end], **extra).logits
            rows.append(logits[0] if logits.dim() == 3 else logits)
    error = fixture.relative_error(torch.cat(rows), given["logits"])
    assert error < 1e-4, error
    print(f"{config.architectures[0]}: logits within {error:.2g}; labels {config.id2label if 'Sequence' in config.architectures[0] else ''}")


if __name__ == "__main__":
    main(*sys.argv[1:])
