"""Files of every container, made by the libraries that ComfyUI and its packs write them with, and read back.

    pip install av pillow mutagen piexif pygltflib safetensors numpy
    python tests/benchmarks/reading_containers.py [--keep FOLDER]

Each recipe is what ComfyUI's own node does (SaveImage, SaveAnimatedPNG, SaveAnimatedWEBP, SaveVideo, SaveWEBM, SaveAudio,
SaveAudioMP3, SaveAudioOpus, SaveGLB, SaveSVG, SaveLatent), or another writer of the same container. What is read from a
file must be what is read from the workflow's own JSON: of a plain one, one in all scripts, and one of several MB.
`--keep` leaves the files of the plain one there, for `wfdeps refs FOLDER`.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

try:
    import av
    import mutagen
    import mutagen.flac
    import mutagen.id3
    import numpy as np
    import piexif
    import piexif.helper
    import pygltflib
    import safetensors.numpy
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo
except ImportError as error:
    raise SystemExit(f"{error}: pip install av pillow mutagen piexif pygltflib safetensors numpy") from error

from wfdeps.domain.refs import WorkflowRefs
from wfdeps.workflow.read import Reading, read_workflow

Texts = dict[str, str]
_PIXELS = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
_IMAGE = Image.fromarray(_PIXELS)


def main() -> int:
    keep = Path(sys.argv[sys.argv.index("--keep") + 1]) if "--keep" in sys.argv else None
    workflows = {
        "plain": _workflow(3),
        "all scripts": _workflow(3, "模型/Лора-📷_é"),
        "large": _workflow(6000),
    }
    failures = 0
    print(f"{'file':<28}{'container':<13}" + "".join(f"{name:>22}" for name in workflows))
    for name, write in RECIPES.items():
        row = f"{name:<28}"
        for kind, (workflow, prompt) in workflows.items():
            texts = {"workflow": workflow, "prompt": prompt}
            try:
                data = write(texts)
            except Exception as error:  # a writer that refuses such a text writes no such file
                row += f"{'not written: ' + type(error).__name__:>22}"
                continue
            if keep and kind == "plain":
                keep.mkdir(parents=True, exist_ok=True)
                (keep / name).write_bytes(data)
            start = time.perf_counter()
            readings = read_workflow(data, name)
            took = time.perf_counter() - start
            if kind == "plain":
                row += f"{getattr(readings[0], 'container', '?'):<13}"
            is_same = _needs(readings) == _needs(read_workflow(workflow.encode(), "json"))
            failures += not is_same
            row += f"{('same' if is_same else 'DIFFERS'):>8}{len(data) / 1e3:>9,.0f} kB{took * 1e3:>6.0f} ms"
        print(row)
    print(
        f"{len(RECIPES)} recipes, {failures} failures; PyAV {av.__version__}, Pillow {Image.__version__}, mutagen {mutagen.version_string}"
    )
    return 1 if failures else 0


def _workflow(count: int, word: str = "lora") -> tuple[str, str]:
    """A chain of LoRAs from a checkpoint to an image, in both formats."""
    names = [f"{word}_{number}.safetensors" for number in range(count)]
    nodes: list[dict[str, Any]] = [{"id": 1, "type": "CheckpointLoaderSimple", "mode": 0, "widgets_values": ["sdxl.safetensors"], "inputs": [], "outputs": []}]  # fmt: skip
    links = []
    prompt: dict[str, Any] = {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sdxl.safetensors"}}}  # fmt: skip
    for number, name in enumerate(names, start=2):
        nodes.append({"id": number, "type": "LoraLoaderModelOnly", "mode": 0, "widgets_values": [name, 1], "inputs": [{"name": "model", "type": "MODEL", "link": number}], "outputs": []})  # fmt: skip
        links.append([number, number - 1, 0, number, 0, "MODEL"])
        prompt[str(number)] = {"class_type": "LoraLoaderModelOnly", "inputs": {"model": [str(number - 1), 0], "lora_name": name, "strength_model": 1}}  # fmt: skip
    last = count + 2
    nodes.append({"id": last, "type": "SaveImage", "mode": 0, "widgets_values": ["x"], "inputs": [{"name": "images", "type": "IMAGE", "link": last}]})  # fmt: skip
    links.append([last, last - 1, 0, last, 0, "IMAGE"])
    prompt[str(last)] = {"class_type": "SaveImage", "inputs": {"images": [str(last - 1), 0]}}
    workflow = {"version": 0.4, "nodes": nodes, "links": links, "extra": {"note": '{ " } \\ ,'}}
    return json.dumps(workflow, ensure_ascii=False), json.dumps(prompt, ensure_ascii=False)


def _needs(readings: tuple[Reading, ...]) -> object:
    return [(ref.name, ref.folders, ref.status) for one in readings if isinstance(one, WorkflowRefs) for ref in one.refs] or readings  # fmt: skip


# ── images


def _png(texts: Texts) -> bytes:
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    return _saved(_IMAGE, "PNG", pnginfo=info, compress_level=4)


def _png_packed(texts: Texts) -> bytes:
    info = PngInfo()
    for key, text in texts.items():
        info.add_itxt(key, text, zip=True)
    return _saved(_IMAGE, "PNG", pnginfo=info)


def _apng(texts: Texts) -> bytes:
    """SaveAnimatedPNG: `comf` chunks, private, after the image data."""
    info = PngInfo()
    for key, text in texts.items():
        info.add(
            b"comf",
            key.encode("latin-1") + b"\0" + json.dumps(json.loads(text)).encode("latin-1"),
            after_idat=True,
        )
    return _saved(_IMAGE, "PNG", pnginfo=info, save_all=True, append_images=[_IMAGE.rotate(90)], duration=100)


def _exif(texts: Texts) -> Any:
    """SaveAnimatedWEBP: the prompt in Model, further texts from Make downwards, all in ASCII."""
    exif = _IMAGE.getexif()
    for tag, key in ((0x0110, "prompt"), (0x010F, "workflow")):
        exif[tag] = f"{key}:{json.dumps(json.loads(texts[key]))}"
    return exif


def _webp(texts: Texts) -> bytes:
    return _saved(_IMAGE, "WEBP", exif=_exif(texts), lossless=False, quality=80, method=4)


def _webp_animated(texts: Texts) -> bytes:
    return _saved(
        _IMAGE, "WEBP", save_all=True, append_images=[_IMAGE.rotate(90)], duration=100, exif=_exif(texts)
    )


def _jpeg_comment(texts: Texts) -> bytes:
    comment = piexif.helper.UserComment.dump(
        json.dumps({key: json.loads(text) for key, text in texts.items()}), "unicode"
    )
    return _saved(_IMAGE, "JPEG", exif=piexif.dump({"Exif": {piexif.ExifIFD.UserComment: comment}}))


def _jpeg_make(texts: Texts) -> bytes:
    return _saved(_IMAGE, "JPEG", exif=_exif(texts))


def _avif(texts: Texts) -> bytes:
    return _saved(_IMAGE, "AVIF", exif=_exif(texts))


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


_TAGGED = "use_metadata_tags"


# ── videos: `av.open(path, "w", options={"movflags": "use_metadata_tags"})` and `container.metadata`


def _video(
    form: str,
    codec: str,
    flags: str = "",
    *,
    seekable: bool = True,
    frames: int = 8,
    bit_rate: int = 100_000,
    **options: str,
) -> Callable[[Texts], bytes]:
    def write(texts: Texts) -> bytes:
        given = {"movflags": flags, **options} if flags else options
        out: Any = io.BytesIO() if seekable else _Pipe()
        with av.open(out, mode="w", format=form, options=given) as container:
            for key, text in texts.items():
                container.metadata[key] = text
            stream = container.add_stream(codec, rate=Fraction(12))
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            stream.bit_rate = bit_rate
            for turn in range(frames):
                frame = av.VideoFrame.from_ndarray(np.roll(_PIXELS, turn, 0), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return out.getvalue()

    return write


def _faststart(texts: Texts) -> bytes:
    """The muxer opens the file by its name again to move the index to the front."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "video.mp4")
        path.write_bytes(_video("mp4", "libx264", _TAGGED)(texts))
        moved = path.with_name("moved.mp4")
        with (
            av.open(str(path)) as source,
            av.open(str(moved), mode="w", options={"movflags": f"{_TAGGED}+faststart"}) as container,
        ):
            container.metadata.update(texts)
            stream = container.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    container.mux(packet)
        return moved.read_bytes()


class _Pipe(io.BytesIO):
    """What cannot be gone back in: a muxer must leave sizes unknown."""

    seek = None  # type: ignore[assignment]

    def seekable(self) -> bool:
        return False


def _tags_last(texts: Texts) -> bytes:
    """WebM as browsers record it: a cluster of unknown size, and tags behind it."""
    data = _video("webm", "libvpx-vp9", seekable=False, live="1")(texts)
    tags = data.rindex(b"\x12\x54\xc3\x67")  # the seek head says the same bytes first
    width = 9 - data[tags + 4].bit_length()
    size = int.from_bytes(data[tags + 4 : tags + 4 + width], "big") & ((1 << 7 * width) - 1)
    end = tags + 4 + width + size
    cluster = data.index(b"\x1f\x43\xb6\x75", end) + 4
    width = 9 - data[cluster].bit_length()
    unknown = ((1 << 7 * width + 1) - 1).to_bytes(width, "big")
    return data[:tags] + data[end:cluster] + unknown + data[cluster + width :] + data[tags:end]


# ── audio


def _audio(form: str, codec: str) -> Callable[[Texts], bytes]:
    def write(texts: Texts) -> bytes:
        out = io.BytesIO()
        with av.open(out, mode="w", format=form) as container:
            for key, text in texts.items():
                container.metadata[key] = text
            stream = container.add_stream(codec, rate=48000, layout="mono")
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 48000), dtype=np.float32), format="flt", layout="mono"
            )
            frame.sample_rate, frame.pts = 48000, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return out.getvalue()

    return write


def _flac_mutagen(texts: Texts) -> bytes:
    out = io.BytesIO(_audio("flac", "flac")({}))
    tags = mutagen.flac.FLAC(out)
    tags.update(texts)
    out.seek(0)
    tags.save(out)
    return out.getvalue()


def _mp3_mutagen(texts: Texts) -> bytes:
    out = io.BytesIO(_audio("mp3", "libmp3lame")({}))
    tags = mutagen.id3.ID3()
    for key, text in texts.items():
        tags.add(mutagen.id3.TXXX(encoding=1, desc=key, text=[text]))
    tags.save(out)
    return out.getvalue()


# ── the rest


def _glb(texts: Texts) -> bytes:
    gltf = pygltflib.GLTF2(asset=pygltflib.Asset(version="2.0", generator="ComfyUI", extras=dict(texts)))
    gltf.set_binary_blob(bytes(64))
    gltf.buffers.append(pygltflib.Buffer(byteLength=64))
    return b"".join(gltf.save_to_bytes())


def _svg(texts: Texts) -> bytes:
    """SaveSVG: the texts as JSON in a CDATA section behind the first tag."""
    body = json.dumps({key: json.loads(text) for key, text in texts.items()}, indent=4)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="9">\n  <metadata>\n  <![CDATA[\n{body}\n  ]]>\n  </metadata><g/></svg>'.encode()


def _latent(texts: Texts) -> bytes:
    return safetensors.numpy.save({"latent_tensor": np.zeros((1, 4, 8, 8), dtype=np.float32), "latent_format_version_0": np.zeros(0)}, metadata=texts)  # fmt: skip


def _zip(texts: Texts) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/image.png", _png(texts))
    return out.getvalue()


def _json(encoding: str) -> Callable[[Texts], bytes]:
    return lambda texts: texts["workflow"].encode(encoding)


RECIPES: dict[str, Callable[[Texts], bytes]] = {
    "workflow.json": _json("utf-8"),
    "with_mark.json": _json("utf-8-sig"),
    "utf16.json": _json("utf-16"),
    "SaveImage.png": _png,
    "packed.png": _png_packed,
    "SaveAnimatedPNG.png": _apng,
    "still.webp": _webp,
    "SaveAnimatedWEBP.webp": _webp_animated,
    "UserComment.jpg": _jpeg_comment,
    "Make.jpg": _jpeg_make,
    "Pillow.avif": _avif,
    "SaveVideo.mp4": _video("mp4", "libx264", _TAGGED),
    "index_after_MBs.mp4": _video("mp4", "mpeg4", _TAGGED, frames=1000, bit_rate=50_000_000),
    "faststart.mp4": _faststart,
    "fragmented.mp4": _video("mp4", "libx264", f"{_TAGGED}+frag_keyframe+empty_moov"),
    "piped.mp4": _video("mp4", "libx264", f"{_TAGGED}+frag_every_frame+empty_moov", seekable=False),
    "QuickTime.mov": _video("mov", "libx264", _TAGGED),
    "SaveWEBM.webm": _video("webm", "libvpx-vp9"),
    "av1.webm": _video("webm", "libsvtav1"),
    "live.webm": _video("webm", "libvpx-vp9", seekable=False, live="1"),
    "recorded.webm": _tags_last,
    "Matroska.mkv": _video("matroska", "libx264"),
    "SaveAudio.flac": _audio("flac", "flac"),
    "mutagen.flac": _flac_mutagen,
    "SaveAudioMP3.mp3": _audio("mp3", "libmp3lame"),
    "mutagen_utf16.mp3": _mp3_mutagen,
    "SaveAudioOpus.opus": _audio("opus", "libopus"),
    "Opus.ogg": _audio("ogg", "libopus"),
    "SaveGLB.glb": _glb,
    "SaveSVG.svg": _svg,
    "SaveLatent.latent": _latent,
    "images.zip": _zip,
}


if __name__ == "__main__":
    sys.exit(main())
