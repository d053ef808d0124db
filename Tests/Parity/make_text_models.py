"""text-models: pretrained transformers of `transformers`. Small checkpoints in every form (one file, parts, PyTorch's pickle,
parts of that), logits, loss and all gradients of them; logits of the published base sizes; what sampling draws from."""

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from transformers.generation import logits_process

import fixture
import formula
import text_models as models

FOLDER = fixture.FOLDER / "text-models"
FORMS = {"roberta": "safetensors", "bert": "safetensors parts", "distilbert": "bin", "albert": "safetensors", "gpt2": "bin parts"}
PART_BYTES = 12_000


def run(family: str, outputs: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    model = models.make(family, models.SMALL[family], outputs).to(dtype)
    logits = models.forward(model, family, models.LENGTHS)
    loss = models.loss(logits, family, model.config.vocab_size, models.LENGTHS)
    loss.backward()
    result = {"logits": logits.detach(), "loss": loss.detach()}
    gradients = {f"grad.{n}": p.grad for n, p in model.named_parameters() if p.grad is not None}
    return result | (gradients if outputs != 1 else {})


def save(family: str) -> None:
    """The checkpoint as a user has it, without what differs from one version to the next."""
    model = models.make(family, models.SMALL[family])
    folder, form = FOLDER / family, FORMS[family]
    if "--check" in sys.argv:
        again = type(model).from_pretrained(folder).state_dict()
        assert all(torch.equal(tensor, again[name]) for name, tensor in model.state_dict().items()), folder
        print(f"{folder.name}: as stored")
        return
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **({"max_shard_size": PART_BYTES} if form == "safetensors parts" else {}))
    (folder / "generation_config.json").unlink(missing_ok=True)
    if form.startswith("bin"):
        (folder / "model.safetensors").unlink()
        save_pickles(model.state_dict(), folder, parts=form.endswith("parts"))
    print(f"{folder.name}: {sorted(p.name for p in folder.iterdir())}, {sum(p.stat().st_size for p in folder.iterdir())} bytes")


def save_pickles(state: dict[str, torch.Tensor], folder: Path, parts: bool) -> None:
    if not parts:
        torch.save(state, folder / "pytorch_model.bin")
        return
    names = list(state)
    halves = [names[: len(names) // 2], names[len(names) // 2 :]]
    weight_map = {}
    for index, half in enumerate(halves):
        name = f"pytorch_model-{index + 1:05}-of-{len(halves):05}.bin"
        torch.save({key: state[key] for key in half}, folder / name)
        weight_map |= {key: name for key in half}
    document = {"metadata": {"total_size": sum(t.numel() * 4 for t in state.values())}, "weight_map": weight_map}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(document, indent=1) + "\n")


def base_logits(family: str) -> torch.Tensor:
    with torch.no_grad():
        model = models.make(family, models.BASE[family], gain=models.BASE_GAIN).double()
        logits = models.forward(model, family, models.BASE_LENGTHS)
    # Of a language model the rows of the last tokens, every 100th of the vocabulary.
    return logits[-2:, ::100].float() if family == "gpt2" else logits.float()


def sampling() -> dict[str, object]:
    logits = formula.values("text.sampling", (50,), 4)
    cases = []
    for temperature, k, p in [(1, 0, 1), (0.5, 0, 1), (1, 7, 1), (1, 0, 0.9), (1.5, 20, 0.6), (0.2, 3, 0.99), (1, 0, 0.01)]:
        scores = logits[None].double() / temperature
        if k:
            scores = logits_process.TopKLogitsWarper(k)(None, scores)
        if p < 1:
            scores = logits_process.TopPLogitsWarper(p)(None, scores)
        cases.append({"temperature": temperature, "topK": k, "topP": p, "probabilities": scores.softmax(-1)[0].tolist()})
    model = models.make("gpt2", models.SMALL["gpt2"])
    prompt = models.sequences(40, (5,))[0]
    with torch.no_grad():
        text = model.generate(prompt[None], max_new_tokens=12, do_sample=False, eos_token_id=None, pad_token_id=0)
    return {"path": "text.sampling", "scale": 4, "cases": cases, "prompt": prompt.tolist(), "greedy": text[0, 5:].tolist()}


def main() -> None:
    transformers.utils.logging.set_verbosity_error()
    tensors, vanishing = {}, {}
    for family in models.FAMILIES:
        for kind, outputs in (("classify", models.CLASSES), ("regress", 1)):
            if family == "gpt2" and kind == "regress":
                continue
            result, zero = fixture.reference(
                lambda dtype: run(family, outputs, dtype), 2e-5, describe=f"{family} {kind}")
            tensors |= {f"{family}/{kind}.{name}": tensor for name, tensor in result.items()}
            if kind == "classify":
                vanishing[family] = zero
        tensors[f"{family}/base.logits"] = base_logits(family)
        save(family)
    # Of the base sizes tokens follow from their vocabulary.
    tensors["tokens"] = torch.cat(models.sequences(40, models.LENGTHS))
    tensors["segments"] = torch.cat(models.segments(models.LENGTHS))
    for family in models.FAMILIES:
        vocabulary = {"roberta": 50265, "albert": 30000, "gpt2": 50257}.get(family, 30522)
        tensors[f"{family}/base.tokens"] = torch.cat(models.sequences(vocabulary, models.BASE_LENGTHS))
    tensors["targets"] = models.targets(len(models.LENGTHS))
    fixture.write("text-models", tensors, {
        "gain": models.SMALL_GAIN, "base.gain": models.BASE_GAIN, "lengths": list(models.LENGTHS),
        "base.lengths": list(models.BASE_LENGTHS), "classes": models.CLASSES, "vanishing.by": vanishing, "tolerance": 1e-4})
    fixture.write_json("text-sampling", sampling())


if __name__ == "__main__":
    main()
