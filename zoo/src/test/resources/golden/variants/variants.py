"""Writes tiny networks in Hugging Face's layout and what they compute, by the formulas of their papers.

Needs PyTorch alone (made with 2.13). Each folder holds a config.json in one of the forms that published files have,
the weights, and expected.json: inputs, logits in float32, for texts the mean loss of each token given those before.
Run in this folder: python variants.py
"""

import json
import math
import os
import struct

import torch
import torch.nn.functional as F

TYPES = {torch.float64: "F64", torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16", torch.bool: "BOOL"}
IDS = torch.tensor([[(7 * i * i + 3 * i + 11 * row + 5) % 32 for i in range(14)] for row in range(2)])


def write(path, tensors):
    header, data = {}, b""
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].element_size()):
        raw = bytes(tensor.contiguous().view(torch.uint8).flatten().tolist())
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def save(name, config, tensors, expected, shards=1):
    os.makedirs(name, exist_ok=True)
    with open(f"{name}/config.json", "w") as file:
        json.dump(config, file, indent=2)
    with open(f"{name}/expected.json", "w") as file:
        json.dump(expected, file)
    if shards == 1:
        write(f"{name}/model.safetensors", tensors)
        return
    places = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = dict(list(tensors.items())[shard::shards])
        write(f"{name}/{file}", part)
        places.update({key: file for key in part})
    with open(f"{name}/model.safetensors.index.json", "w") as file:
        json.dump({"metadata": {}, "weight_map": places}, file, indent=1)


class Weights(dict):
    """Random tensors, made when they are asked for."""

    def __init__(self, seed, dtype):
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)
        self.dtype = dtype

    def make(self, name, *shape, around=0.0, std=0.4):
        if name not in self:
            self[name] = (around + std * torch.randn(shape, generator=self.generator)).to(self.dtype)
        return self[name].float()

    def linear(self, x, name, out, bias):
        size = x.shape[-1]
        weight = self.make(name + ".weight", out, size, std=1.5 / math.sqrt(size))
        return F.linear(x, weight, self.make(name + ".bias", out) if bias else None)

    def conv1d(self, x, name, out):
        size = x.shape[-1]
        weight = self.make(name + ".weight", size, out, std=1.5 / math.sqrt(size))
        return x @ weight + self.make(name + ".bias", out)

    def layer_norm(self, x, name, eps):
        size = x.shape[-1]
        weight, bias = self.make(name + ".weight", size, around=1.0), self.make(name + ".bias", size)
        return F.layer_norm(x, (size,), weight, bias, eps)

    def rms_norm(self, x, name, eps):
        weight = self.make(name + ".weight", x.shape[-1], around=1.0)
        return weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps))


def heads(x, count):
    return x.unflatten(-1, (count, -1)).transpose(1, 2)


def frequencies(size, theta, scaling):
    inverse = 1.0 / theta ** (torch.arange(0, size, 2).float() / size)
    if scaling["kind"] == "linear":
        return inverse / scaling["factor"]
    if scaling["kind"] == "llama3":
        result = []
        for frequency in inverse.tolist():
            wavelength = 2 * math.pi / frequency
            low, high = scaling["context"] / scaling["low"], scaling["context"] / scaling["high"]
            if wavelength < high:
                result.append(frequency)
            elif wavelength > low:
                result.append(frequency / scaling["factor"])
            else:
                smooth = (scaling["context"] / wavelength - scaling["low"]) / (scaling["high"] - scaling["low"])
                result.append((1 - smooth) * frequency / scaling["factor"] + smooth * frequency)
        return torch.tensor(result)
    return inverse


def rotate(x, inverse):
    size = 2 * len(inverse)
    angles = torch.outer(torch.arange(x.shape[2]).float(), inverse)
    cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)
    turned, rest = x[..., :size], x[..., size:]
    half = torch.cat([-turned[..., size // 2 :], turned[..., : size // 2]], -1)
    return torch.cat([turned * cos + half * sin, rest], -1)


def attention(q, k, v, scale, window=None):
    k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], 1) for x in (k, v))
    scores = q @ k.transpose(-1, -2) * scale
    row, column = torch.meshgrid(torch.arange(q.shape[2]), torch.arange(q.shape[2]), indexing="ij")
    hidden = column > row
    if window:
        hidden |= column <= row - window
    return (scores.masked_fill(hidden, -math.inf).softmax(-1) @ v).transpose(1, 2).flatten(2)


def text(logits):
    loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), IDS[:, 1:].flatten())
    return {"input_ids": IDS.tolist(), "loss": loss.item(), "last_logits": logits[0, -1].tolist()}


def llama(w, layers, count, kv, size, inner, theta=10000.0, scaling={"kind": "none"}, window=None, bias=False, mlp_bias=False,
          eps=1e-6, tied=False, act=F.silu):
    embedding = w.make("model.embed_tokens.weight", 32, 16, std=1.0)
    inverse = frequencies(size, theta, scaling)
    x = embedding[IDS]
    for i in range(layers):
        name = f"model.layers.{i}."
        n = w.rms_norm(x, name + "input_layernorm", eps)
        q, k, v = (heads(w.linear(n, f"{name}self_attn.{p}_proj", c * size, bias), c) for p, c in (("q", count), ("k", kv), ("v", kv)))
        a = attention(rotate(q, inverse), rotate(k, inverse), v, size**-0.5, window)
        x = x + w.linear(a, name + "self_attn.o_proj", 16, bias)
        n = w.rms_norm(x, name + "post_attention_layernorm", eps)
        gate, up = (w.linear(n, f"{name}mlp.{p}_proj", inner, mlp_bias) for p in ("gate", "up"))
        x = x + w.linear(act(gate) * up, name + "mlp.down_proj", 16, mlp_bias)
    x = w.rms_norm(x, "model.norm", eps)
    return text(x @ embedding.T if tied else w.linear(x, "lm_head", 32, False))


def neox(w, layers, count, inner, part, theta, scaling={"kind": "none"}, parallel=True, bias=True, eps=1e-5, act=F.gelu):
    size = 16 // count
    inverse = frequencies(int(size * part), theta, scaling)
    x = w.make("gpt_neox.embed_in.weight", 32, 16, std=1.0)[IDS]
    for i in range(layers):
        name = f"gpt_neox.layers.{i}."
        packed = w.linear(w.layer_norm(x, name + "input_layernorm", eps), name + "attention.query_key_value", 48, bias)
        q, k, v = packed.unflatten(-1, (count, 3 * size)).transpose(1, 2).split(size, -1)
        a = w.linear(attention(rotate(q, inverse), rotate(k, inverse), v, size**-0.5), name + "attention.dense", 16, bias)
        n = w.layer_norm(x if parallel else x + a, name + "post_attention_layernorm", eps)
        x = x + a + w.linear(act(w.linear(n, name + "mlp.dense_h_to_4h", inner, True)), name + "mlp.dense_4h_to_h", 16, True)
    return text(w.linear(w.layer_norm(x, "gpt_neox.final_layer_norm", eps), "embed_out", 32, False))


def gpt2(w, layers, count, inner, scale, act, prefix, eps=1e-5):
    tokens, places = w.make(prefix + "wte.weight", 32, 16, std=1.0), w.make(prefix + "wpe.weight", 20, 16)
    x = tokens[IDS] + places[: IDS.shape[1]]
    for i in range(layers):
        name = f"{prefix}h.{i}."
        packed = w.conv1d(w.layer_norm(x, name + "ln_1", eps), name + "attn.c_attn", 48)
        q, k, v = (heads(part, count) for part in packed.split(16, -1))
        x = x + w.conv1d(attention(q, k, v, scale), name + "attn.c_proj", 16)
        n = w.layer_norm(x, name + "ln_2", eps)
        x = x + w.conv1d(act(w.conv1d(n, name + "mlp.c_fc", inner)), name + "mlp.c_proj", 16)
    return text(w.layer_norm(x, prefix + "ln_f", eps) @ tokens.T)


def pictures(*shape):
    return torch.sin(torch.arange(math.prod(shape)).float() * 0.7).reshape(shape)


def vit(w, layers, count, inner, classes, eps=1e-12, bias=False, act=lambda x: F.gelu(x, approximate="tanh")):
    x = pictures(2, 3, 8, 8)
    patches = F.conv2d(x, w.make("vit.embeddings.patch_embeddings.projection.weight", 16, 3, 4, 4),
                       w.make("vit.embeddings.patch_embeddings.projection.bias", 16), stride=4)
    token = w.make("vit.embeddings.cls_token", 1, 1, 16).expand(2, -1, -1)
    x = torch.cat([token, patches.flatten(2).transpose(1, 2)], 1) + w.make("vit.embeddings.position_embeddings", 1, 5, 16)
    for i in range(layers):
        name = f"vit.encoder.layer.{i}."
        n = w.layer_norm(x, name + "layernorm_before", eps)
        q, k, v = (heads(w.linear(n, f"{name}attention.attention.{p}", 16, bias), count) for p in ("query", "key", "value"))
        a = ((q @ k.transpose(-1, -2) * (16 // count) ** -0.5).softmax(-1) @ v).transpose(1, 2).flatten(2)
        x = x + w.linear(a, name + "attention.output.dense", 16, True)
        n = w.layer_norm(x, name + "layernorm_after", eps)
        x = x + w.linear(act(w.linear(n, name + "intermediate.dense", inner, True)), name + "output.dense", 16, True)
    logits = w.linear(w.layer_norm(x, "vit.layernorm", eps)[:, 0], "classifier", classes, True)
    w.make("vit.pooler.dense.weight", 16, 16)
    w.make("vit.pooler.dense.bias", 16)
    return {"shape": [2, 3, 8, 8], "last_logits": logits[-1].tolist()}


def resnet(w, classes):
    def convolution(x, name, out, kernel, stride):
        x = F.conv2d(x, w.make(name + ".convolution.weight", out, x.shape[1], kernel, kernel), stride=stride, padding=kernel // 2)
        name += ".normalization"
        return F.batch_norm(x, w.make(name + ".running_mean", out), w.make(name + ".running_var", out, around=1.0, std=0.1),
                            w.make(name + ".weight", out, around=1.0), w.make(name + ".bias", out), eps=1e-5)

    def basic(x, name, out, stride):
        y = convolution(convolution(x, name + ".layer.0", out, 3, stride).relu(), name + ".layer.1", out, 3, 1)
        return (y + (convolution(x, name + ".shortcut", out, 1, stride) if stride != 1 or x.shape[1] != out else x)).relu()

    x = convolution(pictures(2, 1, 32, 32), "resnet.embedder.embedder", 4, 7, 2).relu()
    x = F.max_pool2d(x, 3, 2, 1)
    x = basic(x, "resnet.encoder.stages.0.layers.0", 4, 1)
    x = basic(x, "resnet.encoder.stages.1.layers.0", 8, 2)
    logits = w.linear(x.mean((2, 3)), "classifier.1", classes, True)
    return {"shape": [2, 1, 32, 32], "last_logits": logits[-1].tolist()}


LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24,
         "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64}
NEOX = {"architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "vocab_size": 32, "hidden_size": 16,
        "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64}

w = Weights(1, torch.float64)
save("llama-linear", LLAMA | {"num_key_value_heads": 2, "rope_theta": 1000, "rope_scaling": {"type": "linear", "factor": 2.0},
     "hidden_act": "relu2", "rms_norm_eps": 1e-05, "pretraining_tp": 1},
     w, llama(w, 2, 4, 2, 4, 24, 1000.0, {"kind": "linear", "factor": 2.0}, eps=1e-5, act=lambda x: x.relu() ** 2))

w = Weights(2, torch.float32)
save("llama-llama3-biases", LLAMA | {"num_key_value_heads": None, "head_dim": None, "attention_bias": True, "mlp_bias": True,
     "rope_parameters": {"rope_type": "llama3", "rope_theta": 50.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 32}, "hidden_act": "swish"},
     w, llama(w, 2, 4, 4, 4, 24, 50.0, {"kind": "llama3", "factor": 8.0, "low": 1.0, "high": 4.0, "context": 32}, bias=True, mlp_bias=True))

w = Weights(3, torch.float16)
expected = llama(w, 2, 4, 1, 6, 24, tied=True)
w["lm_head.weight"] = w["model.embed_tokens.weight"]
w["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(3, dtype=torch.float32)
save("llama-head-dim-tied-f16", LLAMA | {"num_key_value_heads": 1, "head_dim": 6, "tie_word_embeddings": True,
     "rope_scaling": {"type": "default", "rope_type": "default"}, "sliding_window": 3, "torch_dtype": "float16"}, w, expected)

w = Weights(4, torch.bfloat16)
save("mistral-window-bf16", LLAMA | {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "num_attention_heads": 8,
     "sliding_window": 5, "rope_theta": 100.0}, w, llama(w, 2, 8, 8, 2, 24, 100.0, window=5), shards=2)

w = Weights(5, torch.float32)
save("neox-full-sequential", NEOX | {"rotary_pct": 1.0, "rotary_emb_base": 500, "use_parallel_residual": False, "rope_theta": 500,
     "partial_rotary_factor": 1.0, "attention_probs_dropout_prob": 0, "hidden_dropout_prob": 0},
     w, neox(w, 2, 2, 24, 1.0, 500.0, parallel=False))

w = Weights(6, torch.float32)
fast = lambda x: 0.5 * x * (1 + torch.tanh(x * 0.7978845608 * (1 + 0.044715 * x * x)))
save("neox-half-linear", NEOX | {"attention_bias": False, "hidden_act": "gelu_fast", "layer_norm_eps": 1e-3,
     "rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0, "partial_rotary_factor": 0.5}},
     w, neox(w, 2, 2, 24, 0.5, 10000.0, {"kind": "linear", "factor": 4.0}, bias=False, eps=1e-3, act=fast))

w = Weights(7, torch.float32)
expected = gpt2(w, 2, 4, 64, 1.0, lambda x: x * torch.sigmoid(1.702 * x), "")
w["h.0.attn.bias"] = torch.ones(1, 1, 20, 20, dtype=torch.bool).tril()
save("gpt2-unscaled-bare-names", {"model_type": "gpt2", "vocab_size": 32, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 20,
     "n_inner": None, "activation_function": "quick_gelu", "scale_attn_weights": False, "reorder_and_upcast_attn": True,
     "task_specific_params": {"text-generation": {"do_sample": True}}}, w, expected)

w = Weights(8, torch.float32)
save("vit-no-bias", {"architectures": ["ViTForImageClassification"], "model_type": "vit", "image_size": [8, 8], "patch_size": 4,
     "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "qkv_bias": False,
     "hidden_act": "gelu_new", "id2label": {"0": "a", "1": "b", "2": "c"}, "label2id": {"a": 0, "b": 1, "c": 2}},
     w, vit(w, 2, 2, 24, 3))

w = Weights(9, torch.float32)
save("resnet-two-classes", {"architectures": ["ResNetForImageClassification"], "model_type": "resnet", "num_channels": 1,
     "embedding_size": 4, "hidden_sizes": [4, 8], "depths": [1, 1], "layer_type": "basic"}, w, resnet(w, 2))
