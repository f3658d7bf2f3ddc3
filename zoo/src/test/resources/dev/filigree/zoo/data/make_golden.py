"""Writes the small files that the tests of the data pipeline read.

Producer: Python 3.11, h5py 3.16.0, tokenizers 0.23.2.
"""

from pathlib import Path

import h5py
import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

here = Path(__file__).parent

# Samples as the Model Zoo's preprocessing writes them: [n, 3, sequence], a chunk a sample, gzip.
for part, count in enumerate((3, 2)):
    data = np.zeros((count, 3, 8), dtype=np.int32)
    for i in range(count):
        start = 100 * part + 10 * i
        data[i, 0] = np.arange(start, start + 8)
        data[i, 1] = 1
        data[i, 2] = np.arange(start + 1, start + 9)
    if part == 1:
        data[1, 1, 5:] = 0
    with h5py.File(here / f"hdf5-samples/data-0000{part}.h5", "w") as f:
        f.create_dataset("data", data=data, chunks=(1, 3, 8), compression="gzip")

# A corpus: [tokens], in two files.
for part, (start, stop) in enumerate(((0, 25), (25, 42))):
    with h5py.File(here / f"hdf5-corpus/corpus-{part}.h5", "w") as f:
        f.create_dataset("data", data=np.arange(start, stop, dtype=np.uint16))

# Datasets that are links: to another file, and to another place of the same one.
with h5py.File(here / "hdf5-links/external.h5", "w", libver="latest") as f:
    f["data"] = h5py.ExternalLink("../hdf5-corpus/corpus-0.h5", "/data")
with h5py.File(here / "hdf5-links/soft.h5", "w", libver="latest") as f:
    f["data"] = h5py.SoftLink("/data")

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(
    vocab_size=280,
    special_tokens=["<|endoftext|>"],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
)
tokenizer.train_from_iterator(["the mask of the weights", "the weights of the mask"], trainer)
tokenizer.save(str(here / "tokenizer.json"))
print(tokenizer.encode("the masks, naïve").ids)
