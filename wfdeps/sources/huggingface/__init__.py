"""Outside: Hugging Face, or what stands at `HF_ENDPOINT`."""
