"""Pure: header bytes in, what the file is out. Nothing is loaded, unpickled or trusted.

Handles: reading the directory of tensors of safetensors, GGUF, torch pickles (zip and older), sharded
indexes, ONNX and TorchScript; telling type, base model, precision and adapter from it; whether two models
fit together; whether a pickle could run code. Leaves to others: where the bytes come from (a
`read(offset, length)` door), hashes, folders on disk.

1. A reader returns a Header or a Corrupt with its reason; no input makes it raise, or take more than a
   bounded time and memory.
2. Rules are data (`rules.json`), each with its source; the first that holds wins.
3. What a file says of itself narrows an answer, and never proves one.
4. What cannot be told apart is answered as a set.

    >>> from wfdeps.detect.judge import judge
    >>> from wfdeps.detect.headers import read_header
    >>> from wfdeps.detect.identify import identify
"""
