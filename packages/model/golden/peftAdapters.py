"""Adapters that Hugging Face's peft wrote or read, and the numbers it computes with them on the tiny checkpoints beside this file.

usage: python3 peftAdapters.py [case ...]    (torch, transformers, peft; writes peft/written/* and peft/exported/*/expected.json, by default of all cases)
peft/written/<case>: adapters that peft saves. peft/exported/<case>: folders that Tutti exported (see README.md), loaded by peft and run by the
Python of their own README.md. Models compute in float64; adapters are stored in float32.
"""
import json, os, re, shutil, sys, warnings
import torch
from peft import LoraConfig, PeftModel, PrefixTuningConfig, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSequenceClassification

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
LENGTHS, WIDTH = (7, 4, 6), 7
WRITTEN = {  # case -> checkpoint, model class, task type, more settings
    "bert": ("bert", AutoModelForMaskedLM, "FEATURE_EXTRACTION", {}),
    "gpt2": ("gpt2", AutoModelForCausalLM, "CAUSAL_LM", {}),
    "llama": ("llama", AutoModelForCausalLM, "CAUSAL_LM", {}),  # grouped queries
    "gpt2-projected": ("gpt2", AutoModelForCausalLM, "CAUSAL_LM", {"prefix_projection": True}),
    "roberta-classifier": ("roberta", AutoModelForSequenceClassification, "SEQ_CLS", {}),
}

LORA = {  # the same of LoRA: GPT-2's fused matrix as one; patterns; names that end alike, and a classifier that is not LoRA's; alpha over the rank's root
    "gpt2-lora": ("gpt2", AutoModelForCausalLM, "CAUSAL_LM", {"r": 3, "lora_alpha": 5, "target_modules": ["c_attn", "mlp.c_proj"], "fan_in_fan_out": True}),
    "llama-lora": (
        "llama",
        AutoModelForCausalLM,
        "CAUSAL_LM",
        {
            "r": 4,
            "lora_alpha": 6,
            "target_modules": ["q_proj", "v_proj", "gate_proj", "o_proj"],
            "rank_pattern": {"gate_proj": 2, "self_attn.v_proj": 3},
            "alpha_pattern": {"^model.layers.\\d+.mlp.gate_proj": 3},
        },
    ),
    "roberta-lora": ("roberta", AutoModelForSequenceClassification, "SEQ_CLS", {"r": 4, "lora_alpha": 6, "target_modules": ["query", "output.dense"], "use_rslora": True}),
}


def texts(checkpoint, seed):
    """Token ids and mask (3, 7), padding behind the text."""
    pad = json.load(open(f"{HERE}/{checkpoint}/config.json")).get("pad_token_id", 0)
    ids = torch.randint(4, 96, (3, WIDTH), generator=torch.Generator().manual_seed(seed))
    mask = torch.tensor([[1] * n + [0] * (WIDTH - n) for n in LENGTHS])
    return torch.where(mask == 1, ids, torch.full_like(ids, pad)), mask


def expected(folder, checkpoint, ids, numbers, what):
    """The last token of each text, unless the numbers are of whole texts."""
    rows = [numbers[i, n - 1] if numbers.dim() == 3 else numbers[i] for i, n in enumerate(LENGTHS)]
    out = {"checkpoint": checkpoint, "texts": [ids[i, :n].tolist() for i, n in enumerate(LENGTHS)], what: [[float(f"{x:.9g}") for x in r] for r in rows]}
    with open(f"{folder}/expected.json", "w") as f:
        f.write(json.dumps(out) + "\n")


def write_lora(case, checkpoint, model_class, task, more):
    folder = f"{HERE}/peft/written/{case}"
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(len(case))
    model = get_peft_model(model_class.from_pretrained(f"{HERE}/{checkpoint}"), LoraConfig(task_type=task, **more))
    for name, p in model.named_parameters():
        if "lora_" in name:
            p.data = 0.3 * torch.randn_like(p)
    model.save_pretrained(folder)
    os.remove(f"{folder}/README.md")
    config = json.load(open(f"{folder}/adapter_config.json"))
    config["base_model_name_or_path"] = f"golden/{checkpoint}"  # not where this ran
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()  # a set's order is by chance
    json.dump(config, open(f"{folder}/adapter_config.json", "w"), indent=2)
    ids, mask = texts(checkpoint, len(case))
    again = PeftModel.from_pretrained(model_class.from_pretrained(f"{HERE}/{checkpoint}", dtype=torch.float64), folder).eval().double()
    with torch.no_grad():
        if task == "SEQ_CLS":
            states = again.base_model.model.roberta(input_ids=ids, attention_mask=mask).last_hidden_state
            return expected(folder, checkpoint, ids, states, "lastHidden")
        expected(folder, checkpoint, ids, again(input_ids=ids, attention_mask=mask).logits, "logits")


def write(case, checkpoint, model_class, task, more):
    folder = f"{HERE}/peft/written/{case}"
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(len(case))
    model = get_peft_model(model_class.from_pretrained(f"{HERE}/{checkpoint}"), PrefixTuningConfig(task_type=task, num_virtual_tokens=5, **more))
    for p in model.prompt_encoder.parameters():
        p.data *= 0.5
    model.save_pretrained(folder)
    os.remove(f"{folder}/README.md")
    config = json.load(open(f"{folder}/adapter_config.json"))
    config["base_model_name_or_path"] = f"golden/{checkpoint}"  # not where this ran
    json.dump(config, open(f"{folder}/adapter_config.json", "w"), indent=2)
    ids, mask = texts(checkpoint, len(case))
    if task == "SEQ_CLS":
        # the checkpoint has no classifier, so the one that peft saves is random: the states below it are compared
        model = model.double().eval()
        whole = torch.cat([torch.ones(len(ids), 5, dtype=mask.dtype), mask], 1)
        with torch.no_grad():
            states = model.base_model.roberta(input_ids=ids, attention_mask=whole, past_key_values=model.get_prompt(len(ids))).last_hidden_state
        return expected(folder, checkpoint, ids, states, "lastHidden")
    # with a projection peft's own model is asked: what it saves is flattened, and does not load as a projection
    again = model.double().eval() if more else PeftModel.from_pretrained(model_class.from_pretrained(f"{HERE}/{checkpoint}", dtype=torch.float64), folder).eval()
    with torch.no_grad():
        expected(folder, checkpoint, ids, again(input_ids=ids, attention_mask=mask).logits, "logits")


def read(case):
    folder = f"{HERE}/peft/exported/{case}"
    checkpoint = case.split("-")[0]
    code = {}
    exec(re.search(r"```python\n(.*?)```", open(f"{folder}/README.md").read(), re.S).group(1), code)
    model = code["load"](f"{HERE}/{checkpoint}", folder, dtype=torch.float64)
    ids, mask = texts(checkpoint, len(case))
    with torch.no_grad():
        if "class_logits" in code:
            expected(folder, checkpoint, ids, code["class_logits"](model, load_file(f"{folder}/head.safetensors"), ids, mask), "classLogits")
        else:
            expected(folder, checkpoint, ids, code["token_logits"](model, ids, mask), "logits")


wanted = lambda case: len(sys.argv) == 1 or case in sys.argv[1:]
for table, make in ((WRITTEN, write), (LORA, write_lora)):
    for case, args in table.items():
        if wanted(case):
            make(case, *args)
for case in sorted(os.listdir(f"{HERE}/peft/exported")):
    if wanted(case):
        read(case)
